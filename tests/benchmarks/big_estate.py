"""An estate of many accounts in every region, for benchmarks of pages and exports: the same each time."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # models can be imported only once Django is set up
    from accounts.models import Account, Broker, Cell, RoleStatus

OUTCOMES = ("ok",) * 90 + ("region_disabled",) * 6 + ("denied", "throttled", "unreachable", "failed")
BROKERS = (0,) * 85 + (1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 8, 12, 1, 2, 1)
GRADES = ("exact",) * 8 + ("superset", "missing_actions")
VERDICTS = ("in_use",) * 6 + ("unused", "absent", "unknown")
UNITS = ("Payments", "Commerce", "Platform", "Data")


def empty_database() -> None:
    """Make the tables anew in the database of DATABASE_URL."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)


def fill(accounts: int) -> int:
    """Fill the emptied tables; gives the number of cells."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import Account, Broker, Cell, RoleStatus

    rnd, now = random.Random(5), timezone.now()
    made = Account.objects.bulk_create(_accounts(accounts), batch_size=2000)
    cells = Cell.objects.bulk_create(_cells(made, rnd, now), batch_size=5000)
    Broker.objects.bulk_create(_brokers(made, cells, now), batch_size=5000)
    RoleStatus.objects.bulk_create(_statuses(made, cells, rnd, now), batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return len(cells)


def _accounts(count: int) -> Iterator[Account]:
    from accounts.models import Account

    for number in range(count):
        digits = f"{200000000000 + number * 7654321 % 799999999999:012d}"
        tags = {"unit": UNITS[number % 4], "env": "prod" if number % 3 else "dev", "owner": f"team-{number % 211}"}
        arn = f"arn:aws:iam::{digits}:role/rolecall-reader"
        word = hashlib.sha256(digits.encode()).hexdigest()[:6]
        unit = f"{UNITS[number % 4]}/{'Prod' if number % 3 else 'Dev'}/Team {number % 37}"
        named = {"account_id": digits, "name": f"{word}-{number:05d}"}
        yield Account(**named, partition="aws", reader_role_arn=arn, tags=tags, unit=unit)


def _cells(accounts: list[Account], rnd: random.Random, now: datetime) -> Iterator[Cell]:
    from accounts.models import Cell, Region

    codes = list(Region.objects.filter(partition="aws").values_list("code", flat=True))
    for account in accounts:
        looked = now - timedelta(seconds=rnd.randrange(3000), microseconds=rnd.randrange(10**6))
        for code in codes:
            outcome = rnd.choice(OUTCOMES)
            count = rnd.choice(BROKERS) if outcome == "ok" else None
            known = (
                {"brokers": count, "rabbitmq": count, "activemq": 0, "last_ok_at": looked} if count is not None else {}
            )
            failing = outcome not in ("ok", "region_disabled")
            yield Cell(
                account=account, region_id=code, outcome=outcome, checked_at=looked, **known,
                counts={"rabbitmq": {"RUNNING": count}} if count else {},
                code="AccessDeniedException" if failing else "",
                detail="User is not authorized to perform this" if failing else "",
                permission="mq:ListBrokers" if outcome == "denied" else "",
            )  # fmt: skip


def _brokers(accounts: list[Account], cells: list[Cell], now: datetime) -> Iterator[Broker]:
    from accounts.models import Broker

    ids = {account.pk: account.account_id for account in accounts}
    for cell in cells:
        for number in range(cell.brokers or 0):
            name = f"orders-{cell.account_id}-{number}"
            yield Broker(
                account_id=cell.account_id, region_id=cell.region_id, broker_id=f"b-{number}", name=name,
                arn=f"arn:aws:mq:{cell.region_id}:{ids[cell.account_id]}:broker:{name}:b-{number}", engine="RabbitMQ",
                state="RUNNING", instance_type="mq.m5.large", deployment_mode="SINGLE_INSTANCE", seen_at=now,
                created_at=now - timedelta(days=30),
            )  # fmt: skip


def _statuses(accounts: list[Account], cells: list[Cell], rnd: random.Random, now: datetime) -> Iterator[RoleStatus]:
    from accounts.domain.role import POLICY_DOCUMENT
    from accounts.models import PolicyDocument, RoleStatus

    digest = hashlib.sha256(json.dumps(POLICY_DOCUMENT, sort_keys=True).encode()).hexdigest()
    document = PolicyDocument.objects.create(sha256=digest, document=POLICY_DOCUMENT)
    wide = len(cells) // len(accounts)
    for index, account in enumerate(accounts):
        own = cells[index * wide : (index + 1) * wide]
        outcomes = [cell.outcome for cell in own]
        ok, disabled = outcomes.count("ok"), outcomes.count("region_disabled")
        brokers = sum(cell.brokers or 0 for cell in own)
        yield RoleStatus(
            account=account, verdict=rnd.choice(VERDICTS), checked_at=now, presence="present", outcome="ok",
            last_ok_at=now, policy_grade=rnd.choice(GRADES), policy_outcome="ok", policy_last_ok_at=now,
            policy_document=document, trust_grade="exact", brokers=brokers, rabbitmq=brokers, activemq=0,
            regions_ok=ok, regions_disabled=disabled, regions_failing=wide - ok - disabled,
        )  # fmt: skip
