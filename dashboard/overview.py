"""The read model of the overview: counts by verdict, what needs a person, and a strip of regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.outcomes import Outcome, PolicyGrade, TrustGrade, Verdict
from accounts.domain.regions import display_order
from accounts.models import AccountQuerySet, Region
from dashboard.filters import having_outcomes
from dashboard.matrix import FAILING_VALUES, geographies
from dashboard.words import VERDICT_WORDS, plural, span, stale_before


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something that a person should look at, and where."""

    text: str
    meaning: str
    url: str
    tone: str


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many accounts have a verdict."""

    verdict: Verdict
    word: str
    accounts: int
    url: str


def matrix_url(**query: str | list[str]) -> str:
    """The matrix, narrowed."""
    return f"{reverse('matrix')}?{urlencode(query, doseq=True)}"


def verdict_counts(accounts: AccountQuerySet) -> list[VerdictCount]:
    """Accounts by verdict, those never polled among the unknown."""
    counts: Counter[str] = Counter()
    for verdict, count in accounts.order_by().values_list("role_status__verdict").annotate(Count("pk")):
        counts[verdict or Verdict.UNKNOWN] += count
    return [VerdictCount(v, word, counts[v], matrix_url(verdict=v.value)) for v, word in VERDICT_WORDS.items()]


def attention(accounts: AccountQuerySet, regions: Sequence[Region], now: datetime) -> list[Sentence]:
    """The sentences that apply, worst first."""
    about_accounts = (*_about_roles(accounts), *_about_answers(accounts), *_about_time(accounts, now))
    return [*filter(None, about_accounts), *_failing_regions(regions)]


def _about_roles(accounts: AccountQuerySet) -> Iterator[Sentence | None]:
    mismatch, drifted = TrustGrade.TRUST_MISMATCH.value, [grade.value for grade in PolicyGrade if grade.drifted]
    yield _sentence(
        accounts.filter(role_status__trust_grade=mismatch),
        ("has", "have", "a role that somebody else may assume"),
        ("Trust", "bad", matrix_url(trust=mismatch)),
    )
    yield _sentence(
        accounts.filter(role_status__policy_grade__in=drifted),
        ("has", "have", "a policy that differs from the documented one"),
        ("Policy", "bad", matrix_url(policy=drifted)),
    )


def _about_answers(accounts: AccountQuerySet) -> Iterator[Sentence | None]:
    denied = [Outcome.ASSUME_DENIED.value, Outcome.DENIED.value]
    broken = [value for value in FAILING_VALUES if value not in denied]
    yield _sentence(
        having_outcomes(accounts, denied),
        ("refuses", "refuse", "Rolecall a look"),
        ("Access", "bad", matrix_url(outcome=denied)),
    )
    yield _sentence(
        having_outcomes(accounts, broken),
        ("gave", "gave", "no proper answer somewhere"),
        ("Answers", "warn", matrix_url(outcome=broken)),
    )


def _about_time(accounts: AccountQuerySet, now: datetime) -> Iterator[Sentence | None]:
    accepted = span((now - stale_before(now)).total_seconds())
    yield _sentence(
        accounts.filter(role_status__checked_at__lt=stale_before(now)),
        ("was", "were", f"last polled more than {accepted} ago"),
        ("Age", "warn", f"{reverse('accounts')}?sort=checked_at"),
    )
    yield _sentence(
        accounts.filter(role_status__verdict=Verdict.UNUSED),
        ("has", "have", "a role that nothing uses"),
        ("Unused", "unused", matrix_url(verdict=Verdict.UNUSED.value)),
    )


def _sentence(accounts: AccountQuerySet, words: tuple[str, str, str], shown: tuple[str, str, str]) -> Sentence | None:
    """Say it of so many accounts; nothing when it is true of none. `words`: verb of one, verb of many, the rest."""
    count = accounts.order_by().count()
    if not count:
        return None
    (one, many, rest), (meaning, tone, url) = words, shown
    return Sentence(f"{plural(count, 'account')} {one if count == 1 else many} {rest}", meaning, url, tone)


def _failing_regions(regions: Sequence[Region]) -> list[Sentence]:
    """Regions where more than half of the asked accounts gave no answer: rather the region than the accounts."""
    rows = [row for row in regions if row.failing * 2 > row.answering + row.failing]  # type: ignore[attr-defined]
    if not rows:
        return []
    codes = ", ".join(row.code for row in rows[:3]) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
    verb = "fails" if len(rows) == 1 else "fail"
    text = f"{plural(len(rows), 'region')} {verb} in most accounts: {codes}"
    return [Sentence(text, "Regions", f"{reverse('regions')}?sort=-failing", "bad")]


@dataclass(frozen=True, slots=True)
class RegionTile:
    """One region of the strip."""

    region: Region
    brokers: int | None
    failing: int
    complete: bool
    step: int
    url: str


def region_strip(regions: Sequence[Region]) -> list[tuple[str, list[RegionTile]]]:
    """The regions of the accounts' partitions under their headings, with the brokers known in each."""
    present = [row for row in regions if row.accounts]  # type: ignore[attr-defined]
    rows = sorted(present, key=lambda row: display_order(row.code))
    most = max((row.known_brokers or 0 for row in rows), default=0)  # type: ignore[attr-defined]
    return [(name, [_tile(row, most) for row in group]) for name, group in geographies(rows)]


def share_step(brokers: int, most: int) -> int:
    """The step of blue by order of magnitude: one region with thousands must not make all others alike."""
    return 0 if not brokers else 1 + min(3, int(4 * log(brokers) / log(max(most, 2))))


def _tile(row: Region, most: int) -> RegionTile:
    brokers, failing = row.known_brokers, row.failing  # type: ignore[attr-defined]
    complete = row.answering + row.disabled >= row.accounts  # type: ignore[attr-defined]
    return RegionTile(row, brokers, failing, complete, share_step(brokers or 0, most), matrix_url(region=row.code))
