"""What a sweep has met so far: outcomes by kind, who is slow, which regions fail, and polls that do not move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Max, QuerySet
from django.utils import timezone

from accounts.domain.outcomes import Outcome
from accounts.models import Poll

SHOWN = 5


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """How many cells came to an outcome, and in how many accounts."""

    outcome: Outcome
    cells: int
    accounts: int


@dataclass(frozen=True, slots=True)
class SlowRegion:
    """A region that was the slowest of so many accounts, and its worst time."""

    code: str
    accounts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FailingRegion:
    """A region that gave no answer: how often each outcome, the most frequent first."""

    code: str
    outcomes: Sequence[tuple[Outcome, int]]


@dataclass(frozen=True, slots=True)
class Cause:
    """What kept Rolecall from the role of so many accounts, in one text."""

    problem: str
    accounts: int


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """All of it, of the polls that one may see."""

    outcomes: Sequence[OutcomeFacts]
    slowest_accounts: Sequence[Poll]
    slowest_regions: Sequence[SlowRegion]
    failing_regions: Sequence[FailingRegion]
    causes: Sequence[Cause]
    stuck: Sequence[Poll]

    @property
    def cells(self) -> int:
        """How many cells were asked."""
        return sum(one.cells for one in self.outcomes)


def facts_of(polls: QuerySet[Poll]) -> SweepFacts:
    """Gather the facts of one sweep's polls, each part in one query."""
    return SweepFacts(
        outcomes=outcomes_of(polls),
        slowest_accounts=_slowest_accounts(polls),
        slowest_regions=_slowest_regions(polls),
        failing_regions=failing_regions(polls),
        causes=causes_of(polls),
        stuck=stuck_polls(polls),
    )


def outcomes_of(polls: QuerySet[Poll]) -> list[OutcomeFacts]:
    """How many cells came to which outcome, the good first."""
    rows = {key: counts for key, *counts in _unfolded(polls, "outcomes", "key, SUM(value::int), COUNT(*)", "key")}
    return [OutcomeFacts(outcome, *rows[outcome.value]) for outcome in Outcome if outcome.value in rows]


def causes_of(polls: QuerySet[Poll]) -> list[Cause]:
    """The texts that polls failed with, the most frequent first."""
    rows = polls.exclude(problem="").order_by().values_list("problem").annotate(accounts=Count("pk"))
    return [Cause(*row) for row in rows.order_by("-accounts", "problem")]


def failing_regions(polls: QuerySet[Poll]) -> list[FailingRegion]:
    """The regions that failed, of the accounts that let Rolecall in, those that did so most often first."""
    found: dict[str, list[tuple[Outcome, int]]] = {}
    for code, count, outcome in _unfolded(polls, "failing", "key, COUNT(*), value", "key, value"):
        found.setdefault(code, []).append((Outcome(outcome), count))
    often = sorted(found.items(), key=lambda one: -sum(count for _, count in one[1]))
    return [FailingRegion(*one) for one in often]


def stuck_polls(polls: QuerySet[Poll]) -> list[Poll]:
    """Polls that have run for longer than an account may take, the oldest first: their worker is dead or lost."""
    late = timezone.now() - timedelta(seconds=settings.POLL_BUDGET_SECONDS)
    running = polls.filter(state=Poll.State.RUNNING, started_at__lt=late)
    return list(running.select_related("account").order_by("started_at")[:SHOWN])


def _slowest_accounts(polls: QuerySet[Poll]) -> list[Poll]:
    over = polls.filter(started_at__isnull=False, finished_at__isnull=False)
    timed = over.annotate(lasted=F("finished_at") - F("started_at"))
    return list(timed.select_related("account").order_by("-lasted", "pk")[:SHOWN])


def _slowest_regions(polls: QuerySet[Poll]) -> list[SlowRegion]:
    """Regions that were some account's slowest, by their worst time."""
    rows = (
        polls.exclude(slowest_region="")
        .order_by()
        .values("slowest_region")
        .annotate(accounts=Count("pk"), worst=Max("slowest_seconds"))
        .order_by("-worst")[:SHOWN]
    )
    return [SlowRegion(row["slowest_region"], row["accounts"], row["worst"]) for row in rows]


def _unfolded(polls: QuerySet[Poll], column: str, what: str, by: str) -> list[tuple[Any, ...]]:
    """Add up the keys of a JSON column in the database: five thousand polls need not travel for it."""
    sql, parameters = polls.order_by().values(column).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM ({sql}) AS poll, jsonb_each_text(poll.{column}) GROUP BY {by} ORDER BY 2 DESC, 1",  # noqa: S608
            parameters,
        )
        return list(cursor.fetchall())
