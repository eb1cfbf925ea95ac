"""The read model of the overview: counts by verdict, and a strip of regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import log

from django.db.models import Count
from django.urls import reverse

from accounts.domain.outcomes import Presence, Verdict
from accounts.domain.regions import display_order
from accounts.models import AccountQuerySet, DailyFigures, Region
from accounts.services.daily_figures import figures_since
from dashboard.attention import matrix_url
from dashboard.behind import cells_url, list_url
from dashboard.cell_filter import FAILS
from dashboard.exports import Export, Row
from dashboard.filters import DIFFERS
from dashboard.matrix import geographies
from dashboard.polled_filter import YES
from dashboard.tables.regions import is_settled
from dashboard.trends import DAYS, Trends, sure, trends
from dashboard.trends import Row as TrendRow
from dashboard.words import VERDICT_WORDS

FIGURES = ("roles", "in_use", "unused", "drifted", "brokers", "failing")  # of a day, as they are stored and drawn


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many accounts have a verdict."""

    verdict: Verdict
    word: str
    accounts: int
    at_least: bool
    url: str


def verdict_counts(accounts: AccountQuerySet, figures: DailyFigures) -> list[VerdictCount]:
    """Accounts by verdict, those never polled among the unknown: where some are, there may be more of every other.

    By the rule of the charts, which draw the same figures.
    """
    unsure = not figures.complete("in_use", over=False)
    counts: Counter[str] = Counter()
    for verdict, count in accounts.order_by().values_list("role_status__verdict").annotate(Count("pk")):
        counts[verdict or Verdict.UNKNOWN] += count
    return [
        VerdictCount(v, word, counts[v], unsure and v is not Verdict.UNKNOWN, matrix_url(verdict=v.value))
        for v, word in VERDICT_WORDS.items()
    ]


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
    url = reverse("region", args=[row.code])
    return RegionTile(row, brokers, failing, is_settled(row), share_step(brokers or 0, most), url)


def overview_trends(figures: DailyFigures, now: datetime) -> Trends:
    """The charts: what was stored of the days before, and of today these figures, unless nobody has looked yet."""
    today = now.astimezone(UTC).date()
    days = figures_since(today - timedelta(days=DAYS - 1))
    if figures.looked_at:
        days[today] = figures
    return trends(days, _drawn(), now)


def days_export(drawn: Trends) -> Export:
    """The same days as a file, newest first. One that nobody measured says so, and has no figure."""
    figures = [name for figure in FIGURES for name in (figure, f"{figure}_complete")]
    names = ("day", "measured", *figures, "accounts", "accounts_polled", "cells", "cells_answered")
    return Export("90-days", names, lambda: (_day(row, drawn.today) for row in drawn.rows))


def _day(row: TrendRow, today: date) -> Row:
    day, figures = row.day.isoformat(), row.figures
    if figures is None:
        return (day, False, *(None for _ in range(2 * len(FIGURES) + 4)))
    told = [value for name in FIGURES for value in (getattr(figures, name), sure(figures, name, today))]
    return (day, True, *told, figures.accounts, figures.looked_at, figures.cells, figures.answered)


def _drawn() -> Mapping[str, tuple[str, str]]:
    """What is drawn: the figure's title, and the address of the rows behind it."""
    return {
        "roles": ("Roles", matrix_url(role=Presence.PRESENT.value)),
        "in_use": ("Roles in use", matrix_url(verdict=Verdict.IN_USE.value)),
        "unused": ("Unused roles", matrix_url(verdict=Verdict.UNUSED.value)),
        "drifted": ("Policies that differ", matrix_url(policy=DIFFERS)),
        "brokers": ("Brokers", list_url("brokers", [("polled", YES)])),
        "failing": ("Failing cells", cells_url(failing=FAILS)),
    }
