"""What one poll of an account brought back, and what stopped it: frozen values that travel from AWS to the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeAlias, TypeVar

from accounts.domain.outcomes import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a question has no answer. `permission` is the IAM action that was refused, when one was."""

    outcome: Outcome
    code: str
    detail: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """AWS answered."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """AWS did not answer; this is never a zero and never "absent"."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Not asked: what an earlier poll of the same account read is young enough to stand."""


Answer: TypeAlias = "Known[T] | Failed"


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """One broker as ListBrokers tells it. `engine` and `state` are AWS's words, unknown ones included."""

    arn: str
    broker_id: str
    name: str
    region: str
    engine: str
    state: str
    deployment_mode: str
    instance_type: str
    created_at: datetime | None

    @property
    def engine_key(self) -> str:
        """`rabbitmq`, `activemq` or another engine's name in lower case: AWS spells them in two ways."""
        return self.engine.lower()


@dataclass(frozen=True, slots=True)
class LastConnection:
    """The last hour in which a broker had a connection; None with `known`: none as far as CloudWatch remembers it."""

    known: bool = False
    at: datetime | None = None


def count_by_engine_and_state(brokers: Iterable[BrokerFacts]) -> dict[str, dict[str, int]]:
    """How many brokers there are of each engine in each state: `{"rabbitmq": {"RUNNING": 2}}`."""
    counts: dict[str, dict[str, int]] = {}
    for (engine, state), number in sorted(Counter((one.engine_key, one.state) for one in brokers).items()):
        counts.setdefault(engine, {})[state] = number
    return counts


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """The role as GetRole tells it."""

    arn: str
    role_id: str
    path: str
    name: str
    description: str
    created_at: datetime | None
    last_used_at: datetime | None
    last_used_region: str
    trust_document: object
    permissions_boundary_arn: str


@dataclass(frozen=True, slots=True)
class PolicyVersionFacts:
    """The default version of a managed policy and its document."""

    arn: str
    version_id: str
    document: object


@dataclass(frozen=True, slots=True)
class RegionStates:
    """AWS's word on the regions of an account (ENABLED, DISABLED …), and when it was given."""

    by_code: Mapping[str, str]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a poll may take from an earlier one of the same account instead of asking; None where it has to ask.

    `policy_of` is the role, and all that was attached to it, when its policy was read: if either differs now, the
    policy is asked for.
    """

    regions: RegionStates | None = None
    policy_of: tuple[str, tuple[str, ...]] | None = None


NOTHING_REMEMBERED: Final = Remembered()


@dataclass(frozen=True, slots=True)
class RoleReading:
    """Everything asked of IAM about one account's role. Each part may fail alone.

    `role` is `Known(None)` when AWS says that there is no such role. The other three are None when they were not
    asked: the role is absent or could not be read. `policy` is also None when the documented policy is not attached,
    and Unchanged when it is attached as it was and was read not long ago.
    """

    role: Answer[RoleFacts | None]
    attached_policy_arns: Answer[tuple[str, ...]] | None = None
    policy: Answer[PolicyVersionFacts] | Unchanged | None = None
    inline_policy_names: Answer[tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a poll took: requests sent, second and later tries among them, answers that said “slow down”, and the
    seconds that each region needed to answer or fail."""

    calls: int = 0
    retries: int = 0
    throttles: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountReading:
    """One poll of one account: the role, and every region that the table has polled."""

    account_id: str
    started_at: datetime
    finished_at: datetime
    role: RoleReading
    brokers: Mapping[str, Answer[tuple[BrokerFacts, ...]]]
    cost: Cost = field(default_factory=Cost)
    region_states: RegionStates | None = None  # when AWS was asked for them, and answered
