"""Writing one account's reading into the tables: one transaction, failures keep the last good value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from accounts.domain.readings import AccountReading, Answer, BrokerFacts, Failed, count_by_engine_and_state
from accounts.domain.role import ROLE_USING_ENGINE
from accounts.models import Account, Cell, Region, RoleStatus
from accounts.services.broker_recording import store_brokers
from accounts.services.changes import changes_between
from accounts.services.memory import keep_region_states
from accounts.services.role_recording import apply_role_reading
from accounts.services.standing import apply_totals, store_put_off

ACTIVEMQ = "activemq"
# What a cell says, its times left out.
SAID = ("outcome", "code", "detail", "permission", "brokers", "rabbitmq", "activemq", "counts")


def record(account: Account, reading: AccountReading) -> bool:
    """Store a reading, and what it changed as history. False: something newer is stored, or the account has moved.

    The account's row is locked, so that two readings of one account are stored one after the other.
    """
    with transaction.atomic(savepoint=False):
        locked = Account.objects.select_for_update().values_list("partition", flat=True)
        if list(locked.filter(pk=account.pk)) != [account.partition]:
            return False  # while AWS was asked it was deleted, or an import gave it to another partition
        # A query of its own: joined to the lock it would be as old as the moment before the wait for it.
        before = RoleStatus.objects.filter(account=account).first()
        status = copy(before) if before else RoleStatus(account=account)
        if status.checked_at is not None and status.checked_at >= reading.started_at:
            return False
        regions = list(Region.objects.filter(partition=account.partition))
        reading = _of_the_table(reading, regions)
        old_cells = {cell.region_id: cell for cell in Cell.objects.filter(account=account)}
        new_cells = [
            _cell_after(account, region, old_cells.get(region), answer, reading.finished_at)
            for region, answer in reading.brokers.items()
        ]
        _store_cells(account, old_cells, new_cells, reading.finished_at)
        store_brokers(account, reading)
        apply_role_reading(status, reading.role, account, reading.finished_at)
        status.checked_at = reading.finished_at
        store_put_off(apply_totals(status, regions, {**old_cells, **{cell.region_id: cell for cell in new_cells}}))
        _save_status(before, status)
        keep_region_states(account, reading.region_states)
        changes_between(account, before, status, old_cells, new_cells, reading.finished_at)
    return True


def _of_the_table(reading: AccountReading, regions: Iterable[Region]) -> AccountReading:
    """The reading without regions that were taken out of the table while AWS was asked."""
    codes = {region.code for region in regions}
    if codes.issuperset(reading.brokers):
        return reading
    return replace(reading, brokers={code: answer for code, answer in reading.brokers.items() if code in codes})


def _save_status(before: RoleStatus | None, status: RoleStatus) -> None:
    """Write the columns that differ: of some thirty, a steady account has the times alone."""
    if before is None:
        status.save(force_insert=True)
        return
    names = [field.attname for field in RoleStatus._meta.concrete_fields if not field.primary_key]
    status.save(update_fields=[name for name in names if getattr(before, name) != getattr(status, name)])


def _cell_after(
    account: Account, region: str, old: Cell | None, answer: Answer[tuple[BrokerFacts, ...]], now: datetime
) -> Cell:
    cell = Cell(account=account, region_id=region, checked_at=now)
    if isinstance(answer, Failed):
        problem = answer.problem
        cell.outcome, cell.code, cell.detail, cell.permission = (
            problem.outcome,
            problem.code[:120],
            problem.detail,
            problem.permission,
        )
        if old is not None:
            cell.brokers, cell.rabbitmq, cell.activemq = old.brokers, old.rabbitmq, old.activemq
            cell.counts, cell.last_ok_at = old.counts, old.last_ok_at
        return cell
    cell.counts = count_by_engine_and_state(answer.value)
    cell.outcome = "ok"
    cell.brokers = len(answer.value)
    cell.rabbitmq = sum(cell.counts.get(ROLE_USING_ENGINE, {}).values())
    cell.activemq = sum(cell.counts.get(ACTIVEMQ, {}).values())
    cell.last_ok_at = now
    return cell


def _store_cells(account: Account, old: Mapping[str, Cell], new: Iterable[Cell], now: datetime) -> None:
    """Upsert the cells that have something new to say; of the others only the times move, in a query or two."""
    changed, ok, failing = list[Cell](), list[str](), list[str]()
    for cell in new:
        if _says_the_same(old.get(cell.region_id), cell):
            (ok if cell.last_ok_at == now else failing).append(cell.region_id)
        else:
            changed.append(cell)
    if ok:
        Cell.objects.filter(account=account, region__in=ok).update(checked_at=now, last_ok_at=now)
    if failing:
        Cell.objects.filter(account=account, region__in=failing).update(checked_at=now)
    if changed:
        _upsert_cells(changed)


def _says_the_same(old: Cell | None, new: Cell) -> bool:
    return old is not None and all(getattr(old, name) == getattr(new, name) for name in SAID)


def _upsert_cells(cells: Iterable[Cell]) -> None:
    Cell.objects.bulk_create(
        cells,
        update_conflicts=True,
        unique_fields=["account", "region"],
        update_fields=[*SAID, "checked_at", "last_ok_at"],
    )
