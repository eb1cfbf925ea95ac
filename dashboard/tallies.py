"""Totals of many accounts per region, added up by PostgreSQL; each says on how many accounts it rests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum, Value

from accounts.domain.outcomes import Outcome
from accounts.models import AccountQuerySet, Cell, Region
from dashboard.grouping import Grouping, Members
from dashboard.matrix import BrokerTotal
from dashboard.words import plural, stale_before


@dataclass(frozen=True, slots=True)
class Tally:
    """What some accounts have in one region. `expected` of them have the region at all, `old` answered too long ago."""

    expected: int
    brokers: int | None = None  # None: not one of them ever answered
    answered: int = 0
    old: int = 0
    disabled: int = 0
    polled: bool = True

    @property
    def complete(self) -> bool:
        """True when every account answered or has the region off; the same rule as for the total of a row."""
        return self.answered + self.disabled >= self.expected

    @property
    def total(self) -> BrokerTotal:
        """The sum with its reservation."""
        return BrokerTotal(self.brokers, self.complete)

    def __add__(self, other: Tally) -> Tally:
        known = [tally.brokers for tally in (self, other) if tally.brokers is not None]
        return Tally(
            self.expected + other.expected,
            sum(known) if known else None,
            self.answered + other.answered,
            self.old + other.old,
            self.disabled + other.disabled,
        )


ByRegion = Mapping[str, Tally]


def tallies(
    accounts: AccountQuerySet,
    regions: Sequence[Region],
    members: Mapping[str, Members],
    now: datetime,
    by: Grouping | None = None,
) -> dict[str, ByRegion]:
    """The tallies of each group in `members`, by region; ungrouped accounts are the group "". One query."""
    counted = _counted(accounts, now, by, list(members))
    return {
        key: {region.code: _tally(region, found, counted.get((key, region.code))) for region in regions}
        for key, found in members.items()
    }


def _counted(
    accounts: AccountQuerySet, now: datetime, by: Grouping | None, keys: list[str]
) -> dict[tuple[str, str], dict[str, int]]:
    chosen = by.marked(accounts).filter(group_key__in=keys) if by else accounts
    cells = Cell.objects.filter(account__in=chosen.order_by().values("pk")).order_by()
    ok = Q(outcome=Outcome.OK)
    rows = cells.values("region", group=by.key("account__") if by else Value("")).annotate(
        answered=Count("pk", filter=ok),
        old=Count("pk", filter=ok & Q(last_ok_at__lt=stale_before(now))),
        disabled=Count("pk", filter=Q(outcome=Outcome.REGION_DISABLED)),
        known=Sum("brokers"),
    )
    return {(row.pop("group"), row.pop("region")): row for row in rows}


def _tally(region: Region, members: Members, counted: dict[str, int] | None) -> Tally:
    expected = members.per_partition.get(region.partition, 0)
    if counted is None:
        return Tally(expected, polled=region.polled)
    if not region.polled:  # what its cells say is no answer of today
        return Tally(expected, counted["known"], polled=False)
    return Tally(expected, counted["known"], counted["answered"], counted["old"], counted["disabled"])


def whole(found: Iterable[Tally]) -> Tally:
    """All regions together: here `expected` and the others count cells."""
    return sum(found, Tally(0))


def rests_on(tally: Tally, what: str = "account") -> str:
    """On what a total rests: `3 of 5 accounts answered, 1 of them too long ago; 1 has it not enabled`."""
    if not tally.polled:
        return "not polled: switched off in the region table"
    old = f", {tally.old:,} of them longer ago than accepted" if tally.old else ""
    off = f"; {tally.disabled:,} not enabled" if tally.disabled else ""
    return f"{tally.answered:,} of {plural(tally.expected, what)} answered{old}{off}"


def sum_in_words(tally: Tally) -> str:
    """The sum as a screen reader says it: `at least 12 brokers`."""
    if tally.brokers is None:
        return "not enabled anywhere" if tally.complete else "brokers not known"
    least = "" if tally.complete else "at least "
    return f"{least}{plural(tally.brokers, 'broker')}" if tally.brokers or least else "no brokers"
