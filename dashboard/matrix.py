"""The read model of the matrix: what a cell and a set of accounts are said to be, for page and export alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db.models import Prefetch

from accounts.domain.outcomes import FAILING, Outcome
from accounts.domain.regions import display_order
from accounts.models import Account, AccountQuerySet, Cell, Region, RoleStatus
from accounts.services.tally import Census, cells_of, census_of, tally
from dashboard.tallies import COUNTED, ByRegion, Members, whole
from dashboard.words import USUAL_STATE, stale_before, states_in_words

FAILING_VALUES = sorted(outcome.value for outcome in FAILING)


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell as it is shown. Counts are the last known ones; None means that there never was an answer."""

    outcome: Outcome
    brokers: int | None = None
    rabbitmq: int | None = None
    activemq: int | None = None
    checked_at: datetime | None = None
    last_ok_at: datetime | None = None
    code: str = ""
    detail: str = ""
    permission: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def old(self, now: datetime) -> bool:
        """True when the count rests on an answer that is older than the installation accepts as fresh."""
        return self.last_ok_at is not None and self.last_ok_at < stale_before(now)

    @property
    def unusual(self) -> str:
        """The brokers in another state than RUNNING, in words; empty when there are none."""
        return states_in_words(self.counts)

    @property
    def not_running(self) -> int:
        """How many brokers are in another state than RUNNING."""
        return sum(sum(states.values()) - states.get(USUAL_STATE, 0) for states in self.counts.values())


def cell_view(region: Region, cell: Cell | None) -> CellView:
    """Derive a cell: no row is `never`; a region that is not polled is `unsupported` and keeps its last counts."""
    if cell is None:
        return CellView(Outcome.NEVER if region.polled else Outcome.UNSUPPORTED)
    known = (cell.brokers, cell.rabbitmq, cell.activemq, cell.checked_at, cell.last_ok_at)
    if not region.polled:
        return CellView(Outcome.UNSUPPORTED, *known, counts=cell.counts)
    return CellView(Outcome(cell.outcome), *known, cell.code, cell.detail, cell.permission, cell.counts)


def role_status_of(account: Account) -> RoleStatus:
    """Give what is known of the role; an account that was never polled gets an empty status, not an error."""
    status: RoleStatus | None = getattr(account, "role_status", None)
    return status if status is not None else RoleStatus(account=account)


@dataclass(frozen=True, slots=True)
class BrokerTotal:
    """How many brokers an account has, as far as is known."""

    known: int | None
    complete: bool

    def __str__(self) -> str:
        if self.known is None:
            return "?"
        return f"{self.known:,}" if self.complete else f"≥ {self.known:,}"


def broker_total(views: Iterable[CellView]) -> BrokerTotal:
    """Add an account's cells up. The sum is complete only when every region of its partition answered or is off."""
    asked = tuple(views)
    known = [view.brokers for view in asked if view.brokers is not None]
    settled = (Outcome.OK, Outcome.REGION_DISABLED)
    return BrokerTotal(sum(known) if known else None, all(view.outcome in settled for view in asked))


def stored_total(status: RoleStatus, regions_in_partition: int) -> BrokerTotal:
    """The same total from the account's own row, for pages that do not load cells."""
    return BrokerTotal(status.brokers, status.regions_ok + status.regions_disabled >= regions_in_partition)


def regions_of(accounts: AccountQuerySet) -> list[Region]:
    """The region columns that a set of accounts needs: those of its partitions, in the order of the headings."""
    partitions = accounts.order_by().values_list("partition", flat=True).distinct()
    return sorted(Region.objects.filter(partition__in=list(partitions)), key=lambda region: display_order(region.code))


def geographies(regions: Iterable[Region]) -> list[tuple[str, list[Region]]]:
    """Group regions under their headings."""
    return [(name, list(group)) for name, group in groupby(regions, key=lambda region: region.geography)]


def with_cells(accounts: AccountQuerySet) -> AccountQuerySet:
    """Bring the role status and all cells along, in two queries however many accounts there are."""
    plain = accounts.select_related("role_status").prefetch_related(None)
    return plain.prefetch_related(Prefetch("cells", Cell.objects.all(), to_attr="row_cells"))


def row_of(account: Account, regions: Iterable[Region]) -> dict[str, CellView]:
    """One account's cells by region code; regions of other partitions have none. Needs `with_cells`."""
    cells = {cell.region_id: cell for cell in account.row_cells}  # type: ignore[attr-defined]
    own = (region for region in regions if region.partition == account.partition)
    return {region.code: cell_view(region, cells.get(region.code)) for region in own}


def census(accounts: AccountQuerySet, now: datetime) -> Census:
    """Count the cells of a set of accounts, those that nobody ever polled included."""
    return census_of(accounts, tally(cells_of(accounts), stale_before(now)))


def census_of_tallies(members: Mapping[str, Members], found: Mapping[str, ByRegion]) -> Census:
    """The same from what was added up already; regions that are not polled have no say."""
    polled = [tally for tally in found.get("", {}).values() if tally.polled and tally.expected]
    total = whole(polled)
    return Census(
        accounts=members[""].accounts if members else 0,
        regions=len(polled),
        cells=total.expected,
        brokers=total.brokers or 0,
        **{name: getattr(total, name) for name in COUNTED},
        partitions=tuple(sorted(members[""].per_partition)) if members else (),
    )
