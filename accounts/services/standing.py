"""What an account's cells add up to: totals, and the verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import timezone

from accounts.domain.outcomes import Flag, Outcome, Presence, Verdict
from accounts.domain.verdicts import RegionStanding, judge
from accounts.models import Account, Cell, Change, Region, RoleStatus

BATCH = 500
TOTALS = ("brokers", "rabbitmq", "activemq", "regions_ok", "regions_disabled", "regions_failing", "verdict")


def apply_totals(status: RoleStatus, regions: Iterable[Region], cells: Mapping[str, Cell]) -> None:
    """Put totals and verdict into the status; `regions` are all of the account's partition.

    Cells of regions that are not polled keep their brokers in the totals.
    """
    known = [cell for cell in cells.values() if cell.brokers is not None]
    status.brokers = sum(cell.brokers or 0 for cell in known) if known else None
    status.rabbitmq = sum(cell.rabbitmq or 0 for cell in known) if known else None
    status.activemq = sum(cell.activemq or 0 for cell in known) if known else None
    standings = [_standing(region, cells.get(region.code), status.checked_at) for region in regions]
    outcomes = [standing.outcome for standing in standings]
    status.regions_ok = outcomes.count(Outcome.OK)
    status.regions_disabled = outcomes.count(Outcome.REGION_DISABLED)
    status.regions_failing = sum(outcome.failing for outcome in outcomes)
    status.verdict = verdict_of(status, standings)


def _standing(region: Region, cell: Cell | None, last_look: datetime | None) -> RegionStanding:
    """A region as last known, polled or not: what the last look at the account did not take in is not empty."""
    role_users = cell.rabbitmq if cell else None
    if not region.polled:
        return RegionStanding(Outcome.UNSUPPORTED, role_users)
    looked_at = cell is not None and last_look is not None and cell.checked_at >= last_look
    return RegionStanding(Outcome(cell.outcome) if cell and looked_at else Outcome.NEVER, role_users)


def verdict_of(status: RoleStatus, standings: list[RegionStanding]) -> Verdict:
    """The verdict; a role of that name outside its path is not the role, so nothing can be said of it."""
    if Flag.PATH_MISMATCH in status.flags:
        return Verdict.UNKNOWN
    return judge(Presence(status.presence), Outcome(status.outcome), standings)


def stand_again(partition: str, why: str) -> None:
    """Work out totals and verdicts of a partition anew, since its regions changed; call it in that transaction.

    Accounts are locked like in `record`, so that no poll that ends meanwhile is overwritten with older totals.
    """
    regions = list(Region.objects.filter(partition=partition))
    known = Account.objects.filter(partition=partition, role_status__isnull=False)
    pks = list(known.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        locked = Account.objects.select_for_update().filter(pk__in=pks[start : start + BATCH]).order_by("pk")
        _stand_again([account.pk for account in locked], regions, why)


def _stand_again(account_pks: list[int], regions: list[Region], why: str) -> None:
    cells: dict[int, dict[str, Cell]] = defaultdict(dict)
    for cell in Cell.objects.filter(account__in=account_pks):
        cells[cell.account_id][cell.region_id] = cell
    statuses = list(RoleStatus.objects.filter(account__in=account_pks))
    changes, now = [], timezone.now()
    for status in statuses:
        before = status.verdict
        apply_totals(status, regions, cells[status.account_id])
        if status.verdict != before:
            change = Change(account_id=status.account_id, at=now, kind=Change.Kind.VERDICT, old=before)
            change.new, change.detail = status.verdict, why
            changes.append(change)
    RoleStatus.objects.bulk_update(statuses, TOTALS)
    Change.objects.bulk_create(changes)
