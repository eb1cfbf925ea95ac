"""Writing one account's reading into the tables: one transaction, failures keep the last good value."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import datetime

from django.db import transaction

from accounts.domain.readings import AccountReading, Answer, BrokerFacts, Failed, count_by_engine_and_state
from accounts.domain.role import ROLE_USING_ENGINE
from accounts.models import Account, Broker, Cell, Region, RoleStatus
from accounts.services.changes import changes_between
from accounts.services.memory import keep_region_states
from accounts.services.role_recording import apply_role_reading
from accounts.services.standing import apply_totals

ACTIVEMQ = "activemq"


def record(account: Account, reading: AccountReading) -> bool:
    """Store a reading, and what it changed as history. False: something newer is stored, or the account has moved.

    The account's row is locked, so that two readings of one account are stored one after the other.
    """
    with transaction.atomic():
        if Account.objects.select_for_update().get(pk=account.pk).partition != account.partition:
            return False  # an import gave it to another partition while AWS was asked: this is not of that account
        before = RoleStatus.objects.filter(account=account).first()
        status = copy(before) if before else RoleStatus(account=account)
        if status.checked_at is not None and status.checked_at >= reading.started_at:
            return False
        old_cells = {cell.region_id: cell for cell in Cell.objects.filter(account=account)}
        new_cells = [
            _cell_after(account, region, old_cells.get(region), answer, reading.finished_at)
            for region, answer in reading.brokers.items()
        ]
        _upsert_cells(new_cells)
        _replace_brokers(account, reading)
        apply_role_reading(status, reading.role, account, reading.finished_at)
        status.checked_at = reading.finished_at
        regions = Region.objects.filter(partition=account.partition)
        apply_totals(status, regions, {**old_cells, **{cell.region_id: cell for cell in new_cells}})
        status.save()
        keep_region_states(account, reading.region_states)
        changes_between(account, before, status, old_cells, new_cells, reading.finished_at)
    return True


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


def _upsert_cells(cells: Iterable[Cell]) -> None:
    Cell.objects.bulk_create(
        cells,
        update_conflicts=True,
        unique_fields=["account", "region"],
        update_fields=[
            "outcome",
            "code",
            "detail",
            "permission",
            "brokers",
            "rabbitmq",
            "activemq",
            "counts",
            "checked_at",
            "last_ok_at",
        ],
    )


def _replace_brokers(account: Account, reading: AccountReading) -> None:
    """Bring the brokers of the regions that answered up to date; the others stay as last seen."""
    answered = {region: answer.value for region, answer in reading.brokers.items() if not isinstance(answer, Failed)}
    seen = [facts for brokers in answered.values() for facts in brokers]
    gone = Broker.objects.filter(account=account, region__in=answered)
    gone.exclude(arn__in=[facts.arn for facts in seen]).delete()
    Broker.objects.bulk_create(
        (_broker(account, facts, reading.finished_at) for facts in seen),
        update_conflicts=True,
        unique_fields=["arn"],
        update_fields=["name", "engine", "state", "deployment_mode", "instance_type", "created_at", "seen_at"],
        batch_size=1000,
    )


def _broker(account: Account, facts: BrokerFacts, now: datetime) -> Broker:
    return Broker(
        account=account,
        region_id=facts.region,
        arn=facts.arn,
        broker_id=facts.broker_id,
        name=facts.name,
        engine=facts.engine,
        state=facts.state,
        deployment_mode=facts.deployment_mode,
        instance_type=facts.instance_type,
        created_at=facts.created_at,
        seen_at=now,
    )
