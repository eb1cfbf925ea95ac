"""Counting cells: one pass over them, from which every figure about cells is added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from accounts.domain.outcomes import FAILING, Outcome
from accounts.models import AccountQuerySet, Cell, Region

# What a cell's last look came to, in the words of every figure: whoever counts cells counts by these.
SAID: Final = {
    "answered": frozenset({Outcome.OK}),
    "disabled": frozenset({Outcome.REGION_DISABLED}),
    "failing": frozenset(FAILING),
}


def cells_that(said: str) -> Q:
    """The condition for cells that `answered`, are `disabled` or `failing`."""
    return Q(outcome__in=sorted(SAID[said]))


def fresh_cells(since: datetime) -> Q:
    """The condition for cells that answered, and not longer ago than that."""
    return cells_that("answered") & Q(last_ok_at__gte=since)


def old_cells(since: datetime) -> Q:
    """The condition for cells whose last look was good, but longer ago than that."""
    return cells_that("answered") & Q(last_ok_at__lt=since)


@dataclass(frozen=True, slots=True)
class Tally:
    """The cells of one region with one outcome. `counted` of them have a broker count, which may be an old one."""

    region: str
    outcome: Outcome
    cells: int
    fresh: int
    counted: int
    brokers: int
    rabbitmq: int
    activemq: int


def cells_of(accounts: AccountQuerySet) -> QuerySet[Cell]:
    """The cells of these accounts."""
    return Cell.objects.filter(account__in=accounts.order_by().values("pk"))


def tally(cells: QuerySet[Cell], fresh_since: datetime) -> list[Tally]:
    """Count these cells by region and outcome, in one query."""
    counted = cells.order_by().values_list("region", "outcome")
    rows = counted.annotate(
        n_cells=Count("*"),
        n_fresh=Count("pk", filter=fresh_cells(fresh_since)),
        n_counted=Count("brokers"),
        n_brokers=Sum("brokers", default=0),
        n_rabbitmq=Sum("rabbitmq", default=0),
        n_activemq=Sum("activemq", default=0),
    )
    return [Tally(region, Outcome(outcome), *numbers) for region, outcome, *numbers in rows]


@dataclass(frozen=True, slots=True)
class Census:
    """How complete the picture is: every number counts cells, except accounts, regions and brokers."""

    accounts: int
    regions: int
    cells: int
    answered: int
    fresh: int
    disabled: int
    failing: int
    brokers: int
    rabbitmq: int
    activemq: int
    counted: int
    partitions: tuple[str, ...] = ()

    @property
    def old(self) -> int:
        """Cells whose last look was good, but too long ago."""
        return self.answered - self.fresh

    @property
    def never(self) -> int:
        """Cells that were never asked."""
        return self.cells - self.answered - self.disabled - self.failing

    @property
    def complete(self) -> bool:
        """True when the broker numbers rest on every cell that can have brokers."""
        return not self.failing and not self.never


def census_of(accounts: AccountQuerySet, tallies: Iterable[Tally], regions: QuerySet[Region] | None = None) -> Census:
    """Add the tallies of these accounts' cells up, in all regions or in some; those never polled are counted in."""
    per_partition = accounts_by_partition(accounts)
    asked_in = Region.objects.all() if regions is None else regions
    polled = dict(asked_in.filter(polled=True, partition__in=per_partition).values_list("code", "partition"))
    asked = [one for one in tallies if one.region in polled]
    return Census(
        accounts=per_partition.total(),
        regions=len(polled),
        cells=sum(per_partition[partition] for partition in polled.values()),
        fresh=sum(one.fresh for one in asked),
        **{name: sum(one.cells for one in asked if one.outcome in outcomes) for name, outcomes in SAID.items()},
        brokers=sum(one.brokers for one in asked),
        rabbitmq=sum(one.rabbitmq for one in asked),
        activemq=sum(one.activemq for one in asked),
        counted=sum(one.counted for one in asked),
        partitions=tuple(sorted(per_partition)),
    )


def accounts_by_partition(accounts: AccountQuerySet) -> Counter[str]:
    """How many of these accounts each partition has."""
    return Counter(dict(accounts.order_by().values_list("partition").annotate(Count("pk"))))
