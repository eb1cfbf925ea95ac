"""What a plan's reader should know although no rule forbids the deletion: sentences, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from accounts.domain.outcomes import PolicyGrade, TrustGrade
from accounts.domain.plans import DELETING, Plan, PlannedBroker
from accounts.domain.protection import Protection, protecting_tag
from accounts.domain.readings import RoleFacts
from accounts.domain.role import ROLE_USING_ENGINE

# RoleLastUsed lags by hours and reaches back 400 days; what used the role within a month may well use it again.
LATELY: Final = timedelta(days=30)
NAMED: Final = 5  # names in one sentence; the rest is a number

# Words by which people mark what matters to them, whatever the key they chose.
_WEIGHTY: Final = frozenset(
    {"prod", "production", "prd", "live", "critical", "important", "essential", "keep", "retain", "permanent"}
    | {"protect", "protected", "hold", "legal", "backup", "tier0", "tier1", "p0", "p1"}
)
_NO: Final = frozenset({"", "false", "no", "none", "0", "off"})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a plan is judged by beside itself. Grades are empty where they were not read."""

    role: RoleFacts | None = None
    policy: PolicyGrade | None = None
    trust: TrustGrade | None = None
    # Regions that AWS says are off, each with the number of brokers that Rolecall once saw there.
    known_in_disabled: Mapping[str, int] = field(default_factory=dict)


def warnings_of(plan: Plan, around: Circumstances, rules: Protection, now: datetime) -> list[str]:
    """Everything worth a second thought before this plan is confirmed."""
    return [
        *_role_warnings(around, now),
        *_broker_warnings(plan.deletes, now),
        *_tag_warnings(plan.deletes, rules),
        *_kept_warnings(plan.keeps),
        *(
            f"{region} is off in this account, and Rolecall once saw {_count(number, 'broker')} there."
            for region, number in sorted(around.known_in_disabled.items())
        ),
    ]


def _role_warnings(around: Circumstances, now: datetime) -> Iterator[str]:
    used = around.role.last_used_at if around.role else None
    if around.role and used and now - used <= LATELY:
        where = f" in {around.role.last_used_region}" if around.role.last_used_region else ""
        yield f"The role was used on {used:%Y-%m-%d}{where}, within the last {LATELY.days} days."
    if around.policy and around.policy.drifted:
        yield (
            f"The role's policy is not the documented one ({around.policy.value}): somebody may rely on the difference."
        )
    if around.policy is PolicyGrade.UNREADABLE:
        yield "The role's policy could not be read."
    if around.trust is TrustGrade.TRUST_MISMATCH:
        yield "The role's trust policy is not the documented one: others than Amazon MQ may work with the role."
    if around.trust is TrustGrade.UNREADABLE:
        yield "The role's trust policy could not be read."


def _broker_warnings(brokers: Sequence[PlannedBroker], now: datetime) -> Iterator[str]:
    running = [broker for broker in brokers if broker.state == "RUNNING"]
    if running:
        yield f"{_names(running)} {'is' if len(running) == 1 else 'are'} running."
    foreign = [broker for broker in brokers if broker.engine.lower() != ROLE_USING_ENGINE]
    if foreign:
        yield f"{_names(foreign)}: no RabbitMQ, so the role could go without this deletion as far as AWS documents."
    for broker in brokers:
        where = f"{broker.name} in {broker.region}"
        connected = broker.last_connection_at and datetime.fromisoformat(broker.last_connection_at)
        if connected and now - connected <= LATELY:
            yield f"{where} had a connection on {connected:%Y-%m-%d}, within the last {LATELY.days} days."
        if broker.actions_required:
            yield f"AWS asks for an action on {where}: {', '.join(broker.actions_required)}."
        if broker.pending:
            yield f"The next reboot of {where} changes its {', '.join(broker.pending)}: somebody is working on it."
        if broker.created_at and now - datetime.fromisoformat(broker.created_at) <= timedelta(days=1):
            yield f"{where} was created within the last day: somebody may be setting it up."


def _tag_warnings(brokers: Sequence[PlannedBroker], rules: Protection) -> Iterator[str]:
    for broker in brokers:
        if broker.tags is None or protecting_tag(broker.tags, rules.tags):
            continue  # both refuse already
        for key, value in sorted(broker.tags.items()):
            if weighty(key, value):
                yield f"{broker.name} in {broker.region} has the tag {key}={value}, which protects nothing here."


def weighty(key: str, value: str) -> bool:
    """Whether a tag looks as if its broker mattered: by a word of its key or value, unless the value is a "no"."""
    if value.strip().lower() in _NO - {""}:
        return False
    return bool(_WEIGHTY & (_words(value) | _words(key)))


def _words(text: str) -> set[str]:
    return set(re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()))


def _kept_warnings(brokers: Sequence[PlannedBroker]) -> Iterator[str]:
    leaving = [broker for broker in brokers if broker.state == DELETING]
    if leaving:
        are = "is" if len(leaving) == 1 else "are"
        yield f"{_names(leaving)} {are} being deleted already. The clean-up waits until AWS is done with it."
    staying = [broker for broker in brokers if broker.state != DELETING]
    strange = [broker for broker in staying if broker.engine.lower() not in (ROLE_USING_ENGINE, "activemq")]
    if strange:
        engines = ", ".join(sorted({broker.engine for broker in strange}))
        yield f"{_names(strange)}: Rolecall does not know the engine {engines}. If it uses the role, AWS will say so."


def _names(brokers: Iterable[PlannedBroker]) -> str:
    names = [f"{broker.name} in {broker.region}" for broker in brokers]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    *first, last = [*names[:NAMED], *more]
    return f"{', '.join(first)} and {last}" if first else last


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
