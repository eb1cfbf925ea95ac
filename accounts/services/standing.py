"""What an account's cells add up to: totals, and the verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.utils import timezone

from accounts.domain.outcomes import Flag, Outcome, Presence, Verdict
from accounts.domain.verdicts import RegionStanding, judge, last_seen_in_use
from accounts.models import Account, Cell, Change, Region, RoleStatus

BATCH = 500
PUT_OFF = {"outcome": Outcome.NEVER.value, "code": "", "detail": "", "permission": ""}
TOTALS = (
    *("brokers", "rabbitmq", "activemq", "regions_ok", "regions_disabled", "regions_failing"),
    *("verdict", "verdict_last_known_at"),
)


def apply_totals(status: RoleStatus, regions: Collection[Region], cells: Mapping[str, Cell]) -> list[Cell]:
    """Put totals and verdict into the status; `regions` are all of the account's partition.

    Cells of regions that are not polled keep their brokers in the totals. Gives the cells that `put_off` has changed.
    """
    left_out = put_off(status, regions, cells)
    known = [cell for cell in cells.values() if cell.brokers is not None]
    status.brokers = sum(cell.brokers or 0 for cell in known) if known else None
    status.rabbitmq = sum(cell.rabbitmq or 0 for cell in known) if known else None
    status.activemq = sum(cell.activemq or 0 for cell in known) if known else None
    standings = [_standing(region, cells.get(region.code)) for region in regions]
    outcomes = [standing.outcome for standing in standings]
    status.regions_ok = outcomes.count(Outcome.OK)
    status.regions_disabled = outcomes.count(Outcome.REGION_DISABLED)
    status.regions_failing = sum(outcome.failing for outcome in outcomes)
    status.verdict = verdict_of(status, standings)
    status.verdict_last_known_at = _older_look(status, standings)
    return left_out


def put_off(status: RoleStatus, regions: Iterable[Region], cells: Mapping[str, Cell]) -> list[Cell]:
    """Make `never` of cells whose region is polled, and was not when the account was last looked at; gives them.

    What such a cell said before is no answer to the last look. Its last counts stay, with their time.
    """
    asked = [cells[region.code] for region in regions if region.polled and region.code in cells]
    last_look = status.checked_at
    left_out = [cell for cell in asked if last_look and cell.checked_at < last_look and cell.outcome != Outcome.NEVER]
    for cell in left_out:
        for name, said in PUT_OFF.items():
            setattr(cell, name, said)
    return left_out


def store_put_off(cells: Collection[Cell]) -> None:
    """Store what `apply_totals` has changed."""
    if cells:
        Cell.objects.filter(pk__in=[cell.pk for cell in cells]).update(**PUT_OFF)


def _standing(region: Region, cell: Cell | None) -> RegionStanding:
    """A region as last known, polled or not."""
    if cell is None:
        return RegionStanding(Outcome.NEVER if region.polled else Outcome.UNSUPPORTED, None)
    outcome = Outcome(cell.outcome) if region.polled else Outcome.UNSUPPORTED
    return RegionStanding(outcome, cell.rabbitmq, cell.last_ok_at)


def _older_look(status: RoleStatus, standings: Iterable[RegionStanding]) -> datetime | None:
    """The look that `in_use` rests on, if it is not the last one. Every other verdict is what the last one came to."""
    if status.verdict != Verdict.IN_USE or status.checked_at is None:
        return None
    seen = last_seen_in_use(status.last_ok_at, standings)
    return seen if seen and seen < status.checked_at else None


def verdict_of(status: RoleStatus, standings: list[RegionStanding]) -> Verdict:
    """The verdict; a role of that name outside its path is not the role, so nothing can be said of it."""
    if Flag.PATH_MISMATCH in status.flags:
        return Verdict.UNKNOWN
    return judge(Presence(status.presence), Outcome(status.outcome), standings)


def stand_again(partition: str, why: str) -> None:
    """Work out totals and verdicts of a partition anew, since its regions changed; call it in that transaction.

    Those of archived accounts too: of one that comes back they are shown until its next poll. Accounts are locked like
    in `record`, so that no poll that ends meanwhile is overwritten with older totals.
    """
    regions = list(Region.objects.filter(partition=partition))
    known = Account.every.filter(partition=partition, role_status__isnull=False)
    pks = list(known.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        locked = Account.every.select_for_update().filter(pk__in=pks[start : start + BATCH]).order_by("pk")
        _stand_again([account.pk for account in locked], regions, why)


def _stand_again(account_pks: list[int], regions: list[Region], why: str) -> None:
    cells: dict[int, dict[str, Cell]] = defaultdict(dict)
    for cell in Cell.objects.filter(account__in=account_pks):
        cells[cell.account_id][cell.region_id] = cell
    statuses = list(RoleStatus.objects.filter(account__in=account_pks))
    changes, left_out, now = list[Change](), list[Cell](), timezone.now()
    for status in statuses:
        before = status.verdict
        left_out += apply_totals(status, regions, cells[status.account_id])
        if status.verdict != before:
            change = Change(account_id=status.account_id, at=now, kind=Change.Kind.VERDICT, old=before)
            change.new, change.detail = status.verdict, why
            changes.append(change)
    # An upsert of rows that are all there: many times faster than bulk_update's CASE for every row and field.
    RoleStatus.objects.bulk_create(statuses, update_conflicts=True, unique_fields=["account"], update_fields=TOTALS)
    store_put_off(left_out)
    Change.objects.bulk_create(changes)
