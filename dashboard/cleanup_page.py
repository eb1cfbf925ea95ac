"""The read model of one clean-up's page: where one is, what may be done, and what AWS named as still in use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import Count
from django.urls import reverse

from accounts.domain.cleanups import AT_WORK, ENDS, State, Usage
from accounts.domain.identifiers import parse_arn
from accounts.domain.plans import Plan, PlannedBroker
from accounts.models import Cleanup, Region
from accounts.services.cleanups.gates import accepters
from dashboard.cleanup_words import engine_words, remedy, rule_words


class Stage(StrEnum):
    """What a clean-up's page shows, in the order in which a person gets there."""

    LOOK = "look"
    PLAN = "plan"
    CONFIRM = "confirm"
    APPROVE = "approve"
    FOLLOW = "follow"


STAGE_WORDS: Final = {
    Stage.LOOK: "Look",
    Stage.PLAN: "Plan",
    Stage.CONFIRM: "Confirm",
    Stage.APPROVE: "Approve",
    Stage.FOLLOW: "Follow",
}


def stage_of(cleanup: Cleanup) -> Stage:
    """Where a clean-up stands, as its page shows it. One that ended before it began shows its plan."""
    state = State(cleanup.state)
    if cleanup.plan_json is None:
        return Stage.LOOK
    if cleanup.started_at or state is State.DONE or (cleanup.confirmed_at and state in AT_WORK):
        return Stage.FOLLOW
    return Stage.APPROVE if state is State.AWAITING_APPROVAL else Stage.PLAN


@dataclass(frozen=True, slots=True)
class StageMark:
    """One mark of the stepper; `current` is where one is, `over` what lies behind."""

    word: str
    current: bool
    over: bool


def stepper(cleanup: Cleanup, now_at: Stage) -> list[StageMark]:
    """The steps on the way, without the approval where nobody has to approve."""
    stages = [stage for stage in Stage if stage is not Stage.APPROVE or cleanup.approval_needed]
    place = stages.index(now_at) if now_at in stages else 0
    ended_well = cleanup.state == State.DONE
    return [
        StageMark(STAGE_WORDS[stage], at == place and not ended_well, at < place or ended_well)
        for at, stage in enumerate(stages)
    ]


# What a reader of the page would miss. Leases and messages move without any news.
_TOLD: Final = (
    *("state", "resume_state", "reason", "problem", "paused", "cancel_wanted_by", "attempts", "next_try_at"),
    *("plan_sha256", "confirmed_by", "approved_by", "approved_at", "accepted_regions", "usage", "differences"),
)


def seen_token(cleanup: Cleanup) -> str:
    """A short name of what the page tells. While it stays, a page that asks is left as it is.

    Open pages ask every few seconds, so the journal is counted and not read.
    """
    told = [getattr(cleanup, name) for name in _TOLD]
    brokers = list(cleanup.targets.values_list("state", "seen_state", "detail"))
    steps = cleanup.journal.aggregate(written=Count("pk"), answered=Count("answered_at"))
    text = json.dumps([told, brokers, steps], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SaidRefusal:
    """A rule that says no, in words, and what to do about it."""

    rule: str
    detail: str
    remedy: str


def said_refusals(refusals: Iterable[tuple[str, str]]) -> list[SaidRefusal]:
    """Refusals as a page lists them, each rule's name and detail once."""
    return [SaidRefusal(rule_words(rule), detail, remedy(rule)) for rule, detail in dict.fromkeys(refusals)]


@dataclass(frozen=True, slots=True)
class UsedBy:
    """A resource that AWS names as using the role. `url` is its cell; empty for what Rolecall does not know."""

    resource: str
    region: str
    url: str
    said: str


def usage_rows(cleanup: Cleanup, plan: Plan | None) -> list[UsedBy]:
    """What AWS named when it last refused to delete the role."""
    named = [Usage(str(item.get("named_region", "")), str(item.get("resource", ""))) for item in cleanup.usage]
    partition = cleanup.account.partition
    known = set(Region.objects.filter(partition=partition).values_list("code", flat=True)) if named else set()
    return [_used_by(cleanup, plan, usage, usage.region in known) for usage in named]


def _used_by(cleanup: Cleanup, plan: Plan | None, usage: Usage, known: bool) -> UsedBy:
    said = [_resource_words(cleanup.account.account_id, plan, usage.resource)]
    if not known:
        said.append("in a region that Rolecall does not know" if usage.region else "AWS gives no region")
    elif usage.named_region and usage.named_region != usage.region:
        said.append(f"AWS lists it under {usage.named_region}")
    url = f"{reverse('account', args=[cleanup.account.account_id])}#{usage.region}" if known else ""
    return UsedBy(usage.resource, usage.region, url, "; ".join(said))


def _resource_words(account_id: str, plan: Plan | None, resource: str) -> str:
    try:
        arn = parse_arn(resource)
    except ValueError:
        return "not an ARN: Rolecall cannot say what it is"
    if arn.account_id and arn.account_id != account_id:
        return "a resource of another account"
    if arn.service != "mq":
        return f"a resource of {arn.service}, not of Amazon MQ"
    if plan and resource in {broker.arn for broker in plan.deletes}:
        return "a broker that this plan deletes"
    if plan and resource in {broker.arn for broker in plan.keeps}:
        return "a broker that this plan keeps"
    return "not in this plan"


@dataclass(frozen=True, slots=True)
class Powers:
    """What a person may do with a clean-up now."""

    confirm: bool = False
    approve: bool = False
    redraw: bool = False
    rehearse: bool = False
    discard: bool = False
    pause: bool = False
    cancel: bool = False
    accept: bool = False
    plan_anew: bool = False


def powers(cleanup: Cleanup, person: str, operates: bool, refused: bool) -> Powers:
    """The buttons of the page. The services ask all of it again."""
    if not operates:
        return Powers()
    state, planned = State(cleanup.state), cleanup.plan_json is not None
    ended, confirmed = state in ENDS, cleanup.confirmed_at is not None
    waits = not ended and not (confirmed and state in AT_WORK)  # for a person
    somebody_else = person not in (cleanup.requested_by, cleanup.confirmed_by)
    to_approve = cleanup.approval_needed and cleanup.approved_at is None and somebody_else
    may_confirm = person != cleanup.approved_by and person not in accepters(cleanup)
    by_itself = cleanup.campaign_id is None or state is not State.DRAFTED  # a campaign's plans are confirmed together
    return Powers(
        confirm=planned and waits and by_itself and not confirmed and not refused and may_confirm,
        approve=planned and waits and by_itself and to_approve and not refused,
        redraw=state is State.DRAFTED and (planned or bool(cleanup.problem)),
        rehearse=planned and waits,
        discard=waits,
        pause=not ended and not waits,
        cancel=not ended and not waits,
        accept=planned and state is State.DRAFTED and person != cleanup.requested_by,
        plan_anew=ended and cleanup.account.archived_at is None,
    )


@dataclass(frozen=True, slots=True)
class BrokerLine:
    """A planned broker as the plan's tables list it."""

    broker: PlannedBroker
    engine: str
    created_at: datetime | None
    last_connection_at: datetime | None
    included: bool

    @property
    def tells(self) -> bool:
        """Whether there is more to know of it than its columns say."""
        paired = self.broker.replication not in ("", "NONE")
        return self.included or paired or bool(self.broker.actions_required or self.broker.pending)


def broker_lines(brokers: Iterable[PlannedBroker], included: Iterable[str] = ()) -> list[BrokerLine]:
    """The brokers of a plan, those that somebody added marked."""
    chosen = set(included)
    return [
        BrokerLine(
            broker,
            engine_words(broker.engine),
            _moment(broker.created_at),
            _moment(broker.last_connection_at),
            broker.arn in chosen,
        )
        for broker in brokers
    ]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def unseen_regions(cleanup: Cleanup, plan: Plan) -> list[tuple[str, str, dict[str, str]]]:
    """The regions that could not be read: code, why, and who accepted the risk."""
    return [(code, why, cleanup.accepted_regions.get(code, {})) for code, why in sorted(plan.unknown.items())]
