"""Clean-ups as a person has confirmed and approved them, drawn from what the local AWS has."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.domain.cleanups import ENDS, State
from accounts.domain.plans import Plan, PlannedBroker
from accounts.domain.role import role_arn
from accounts.models import Account, Cleanup, Target
from accounts.services.cleanups.running import advance
from dashboard.demo.local_aws.client import LocalAws


def plan_of(account: Account, aws: LocalAws, keeps: Collection[str] = ()) -> Plan:
    """What a drawing would hold: RabbitMQ brokers are deleted, others and those named in `keeps` are kept."""
    world = aws.account(account.account_id)
    regions = world["regions"]
    brokers = [_planned(broker) for region in regions.values() for broker in region["brokers"]]
    deletes = tuple(broker for broker in brokers if broker.engine == "RabbitMQ" and broker.name not in keeps)
    return Plan(
        account_id=account.account_id,
        partition=account.partition,
        account_name=account.name,
        role_arn=role_arn(account.partition, account.account_id) if world["role_present"] else "",
        role_id=world["role_id"] or "",
        deletes=deletes,
        keeps=tuple(broker for broker in brokers if broker not in deletes),
        disabled=tuple(code for code, region in regions.items() if not region["enabled"]),
        looked=tuple(code for code, region in regions.items() if region["enabled"]),
    )


def _planned(broker: dict[str, Any]) -> PlannedBroker:
    words = ("arn", "broker_id", "name", "region", "engine", "state", "tags")
    return PlannedBroker(**{word: broker[word] for word in words})


def approved_cleanup(account: Account, aws: LocalAws, plan: Plan | None = None, **fields: Any) -> Cleanup:
    """A clean-up that needs nobody any more but a worker."""
    plan, now = plan or plan_of(account, aws), timezone.now()
    known = {
        "state": State.APPROVED,
        "plan_json": plan.as_json(),
        "plan_sha256": plan.sha256,
        "looked_at": now,
        "expires_at": now + timedelta(hours=24),
        "requested_by": "operator",
        "confirmed_by": "operator",
        "confirmed_at": now,
        "approval_needed": bool(plan.deletes),
        "approved_by": "second" if plan.deletes else "",
        "approved_at": now if plan.deletes else None,
    }
    cleanup = Cleanup.objects.create(account=account, **{**known, **fields})
    Target.objects.bulk_create(_target(cleanup, broker) for broker in plan.deletes)
    return cleanup


def _target(cleanup: Cleanup, broker: PlannedBroker) -> Target:
    return Target(
        cleanup=cleanup,
        arn=broker.arn,
        broker_id=broker.broker_id,
        name=broker.name,
        region_code=broker.region,
        engine=broker.engine,
    )


def run(cleanup: Cleanup, until: Collection[State] = ENDS, seconds: float = 20) -> Cleanup:
    """Carry a clean-up on, as workers and beat do, until it is in one of these states."""
    deadline = time.monotonic() + seconds
    while True:
        advance(cleanup.pk)
        cleanup.refresh_from_db()
        if cleanup.state in until:
            return cleanup
        assert time.monotonic() < deadline, f"{cleanup.state} after {seconds} s: {cleanup.reason}"
        time.sleep(0.02)
