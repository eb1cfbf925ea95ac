"""The world that the local AWS knows: accounts, their roles, brokers and deletion tasks. No HTTP, no AWS wire forms."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from accounts.domain import role as documented
from accounts.domain.regions import BEYOND_GUIDE_ROWS, GUIDE_ROWS, partition_of
from dashboard.demo.local_aws.sessions import HUB_ACCOUNT_ID

REGION_ROWS = GUIDE_ROWS + BEYOND_GUIDE_ROWS
OPT_IN_REGIONS = frozenset(row.code for row in REGION_ROWS if row.opt_in)
# DISABLING still answers for a while, ENABLING does not answer yet.
ANSWERING = frozenset({"ENABLED", "ENABLED_BY_DEFAULT", "DISABLING"})


@dataclass(slots=True)
class Settings:
    """How long things take, in seconds; all of it may be changed while the process runs."""

    broker_create_seconds: float = 3.0
    broker_delete_seconds: float = 3.0
    role_delete_seconds: float = 2.0
    session_seconds: float = 3600.0
    latency_seconds: float = 0.0


@dataclass(slots=True)
class Organization:
    """Who manages the organization, and how it pages. An account is in it when it has a unit."""

    management_account: str = HUB_ACCOUNT_ID
    delegated: list[str] = field(default_factory=list)  # accounts that may read it beside the management account
    in_use: bool = True
    empty_pages: bool = False  # before each page with accounts, units or tags comes an empty one, and one at the end
    old_words: bool = False  # Status and no State, as AWS had it before September 2026


@dataclass(slots=True)
class Broker:
    """One broker. `until` is the moment (monotonic) when its state turns into `then`; an empty `then` means gone."""

    broker_id: str
    name: str
    region: str
    arn: str
    engine: str
    engine_version: str
    state: str
    mode: str
    instance_type: str
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)
    replication_mode: str = "NONE"
    connected: datetime | None = None  # the last time that it had a connection
    until: float | None = None
    then: str = ""


@dataclass(slots=True)
class Role:
    """One IAM role: the service-linked one, or one that the hub may assume."""

    role_id: str
    name: str
    path: str
    trust: object
    description: str
    created: datetime
    attached: list[str] = field(default_factory=list)
    inline: dict[str, object] = field(default_factory=dict)
    boundary: str = ""
    last_used: datetime | None = None
    last_used_region: str = ""
    max_session: int = 3600
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class DeletionTask:
    """The deletion of the role, as IAM reports on it. `usage` maps a region to the ARNs that use the role."""

    task_id: str
    started: float
    ends: float
    status: str = "NOT_STARTED"
    reason: str = ""
    usage: dict[str, list[str]] = field(default_factory=dict)
    purged: bool = False

    @property
    def open(self) -> bool:
        """True while IAM has not decided."""
        return self.status in ("NOT_STARTED", "IN_PROGRESS")


@dataclass(frozen=True, slots=True)
class DeletionHabits:
    """How deletions go in this account: every oddity that IAM is known or said to have, each to be switched on."""

    purge_task: bool = False
    role_visible_reads: int = 0
    no_usage_list: bool = False
    usage_region: str = ""
    no_reason: bool = False
    fail_times: int = 0  # so many tasks fail although nothing uses the role: IAM is behind Amazon MQ
    usage: Mapping[str, list[str]] = field(default_factory=dict)  # what those tasks name
    never_starts: bool = False
    recreate: bool = False  # the role is made anew in the moment of its deletion


@dataclass(frozen=True, slots=True)
class Denial:
    """Calls that are refused in this account although the role allows them. `by` is `scp` or empty."""

    action: str
    region: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """A role that the hub may assume: what STS checks first, and what the session may then do."""

    name: str
    external_id: str
    session_name_like: str
    permissions: object
    max_session: int = 3600


@dataclass(slots=True)
class Account:
    """One AWS account and all that the local AWS knows of it."""

    account_id: str
    name: str
    partition: str
    unit: str = ""
    state: str = "ACTIVE"
    alias: str = ""
    paused: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    region_states: dict[str, str] = field(default_factory=dict)
    role: Role | None = None
    policy_versions: dict[str, object] = field(default_factory=dict)
    default_version: str = documented.DOCUMENTED_VERSION
    access: dict[str, Access] = field(default_factory=dict)
    denials: list[Denial] = field(default_factory=list)
    brokers: dict[str, Broker] = field(default_factory=dict)
    # The ARNs of deleted brokers by id: a policy that names one still decides on a repeated call.
    gone: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, DeletionTask] = field(default_factory=dict)
    habits: DeletionHabits = field(default_factory=DeletionHabits)
    ghost: Role | None = None
    ghost_reads: int = 0

    def region_state(self, region: str) -> str:
        """AWS's word on a region in this account; empty when the region belongs to another partition or to nobody."""
        return self.region_states.get(region, "")

    def answers_in(self, region: str) -> bool:
        """True when this account's credentials are good in a region."""
        return self.region_state(region) in ANSWERING

    def brokers_in(self, region: str) -> list[Broker]:
        """The brokers of a region, oldest first."""
        return sorted((b for b in self.brokers.values() if b.region == region), key=lambda b: (b.created, b.broker_id))

    def role_users(self) -> Iterator[Broker]:
        """The brokers that stop the role's deletion: RabbitMQ's, in every region and every state."""
        return (b for b in self.brokers.values() if b.engine.lower() == documented.ROLE_USING_ENGINE)

    def open_task(self) -> DeletionTask | None:
        """The deletion that is under way, if any."""
        return next((task for task in self.tasks.values() if task.open), None)


def default_region_states(partition: str) -> dict[str, str]:
    """What a new account has: its partition's default regions on, every opt-in region off."""
    codes = sorted(row.code for row in REGION_ROWS if partition_of(row.code) == partition)
    return {code: "DISABLED" if code in OPT_IN_REGIONS else "ENABLED_BY_DEFAULT" for code in codes}


def new_role_id() -> str:
    """An id as IAM gives to a role: a role made again never has its former id."""
    return "AROA" + uuid.uuid4().hex[:17].upper()


def service_linked_role(partition: str) -> Role:
    """The role as AWS makes it: documented name, path, trust and policy."""
    return Role(
        role_id=new_role_id(),
        name=documented.ROLE_NAME,
        path=documented.ROLE_PATH,
        trust=documented.TRUST_DOCUMENT,
        description="",
        created=datetime.now(UTC),
        attached=[documented.policy_arn(partition)],
    )


class World:
    """All accounts, under one lock. Time moves an account on when somebody looks at it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.settings = Settings()
        self.organization = Organization()
        self.estate = "empty"
        # Every secret access key and session token that was handed out: whoever guards them can look for them.
        self.handed_out: deque[tuple[str, str]] = deque(maxlen=20_000)

    def look(self, account_id: str) -> Account | None:
        """The account as it is now, its timed states moved on."""
        account = self.accounts.get(account_id)
        if account is not None:
            _move_brokers(account, time.monotonic())
            _move_tasks(account, time.monotonic())
        return account


def _move_brokers(account: Account, now: float) -> None:
    due = [broker for broker in account.brokers.values() if broker.until is not None and broker.until <= now]
    for broker in due:
        if broker.then:
            broker.state, broker.until, broker.then = broker.then, None, ""
        else:
            account.gone[broker.broker_id] = account.brokers.pop(broker.broker_id).arn


def _move_tasks(account: Account, now: float) -> None:
    for task in account.tasks.values():
        if not task.open or account.habits.never_starts:
            continue
        if now >= task.ends:
            _decide(account, task)
        elif now >= task.started + (task.ends - task.started) / 4:
            task.status = "IN_PROGRESS"


def _decide(account: Account, task: DeletionTask) -> None:
    """End a deletion as IAM does: refused with the brokers that use the role, or the role is gone."""
    users, habits = list(account.role_users()), account.habits
    task.purged = habits.purge_task
    if users or _failures(account) < habits.fail_times:
        _fail(task, users, habits)
        return
    task.status = "SUCCEEDED"
    account.ghost, account.ghost_reads = account.role, habits.role_visible_reads
    account.role = service_linked_role(account.partition) if habits.recreate else None


def _failures(account: Account) -> int:
    return sum(task.status == "FAILED" for task in account.tasks.values())


def _fail(task: DeletionTask, users: list[Broker], habits: DeletionHabits) -> None:
    task.status = "FAILED"
    if not habits.no_reason:
        task.reason = "The role is in use. Delete the resources that use it, then delete the role again."
    if habits.no_usage_list:
        return
    for broker in users:
        task.usage.setdefault(habits.usage_region or broker.region, []).append(broker.arn)
    for region, arns in habits.usage.items():
        task.usage.setdefault(region, []).extend(arns)
