"""Many accounts added up per region by PostgreSQL: sums that know on how many accounts they rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, OrderBy, QuerySet, Sum, Value, When

from accounts.domain.publications import Publication
from accounts.models import AccountQuerySet, Region
from accounts.services.publications import having
from accounts.services.tally import SAID, cells_of, cells_that, fresh_cells
from dashboard.words import stale_before

PUBLISHED = "published"  # stands for the grade of a policy that is not the documented one by AWS's own doing
Published = Mapping[str, Publication]
Key = Callable[[str], Any]  # gives the group of an account in SQL, told what leads from the row to the account


@dataclass(frozen=True, slots=True)
class Members:
    """How many accounts there are: in each partition, by the role's verdict, by the policy's grade.

    The policy of those that have what AWS itself published has no grade here: they are `PUBLISHED`, whatever it is.
    """

    per_partition: Mapping[str, int]
    verdicts: Mapping[str, int]
    grades: Mapping[str, int]

    @property
    def accounts(self) -> int:
        """All of them."""
        return sum(self.per_partition.values())


@dataclass(frozen=True, slots=True)
class Tally:
    """What some accounts have in one region. `expected` of them have the region at all; `brokers` None: never known."""

    expected: int
    brokers: int | None = None
    answered: int = 0
    fresh: int = 0
    disabled: int = 0
    failing: int = 0
    rabbitmq: int = 0
    activemq: int = 0
    counted: int = 0  # cells that ever answered
    polled: bool = True

    @property
    def complete(self) -> bool:
        """True when every account answered or has the region off; the same rule as for the total of a row."""
        return self.answered + self.disabled >= self.expected

    @property
    def old(self) -> int:
        """Answers from longer ago than the installation accepts as fresh."""
        return self.answered - self.fresh

    def __add__(self, other: Tally) -> Tally:
        known = [tally.brokers for tally in (self, other) if tally.brokers is not None]
        added = {name: getattr(self, name) + getattr(other, name) for name in ("expected", *COUNTED)}
        return Tally(brokers=sum(known) if known else None, **added)


COUNTED = ("answered", "fresh", "disabled", "failing", "rabbitmq", "activemq", "counted")
ByRegion = Mapping[str, Tally]


def members_of(
    accounts: QuerySet[Any], published: Published, *key: str, order: OrderBy | None = None
) -> dict[str, Members]:
    """Count accounts in one query: as the group "", or by a key that they are annotated with, in an order."""
    grade = Case(When(having(published), then=Value(PUBLISHED)), default=F("role_status__policy_grade"))
    counted = accounts.order_by(*filter(None, [order])).values_list(*key, "partition", "role_status__verdict", grade)
    found: dict[str, Members] = {}
    for *group, partition, verdict, grade, count in counted.annotate(Count("pk")):
        members = found.setdefault(group[0] if group else "", Members(Counter(), Counter(), Counter()))
        for tally, word in (
            (members.per_partition, partition),
            (members.verdicts, verdict or "unknown"),
            (members.grades, grade or ""),
        ):
            tally[word] += count  # type: ignore[index]  # a Counter, read by everybody else as a mapping
    return found


def tallies(
    accounts: AccountQuerySet,
    regions: Sequence[Region],
    members: Mapping[str, Members],
    now: datetime,
    key: Key | None = None,
) -> dict[str, ByRegion]:
    """The tallies of each group in `members`, by region; without a key all accounts are the group "". One query."""
    counted = _counted(accounts, now, key, list(members)) if members else {}
    return {
        group: {region.code: _tally(region, found, counted.get((group, region.code), {})) for region in regions}
        for group, found in members.items()
    }


def _counted(
    accounts: AccountQuerySet, now: datetime, key: Key | None, groups: list[str]
) -> dict[tuple[str, str], dict[str, Any]]:
    chosen = accounts.annotate(group_key=key("")).filter(group_key__in=groups) if key else accounts
    cells = cells_of(chosen).order_by()
    rows = cells.values("region", group=key("account__") if key else Value("")).annotate(
        **{name: Count("pk", filter=cells_that(name)) for name in SAID},
        fresh=Count("pk", filter=fresh_cells(stale_before(now))),
        counted=Count("brokers"),  # before the sum of that name, which would hide the column
        brokers=Sum("brokers"),
        rabbitmq=Sum("rabbitmq", default=0),
        activemq=Sum("activemq", default=0),
    )
    return {(row.pop("group"), row.pop("region")): row for row in rows}


def _tally(region: Region, members: Members, counted: dict[str, Any]) -> Tally:
    expected = members.per_partition.get(region.partition, 0)
    if not region.polled:  # what its cells say is no answer of today
        return Tally(expected, counted.get("brokers"), polled=False)
    return Tally(expected, **counted)


def whole(found: Iterable[Tally]) -> Tally:
    """All regions together: here the counts are of cells."""
    return sum(found, Tally(0))
