"""The read model of an account's timeline: its changes by day, narrowed by kind, older ones by paging."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.utils import timezone

from accounts.domain.outcomes import Outcome
from accounts.models import Account, Change
from dashboard.addresses import query_with
from dashboard.exports import CHUNK, Export, IsoTime
from dashboard.words import OUTCOME_WORDS, VERDICT_WORDS

ENTRIES_SHOWN: Final = 40
KIND_WORDS: Final = {
    Change.Kind.VERDICT: "Verdict",
    Change.Kind.ROLE: "Role",
    Change.Kind.POLICY: "Policy",
    Change.Kind.TRUST: "Trust",
    Change.Kind.BROKERS: "Brokers",
    Change.Kind.OUTCOME: "Answers",
}


@dataclass(frozen=True)
class Entry:
    """One change in words. `old` is empty for the first look."""

    change: Change
    kind: str
    old: str
    new: str

    @property
    def tone(self) -> str:
        """Red for an answer that is missing since, green for one that came back; else none."""
        if self.change.kind != Change.Kind.OUTCOME or self.change.new not in set(Outcome):
            return ""
        return "bad" if Outcome(self.change.new).failing else "ok" if self.change.new == Outcome.OK else ""


@dataclass(frozen=True)
class KindChoice:
    """One kind of the filter, with how many changes it has."""

    word: str
    count: int
    chosen: bool
    query: str


@dataclass(frozen=True)
class Timeline:
    """One page of the changes, newest day first."""

    days: list[tuple[date, list[Entry]]]
    choices: list[KindChoice]
    page: Page[Change]
    total: int
    newer: str
    older: str
    kept: str  # the query of its file


def timeline(account: Account, data: QueryDict) -> Timeline:
    """The changes that the address asks for: `kind` narrows them, `history` is the page. What fits nothing is all."""
    counts = Counter(dict(account.changes.order_by().values_list("kind").annotate(Count("pk"))))
    kind = kind_of(data)
    page = Paginator(changes_of(account, kind), ENTRIES_SHOWN).get_page(data.get("history"))
    days = groupby(map(entry_of, page), key=lambda entry: timezone.localtime(entry.change.at).date())
    return Timeline(
        days=[(day, list(entries)) for day, entries in days],
        choices=list(_choices(counts, kind, data)),
        page=page,
        total=counts.total(),
        newer=_turned(data, page, -1) if page.has_previous() else "",
        older=_turned(data, page, 1) if page.has_next() else "",
        kept=f"kind={kind}" if kind else "",
    )


def kind_of(data: QueryDict) -> str:
    """The kind of change that the address narrows to; nothing for all of them, and for one that there is not."""
    kind = data.get("kind", "")
    return kind if kind in KIND_WORDS else ""


def changes_of(account: Account, kind: str) -> QuerySet[Change]:
    """The account's changes of one kind, or of all, newest first."""
    return account.changes.filter(kind=kind) if kind else account.changes.all()


def history_export(account: Account, kind: str) -> Export:
    """The changes as a file, in the words that are stored: those that the matrix's export has."""
    told = (IsoTime("at"), "kind", "region_code", "old", "new", "detail")
    rows = changes_of(account, kind)
    names = ("at", "kind", "region", "old", "new", "detail")
    return Export(
        f"history-{account.account_id}", names, lambda: iter(rows.values_list(*told).iterator(chunk_size=CHUNK))
    )


def _turned(data: QueryDict, page: Page[Change], by: int) -> str:
    return query_with(data, history=str(page.number + by))


def _choices(counts: Counter[str], chosen: str, data: QueryDict) -> list[KindChoice]:
    everything = KindChoice("All", counts.total(), not chosen, query_with(data, kind="", history=""))
    some = (
        KindChoice(word, counts[kind], kind == chosen, query_with(data, kind=kind.value, history=""))
        for kind, word in KIND_WORDS.items()
        if counts[kind]
    )
    return [everything, *some]


def entry_of(change: Change) -> Entry:
    """A change in the words that pages use."""
    kind = Change.Kind(change.kind)
    return Entry(change, KIND_WORDS[kind], _words(kind, change.old), _words(kind, change.new))


def _words(kind: Change.Kind, value: str) -> str:
    """A stored word as pages write it elsewhere; one that is of no vocabulary as it is."""
    known: dict[Change.Kind, dict[Any, str]] = {Change.Kind.OUTCOME: OUTCOME_WORDS, Change.Kind.VERDICT: VERDICT_WORDS}
    vocabulary: dict[str, str] = {str(word): said for word, said in known.get(kind, {}).items()}
    return vocabulary.get(value, value.replace("_", " "))
