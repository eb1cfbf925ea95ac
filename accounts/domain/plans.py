"""A plan: exactly what a clean-up deletes, what it keeps, and what it could not see. Canonical, hashed, comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from accounts.domain.canonical import sha256_of

VERSION: Final = 1
DELETING: Final = "DELETION_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class PlannedBroker:
    """One broker as it was when the plan was drawn. Times are ISO 8601 in UTC; `tags` None: they could not be read."""

    arn: str
    broker_id: str
    name: str
    region: str
    engine: str
    state: str
    instance_type: str = ""
    deployment_mode: str = ""
    engine_version: str = ""
    created_at: str = ""
    tags: Mapping[str, str] | None = None
    tags_problem: str = ""
    last_connection_at: str = ""
    last_connection_known: bool = False
    actions_required: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    replication: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clean-up of one account would do. `deletes` are brokers; the role goes last, when there is one."""

    account_id: str
    partition: str
    account_name: str
    role_arn: str
    role_id: str
    deletes: tuple[PlannedBroker, ...] = ()
    keeps: tuple[PlannedBroker, ...] = ()
    # Regions that could not be read, each with the reason; and those that AWS says are off in this account.
    unknown: Mapping[str, str] = field(default_factory=dict)
    disabled: tuple[str, ...] = ()
    looked: tuple[str, ...] = ()

    @property
    def arns(self) -> tuple[str, ...]:
        """Everything that would be deleted, in the order in which it would be: the role is last."""
        return tuple(broker.arn for broker in self.deletes) + ((self.role_arn,) if self.role_arn else ())

    @property
    def phrase(self) -> str:
        """What a person types to confirm: the number of deletions and the account's name."""
        return f"delete {len(self.arns)} from {self.account_name}"

    def as_json(self) -> dict[str, Any]:
        """The plan as it is stored."""
        return {"version": VERSION, **asdict(self)}

    @property
    def sha256(self) -> str:
        """The hash that all who confirm or approve see: of what is deleted, kept and unseen, not of passing states."""
        return sha256_of(
            {
                "version": VERSION,
                "account_id": self.account_id,
                "partition": self.partition,
                "role": [self.role_arn, self.role_id],
                "deletes": sorted(broker.arn for broker in self.deletes),
                "keeps": sorted(broker.arn for broker in self.keeps),
                "unknown": sorted(self.unknown),
            }
        )


def plan_from(stored: Mapping[str, Any]) -> Plan:
    """Read a stored plan. Raises ValueError for another version than this program writes."""
    if stored.get("version") != VERSION:
        raise ValueError(f"this plan has version {stored.get('version')!r}, not {VERSION}: draw it anew")
    fields = {name: value for name, value in stored.items() if name != "version"}
    for name in ("deletes", "keeps"):
        fields[name] = tuple(_broker_from(broker) for broker in fields[name])
    for name in ("disabled", "looked"):
        fields[name] = tuple(fields[name])
    return Plan(**fields)


def _broker_from(stored: Mapping[str, Any]) -> PlannedBroker:
    listed = {name: tuple(stored[name]) for name in ("actions_required", "pending")}
    return PlannedBroker(**{**stored, **listed})


@dataclass(frozen=True, slots=True)
class World:
    """What a fresh look found, as far as a plan depends on it."""

    role_id: str  # empty: there is no role
    brokers: Mapping[str, str]  # ARN → state
    unknown: Mapping[str, str]  # region → why it could not be read
    off: tuple[str, ...] = ()  # regions that AWS says are not enabled


@dataclass(frozen=True, slots=True)
class Difference:
    """How the world differs from the plan. A broker of the plan that is gone is no difference: its deletion is done."""

    new_brokers: tuple[str, ...] = ()
    role_changed: str = ""
    newly_unknown: tuple[str, ...] = ()

    @property
    def voids(self) -> bool:
        """True when the plan no longer says what is there. A region that only fails to answer may answer soon."""
        return bool(self.new_brokers or self.role_changed)

    def sentences(self) -> list[str]:
        """The difference in words."""
        said = [f"New since the plan: {arn}" for arn in self.new_brokers]
        if self.role_changed:
            said.append(self.role_changed)
        said += [f"{region} answered when the plan was drawn and does not now" for region in self.newly_unknown]
        return said


def another_account(plan: Plan, partition: str) -> str:
    """Say so when the account is by now the one of that number in another partition; empty when it is the plan's."""
    if partition == plan.partition:
        return ""
    return f"The plan is of the account in {plan.partition}, which has been imported anew as one in {partition}."


def difference(plan: Plan, world: World) -> Difference:
    """Compare a fresh look with the plan. A broker on its way out, deleted by somebody else, is nobody's surprise."""
    known = {broker.arn for broker in (*plan.deletes, *plan.keeps)}
    new = (arn for arn, state in world.brokers.items() if arn not in known and state != DELETING)
    changed = ""
    if world.role_id and world.role_id != plan.role_id:
        changed = f"The role was deleted and made anew: its id is {world.role_id}, the plan's is {plan.role_id}"
    # A region that was read and is off now hides what has been made in it since: its brokers go on using the role.
    hidden = set(world.off) & set(plan.looked)
    return Difference(tuple(sorted(new)), changed, tuple(sorted((set(world.unknown) - set(plan.unknown)) | hidden)))


def iso(at: datetime | None) -> str:
    """A time as a plan stores it; empty for none."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""
