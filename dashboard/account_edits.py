"""What people, commands and syncs did to one account here, in words: the read model of "Changes made here"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import Account, AccountEdit, AuditEntry
from accounts.services.edits import FIELDS, WATCHED
from accounts.services.undoing import why_not

LABELS = {
    "name": "Name",
    "partition": "Partition",
    "reader_role_arn": "Reader role",
    "cleaner_role_arn": "Cleaner role",
    "external_id": "External id",
    "unit": "Unit",
    "owner": "Owner",
    "notes": "Notes",
    "paused": "Polling paused",
    "protected": "Protected",
    "poll_interval_seconds": "Interval",
    WATCHED: "Watched",
}
ORDER = (WATCHED, *FIELDS)
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """One field, as it was and as it became; both in words."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.label}: {self.before} → {self.after}"


def entries_about(account_id: str) -> QuerySet[AuditEntry]:
    """The audit entries about an account, those over many accounts that it was among included; newest first."""
    mine = AccountEdit.objects.filter(account_number=account_id)
    about = Q(account_number=account_id) | Q(pk__in=mine.values("entry"))
    own = Prefetch("edits", mine, to_attr="own_edits")
    return AuditEntry.objects.filter(about).select_related("undone_by").prefetch_related(own)


def lines_of(entry: AuditEntry) -> list[Line]:
    """What an entry changed of the account. Needs `entries_about`."""
    return [line for edit in entry.own_edits for line in _lines(edit)]  # type: ignore[attr-defined]


def _lines(edit: AccountEdit) -> Iterator[Line]:
    before, after = edit.before or {}, edit.after or {}
    for name in sorted({*before, *after}, key=ORDER.index):  # PostgreSQL keeps no order of its own
        if name == "tags":
            yield from _tag_lines(before.get(name) or {}, after.get(name) or {})
        else:
            yield Line(LABELS.get(name, name), _words(name, before.get(name)), _words(name, after.get(name)))


def _tag_lines(before: dict[str, str], after: dict[str, str]) -> Iterator[Line]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield Line(f"Tag {key}", before.get(key, NOTHING), after.get(key, NOTHING))


def _words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "poll_interval_seconds":
        return f"{value} s" if value else "the default"
    return str(value) if value not in (None, "") else NOTHING


def can_undo(entry: AuditEntry, account: Account) -> bool:
    """True when a button may take the entry back: it is about this account alone, which is still as it left it."""
    own: list[AccountEdit] = entry.own_edits  # type: ignore[attr-defined]
    return (
        bool(own and entry.account_number) and not why_not(entry, own) and all(_stands(edit, account) for edit in own)
    )


def _stands(edit: AccountEdit, account: Account) -> bool:
    now = {WATCHED: account.archived_at is None}
    return all(now.get(name, getattr(account, name, None)) == value for name, value in (edit.after or {}).items())
