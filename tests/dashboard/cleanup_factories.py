"""Clean-ups in every state, as the services would have left them, for tests and for looking at pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.domain.cleanups import AT_WORK, State
from accounts.domain.plans import Plan, PlannedBroker, iso
from accounts.domain.role import role_arn
from accounts.models import Account, Cleanup, JournalEntry, Target

RUNNING = AT_WORK - {State.APPROVED}


def planned(
    account: Account, name: str = "orders", region: str = "eu-north-1", engine: str = "RabbitMQ", **fields: Any
) -> PlannedBroker:
    """One broker of a plan."""
    arn = f"arn:{account.partition}:mq:{region}:{account.account_id}:broker:{name}:b-{name}-61c4"
    now = timezone.now()
    values: dict[str, Any] = {
        "state": "RUNNING", "instance_type": "mq.m5.large", "deployment_mode": "SINGLE_INSTANCE",
        "engine_version": "3.13", "created_at": iso(now - timedelta(days=90)), "tags": {"unit": "warehouse"},
        "last_connection_at": iso(now - timedelta(days=3)), "last_connection_known": True,
    }  # fmt: skip
    return PlannedBroker(arn, f"b-{name}", name, region, engine, **{**values, **fields})


def make_plan(account: Account, *deletes: PlannedBroker, **fields: Any) -> Plan:
    """A plan over 34 regions that deletes these brokers and the role."""
    looked = tuple(f"region-{number}" for number in range(34 - len(fields.get("unknown", ()))))
    arn = fields.pop("role_arn", role_arn(account.partition, account.account_id))
    return Plan(
        account.account_id,
        account.partition,
        account.name,
        arn,
        "AROA1" if arn else "",
        deletes,
        looked=looked,
        **fields,
    )


def give_cleaner(account: Account) -> None:
    """Name the cleaner role of an account; AWS is not asked whether it is there."""
    account.cleaner_role_arn = f"arn:aws:iam::{account.account_id}:role/MqSlrCleaner"
    account.save()


def make_cleanup(account: Account, plan: Plan | None = None, state: State = State.DRAFTED, **fields: Any) -> Cleanup:
    """One clean-up asked for by olga, confirmed by conrad and approved by anna as far as its state tells."""
    now = timezone.now()
    values: dict[str, Any] = {"state": state, "requested_by": "olga", "created_at": now - timedelta(minutes=12)}
    if plan is not None:
        values |= _drawn(plan)
    if state in AT_WORK or state in (State.AWAITING_APPROVAL, State.DONE, State.FAILED):
        values |= {"confirmed_by": "conrad", "confirmed_at": now - timedelta(minutes=9)}
    if values.get("approval_needed") and (state in AT_WORK or state in (State.DONE, State.FAILED)):
        values |= {"approved_by": "anna", "approved_at": now - timedelta(minutes=8)}
    if state in RUNNING or state in (State.DONE, State.FAILED):
        values["started_at"] = now - timedelta(minutes=8)
    if state in (State.DONE, State.FAILED, State.CANCELLED, State.VOID):
        values["finished_at"] = now
    cleanup = Cleanup.objects.create(account=account, **{**values, **fields})
    for broker in plan.deletes if plan else ():
        Target.objects.create(
            cleanup=cleanup, arn=broker.arn, broker_id=broker.broker_id, name=broker.name, region_code=broker.region,
            engine=broker.engine, instance_type=broker.instance_type, seen_state=broker.state,
        )  # fmt: skip
    return cleanup


def _drawn(plan: Plan) -> dict[str, Any]:
    now = timezone.now()
    return {
        "plan_json": plan.as_json(),
        "plan_sha256": plan.sha256,
        "looked_at": now - timedelta(minutes=11),
        "expires_at": now + timedelta(hours=23),
        "approval_needed": bool(plan.deletes),
    }


def note(cleanup: Cleanup, step: State, action: str, intent: str, answer: str = "", **fields: Any) -> JournalEntry:
    """One step of the journal; answered when there is an answer."""
    at = fields.pop("at", timezone.now())
    answered = fields.pop("answered_at", at + timedelta(seconds=6)) if answer else None
    return JournalEntry.objects.create(
        cleanup=cleanup, step=step, action=action, intent=intent, answer=answer, at=at, answered_at=answered, **fields
    )


def waiting_cleanup(account: Account) -> Cleanup:
    """Two brokers are gone; AWS says that the role is still in use and names a broker that the plan does not hold."""
    plan = make_plan(
        account,
        planned(account), planned(account, "returns", "eu-west-1", instance_type="mq.t3.micro"),
        keeps=(planned(account, "stock", "eu-west-1", "ActiveMQ"),),
    )  # fmt: skip
    now = timezone.now()
    stranger = planned(account, "picking", "eu-west-2").arn
    cleanup = make_cleanup(
        account, plan, State.WAITING, resume_state=State.DELETING_ROLE, attempts=2, task_id="task/1",
        next_try_at=now + timedelta(seconds=192), task_asked_at=now - timedelta(minutes=2),
        reason="AWS says: “The role is in use by existing resources.”",
        usage=[{"region": "eu-west-2", "named_region": "eu-west-2", "resource": stranger}],
    )  # fmt: skip
    gone = {"state": Target.State.GONE, "asked_at": now - timedelta(minutes=8)}
    cleanup.targets.update(**gone, gone_at=now - timedelta(minutes=2, seconds=22))
    began = now - timedelta(minutes=8)
    note(cleanup, State.APPROVED, "look", "Look at every region once more", "As the plan says.", at=began)
    for target in cleanup.targets.all():
        note(
            cleanup, State.DELETING_BROKERS, "mq:DeleteBroker", f"Delete {target.name}", "AWS has taken it on.",
            target=target.arn, deletes=True, request_id="2f1c-77", at=began + timedelta(seconds=9),
        )  # fmt: skip
        note(
            cleanup, State.DELETING_BROKERS, "follow", f"Follow {target.name} until it is gone", "It is gone.",
            target=target.arn, at=began + timedelta(seconds=12), answered_at=now - timedelta(minutes=2, seconds=22),
        )  # fmt: skip
    note(
        cleanup, State.DELETING_ROLE, "iam:DeleteServiceLinkedRole", "Delete the role", "AWS has taken it on.",
        target=plan.role_arn, deletes=True, request_id="9ab0-12", at=now - timedelta(minutes=2),
    )  # fmt: skip
    note(
        cleanup, State.DELETING_ROLE, "follow", "Follow the role’s deletion", "The role is in use.",
        code="FAILED", at=now - timedelta(minutes=2),
    )  # fmt: skip
    return cleanup
