"""The demo estate: forty accounts that between them show everything Rolecall can say. The same at every start."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.domain.role_templates import external_id_in_stackset
from dashboard.demo.estate_accounts import BROKEN, NEWCOMERS, PLANS, Plan
from dashboard.demo.local_aws.access import CLEANER, READER
from dashboard.demo.local_aws.sessions import HUB_ACCESS_KEY_ID, HUB_ACCOUNT_ID

__all__ = ["ACCOUNTS", "FAULTS", "HUB_ACCESS_KEY_ID", "HUB_ACCOUNT_ID", "HUB_SECRET_ACCESS_KEY", "DemoAccount"]

# Any secret will do: the local AWS does not check signatures.
HUB_SECRET_ACCESS_KEY = "any-secret-will-do"  # noqa: S105
# What the demo's Rolecall has its StackSet's external ids begin with, so that the newcomers' roles let it in.
STACKSET_PREFIX = "rolecall-demo-stackset"
CSV_COLUMNS = ("account_id", "name", "reader_role_arn", "cleaner_role_arn", "external_id", "tags")

_SUBJECTS = (
    *("orders", "payments", "invoices", "shipments", "refunds", "stock", "pricing", "customers", "mail", "audit-trail"),
    *("telemetry", "sessions", "search-index", "exports", "webhooks", "ledger", "returns", "alerts", "jobs", "fraud"),
)
_RABBIT_SIZES = ("mq.m7g.large", "mq.m7g.medium", "mq.m5.large", "mq.m5.xlarge", "mq.t3.micro")
_ACTIVE_SIZES = ("mq.m5.large", "mq.t3.micro", "mq.m5.2xlarge")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account: what Rolecall is told of it, and how the local AWS is to make it."""

    account_id: str
    name: str
    partition: str
    unit: str
    tags: dict[str, str]
    external_id: str
    paused: bool
    description: dict[str, Any] = field(repr=False)

    def role_arn(self, role_name: str) -> str:
        """The ARN of a role that Rolecall may assume."""
        return f"arn:{self.partition}:iam::{self.account_id}:role/{role_name}"


def _number(*seed: object) -> int:
    """A large number that depends on nothing but its seed."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, seed)).encode()).digest()[:8])


def _pick(options: Sequence[str], *seed: object) -> str:
    return options[_number(*seed) % len(options)]


def _account(plan: Plan) -> DemoAccount:
    account_id = plan.account_id or f"{200_000_000_000 + _number(plan.name) % 600_000_000_000:012d}"
    told = f"rolecall-{_number(plan.name, 'external id'):016x}"
    tags = {"unit": plan.unit, "env": plan.env, "owner": plan.owner}
    description = {
        "account_id": account_id,
        "name": plan.name,
        "partition": plan.partition,
        "unit": plan.organizational_unit,
        "tags": tags,
        "external_id": f"{told}-mistyped" if plan.wrong_external_id else told,
        "role": {**_last_use(plan), **plan.role_more} if plan.role else None,
        "brokers": list(_brokers(plan)),
        **plan.more,
    }
    paused = bool(plan.more.get("paused", False))
    unit = plan.organizational_unit
    return DemoAccount(account_id, plan.name, plan.partition, unit, tags, told, paused, description)


def _newcomer(plan: Plan) -> dict[str, Any]:
    """An account that a StackSet has given its roles, before Rolecall knew of it."""
    account = _account(plan)
    return {**account.description, "external_id": external_id_in_stackset(STACKSET_PREFIX, account.account_id)}


def _last_use(plan: Plan) -> dict[str, str]:
    """When the role was last used: only where a RabbitMQ broker runs."""
    region = next((region for region, rabbits, _ in plan.brokers if rabbits), "")
    day = 1 + _number(plan.name, "last use") % 20
    return {"last_used": f"2026-11-{day:02d}T06:{day:02d}:00+00:00", "last_used_region": region} if region else {}


def _brokers(plan: Plan) -> Iterator[dict[str, Any]]:
    states = iter(plan.states)
    for region, rabbits, actives in plan.brokers:
        for index in range(rabbits + actives):
            yield _broker(plan, region, index, "RabbitMQ" if index < rabbits else "ActiveMQ", next(states, "RUNNING"))


def _broker(plan: Plan, region: str, index: int, engine: str, state: str) -> dict[str, Any]:
    shift = _number(plan.name, region) % len(_SUBJECTS)
    subject = _SUBJECTS[(index + shift) % len(_SUBJECTS)]
    rabbit = engine == "RabbitMQ"
    modes = ("SINGLE_INSTANCE", "CLUSTER_MULTI_AZ") if rabbit else ("SINGLE_INSTANCE", "ACTIVE_STANDBY_MULTI_AZ")
    name = f"{subject}-{plan.env}" if index < len(_SUBJECTS) else f"{subject}-{plan.env}-{index // len(_SUBJECTS) + 1}"
    return {
        "region": region,
        "name": name,
        "engine": engine,
        "state": state,
        "mode": modes[1] if plan.env == "prod" and index % 3 else modes[0],
        "instance_type": _pick(_RABBIT_SIZES if rabbit else _ACTIVE_SIZES, plan.name, region, index),
        "tags": {"team": plan.owner, "env": plan.env},
        "replication_mode": "CRDR" if state == "REPLICA" else "NONE",
    }


ACCOUNTS: tuple[DemoAccount, ...] = tuple(map(_account, PLANS))
_ID_OF = {account.name: account.account_id for account in ACCOUNTS}
FAULTS: tuple[dict[str, Any], ...] = tuple({**rule, "account": _ID_OF[rule["account"]]} for rule in BROKEN)


def descriptions() -> list[dict[str, Any]]:
    """What the local AWS makes its world from."""
    return [account.description for account in ACCOUNTS] + [_newcomer(plan) for plan in NEWCOMERS]


def estate_csv() -> str:
    """The file that `manage.py import_accounts` takes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for account in ACCOUNTS:
        tags = ";".join(f"{key}={value}" for key, value in account.tags.items())
        roles = (account.role_arn(READER), account.role_arn(CLEANER))
        writer.writerow((account.account_id, account.name, *roles, account.external_id, tags))
    return text.getvalue()
