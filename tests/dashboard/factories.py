"""Accounts, cells, roles and sweeps for tests and for looking at pages: whole worlds in a line."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.domain.outcomes import FAILING, Outcome, PolicyGrade
from accounts.domain.role import POLICY_DOCUMENT, TRUST_DOCUMENT, role_arn
from accounts.models import (
    Account,
    Broker,
    Cell,
    Change,
    PolicyDocument,
    Poll,
    Region,
    RoleStatus,
    SealedCredential,
    Sweep,
)

NAMES = (
    *("payments-prod", "payments-staging", "orders-prod", "orders-dev", "warehouse-eu", "search-prod", "identity-prod"),
    *("network-hub", "log-archive", "ci-runners", "data-lake", "ml-sandbox", "bi-reporting", "legacy-billing"),
)
UNITS = ("Payments", "Commerce", "Platform", "Data")
SIZES = (1, 1, 2, 2, 3, 5, 8)


def make_account(number: int = 1, name: str = "", partition: str = "aws", **fields: Any) -> Account:
    """One account; its id follows from the number."""
    account_id = f"{100000000000 + number * 7654321 % 899999999999:012d}"
    return Account.objects.create(
        account_id=account_id,
        name=name or f"account-{number:03d}",
        partition=partition,
        reader_role_arn=f"arn:{partition}:iam::{account_id}:role/rolecall-reader",
        **fields,
    )


def make_cell(account: Account, region: str, brokers: int | None = 0, **fields: Any) -> Cell:
    """One cell; `brokers=None` with an outcome is a region that never answered."""
    now = timezone.now()
    counts = {"brokers": brokers, "rabbitmq": brokers, "activemq": 0} if brokers is not None else {}
    values: dict[str, Any] = {"outcome": Outcome.OK, "checked_at": now, **counts, **fields}
    if brokers is not None:
        values.setdefault("last_ok_at", now)
    return Cell.objects.create(account=account, region_id=region, **values)


def make_broker(account: Account, region: str, name: str, engine: str = "RabbitMQ", **fields: Any) -> Broker:
    """One broker."""
    arn = f"arn:{account.partition}:mq:{region}:{account.account_id}:broker:{name}:b-{abs(hash((name, region))):x}"
    values: dict[str, Any] = {"state": "RUNNING", "deployment_mode": "SINGLE_INSTANCE", "instance_type": "mq.m5.large"}
    return Broker.objects.create(
        account=account,
        region_id=region,
        arn=arn,
        broker_id="b-1",
        name=name,
        engine=engine,
        seen_at=timezone.now(),
        **{**values, **fields},
    )


def keep(document: object) -> PolicyDocument:
    """A stored document."""
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    return PolicyDocument.objects.get_or_create(sha256=digest, defaults={"document": document})[0]


def make_status(account: Account, **fields: Any) -> RoleStatus:
    """The role as present, documented and read just now, unless told otherwise."""
    now = timezone.now()
    values: dict[str, Any] = {
        "verdict": "in_use", "checked_at": now, "presence": "present", "outcome": "ok", "last_ok_at": now,
        "role_arn": role_arn(account.partition, account.account_id), "role_created_at": now - timedelta(days=400),
        "policy_grade": "exact", "policy_outcome": "ok", "policy_last_ok_at": now, "policy_version": "v1",
        "policy_document": keep(POLICY_DOCUMENT), "trust_grade": "exact", "trust_document": keep(TRUST_DOCUMENT),
    }  # fmt: skip
    return RoleStatus.objects.create(account=account, **{**values, **fields})


def absent(account: Account, **fields: Any) -> RoleStatus:
    """An account without the role."""
    nothing = {"policy_grade": "", "trust_grade": "", "policy_document": None, "trust_document": None, "role_arn": ""}
    return make_status(account, verdict="absent", presence="absent", role_created_at=None, **nothing, **fields)


def unreadable(account: Account, **fields: Any) -> RoleStatus:
    """An account that refuses Rolecall."""
    nothing = {"policy_grade": "unreadable", "trust_grade": "", "policy_document": None, "trust_document": None}
    refused = {"outcome": "assume_denied", "detail": "AccessDenied: the hub may not assume rolecall-reader", **nothing}
    return make_status(account, verdict="unknown", presence="unknown", last_ok_at=None, **refused, **fields)


def seed(count: int = 14, *, sweep: bool = True) -> list[Account]:
    """A whole estate: every verdict, some grades and every outcome, the same each time."""
    rnd, now = random.Random(4), timezone.now()
    accounts = [_seed_account(index, rnd, now) for index in range(count)]
    if sweep:
        seed_sweep(accounts, now)
    return accounts


def _seed_account(index: int, rnd: random.Random, now: datetime) -> Account:
    name = NAMES[index] if index < len(NAMES) else f"{NAMES[index % 14]}-{index:03d}"
    partition = "aws-us-gov" if index % 97 == 41 else "aws"
    tags = {"unit": UNITS[index % 4], "env": "prod" if "prod" in name else "dev"}
    account = make_account(index + 1, name, partition, tags=tags, next_poll_at=now + timedelta(minutes=9))
    kind = index % 14
    cells = [_seed_cell(account, region, kind, rnd, now) for region in Region.objects.filter(partition=partition)]
    made = Cell.objects.bulk_create(cell for cell in cells if cell)
    _seed_brokers(account, made, now)
    _seed_status(account, made, kind)
    return account


def _seed_cell(account: Account, region: Region, kind: int, rnd: random.Random, now: datetime) -> Cell | None:
    looked = now - timedelta(minutes=4)
    cell = Cell(account=account, region=region, checked_at=looked, outcome=Outcome.OK, last_ok_at=looked)
    cell.brokers = rnd.choice(SIZES) if kind not in (1, 3, 8, 11, 12) and rnd.random() < 0.16 else 0
    if kind == 13 and region.code == "eu-central-1":
        cell.brokers = 137
    problem = {
        (4, "eu-west-2"): (Outcome.UNREACHABLE, 3), (6, "us-west-1"): (Outcome.THROTTLED, 1),
        (7, "ap-south-1"): (Outcome.FAILED, None), (2, "eu-west-3"): (Outcome.DENIED, 0),
    }.get((kind, region.code))  # fmt: skip
    if kind == 12:
        problem = (Outcome.ASSUME_DENIED, None)
    elif region.opt_in and rnd.random() < 0.85:
        problem = (Outcome.REGION_DISABLED, None)
    if problem:
        cell.outcome, cell.brokers = problem
        cell.detail = "AccessDenied: not authorized to perform this" if cell.outcome in FAILING else ""
        cell.permission = "mq:ListBrokers" if cell.outcome == Outcome.DENIED else ""
        cell.last_ok_at = None if cell.brokers is None else now - timedelta(hours=3)
    elif kind == 10 and region.code == "ca-central-1":
        cell.brokers, cell.last_ok_at = 5, now - timedelta(hours=7)
    if kind == 9 and region.code == "sa-east-1":
        return None
    cell.rabbitmq = cell.brokers if cell.brokers is None else cell.brokers - cell.brokers // 4
    cell.activemq = cell.brokers if cell.brokers is None else cell.brokers // 4
    return cell


def _seed_brokers(account: Account, cells: list[Cell], now: datetime) -> None:
    Broker.objects.bulk_create(
        Broker(
            account=account, region_id=cell.region_id, broker_id=f"b-{number}", name=f"{account.name}-{number}",
            arn=f"arn:{account.partition}:mq:{cell.region_id}:{account.account_id}:broker:{account.name}:b-{number}",
            engine="RabbitMQ" if number < (cell.rabbitmq or 0) else "ActiveMQ", state="RUNNING",
            instance_type="mq.m5.large", deployment_mode="SINGLE_INSTANCE", seen_at=cell.last_ok_at or now,
            created_at=now - timedelta(days=30 + number),
        )
        for cell in cells
        for number in range(cell.brokers or 0)
    )  # fmt: skip


def _seed_status(account: Account, cells: list[Cell], kind: int) -> None:
    outcomes = [Outcome(cell.outcome) for cell in cells]
    totals: dict[str, Any] = {
        "brokers": None if kind == 12 else sum(cell.brokers or 0 for cell in cells),
        "rabbitmq": None if kind == 12 else sum(cell.rabbitmq or 0 for cell in cells),
        "regions_ok": outcomes.count(Outcome.OK),
        "regions_disabled": outcomes.count(Outcome.REGION_DISABLED),
        "regions_failing": sum(outcome.failing for outcome in outcomes),
    }
    if kind in (3, 8, 11):
        absent(account, **totals)
    elif kind == 12:
        unreadable(account, **totals)
    else:
        grade = {5: PolicyGrade.MISSING_ACTIONS, 9: PolicyGrade.SUPERSET}.get(kind, PolicyGrade.EXACT)
        drift = {"Version": "2012-10-17", "Statement": POLICY_DOCUMENT["Statement"][:4]}  # type: ignore[index]
        document = keep(POLICY_DOCUMENT if grade == PolicyGrade.EXACT else drift)
        trust = "trust_mismatch" if kind == 7 else "exact"
        verdict = "unused" if kind == 1 else "in_use"
        make_status(
            account, verdict=verdict, policy_grade=grade, policy_document=document, trust_grade=trust,
            description="Allows Amazon MQ to call AWS services on your behalf", **totals,
        )  # fmt: skip
        session = {"sealed": b"sealed", "role_arn": account.reader_role_arn, "created_at": timezone.now()}
        SealedCredential.objects.create(
            account=account, purpose="reader", expires_at=timezone.now() + timedelta(minutes=40), **session
        )
    Change.objects.create(account=account, at=timezone.now() - timedelta(days=2), kind="verdict", new="in_use")


def seed_sweep(accounts: list[Account], now: datetime, *, running: bool = False) -> Sweep:
    """One sweep over these accounts, over or half-way."""
    state = Sweep.State.RUNNING if running else Sweep.State.DONE
    began = now - timedelta(seconds=40 if running else 300)
    ended = None if running else now - timedelta(seconds=240)
    sweep = Sweep.objects.create(state=state, reason="page", requested_by="olga", created_at=began, finished_at=ended)
    half = len(accounts) * 2 // 3 if running else len(accounts)
    Poll.objects.bulk_create(
        Poll(
            sweep=sweep, account=account, state="queued" if index >= half else "failed" if index % 14 == 12 else "done",
            failing_regions=1 if index % 14 in (4, 6, 7) else 0, attempts=1, started_at=began, finished_at=ended,
            problem="the reader role cannot be assumed: AccessDenied" if index % 14 == 12 and index < half else "",
        )
        for index, account in enumerate(accounts)
    )  # fmt: skip
    return sweep
