"""One poll of one account: the role and all regions at once, each part failing alone, all within a time limit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Final, TypeVar

from accounts.aws.errors import AwsError, problem_of
from accounts.aws.gateway import Gateway
from accounts.domain.outcomes import Outcome
from accounts.domain.plans import PlannedBroker
from accounts.domain.readings import (
    NOTHING_REMEMBERED,
    AccountReading,
    Answer,
    BrokerFacts,
    Cost,
    Failed,
    Known,
    LastConnection,
    PolicyVersionFacts,
    Problem,
    RegionStates,
    Remembered,
    RoleFacts,
    RoleReading,
    Unchanged,
)
from accounts.domain.role import ROLE_USING_ENGINE, policy_arn

logger = logging.getLogger(__name__)
T = TypeVar("T")

# DISABLING still lets some calls through for a while, and answers that come and go are worth nothing.
OFF: Final = ("DISABLED", "DISABLING")
ON: Final = ("ENABLED", "ENABLED_BY_DEFAULT")
# The regions' states only spare calls: asking for them must not eat the time in which the regions could answer.
STATES_SHARE: Final = 0.25


def survey(
    gateway: Gateway,
    regions: Sequence[str],
    threads: int,
    deadline: float,
    remembered: Remembered = NOTHING_REMEMBERED,
) -> AccountReading:
    """Ask all that is not remembered; after `deadline` seconds, what has not answered counts as unreachable."""
    started, ends = datetime.now(UTC), monotonic() + deadline
    late = Failed(Problem(Outcome.UNREACHABLE, "DeadlinePassed", f"No answer within {deadline:g} s."))
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"survey-{gateway.account_id}")
    try:
        signed_in = _by(ends, pool.submit(_answer, gateway.sign_in), late)
        if isinstance(signed_in, Failed):
            return replace(_refused(gateway.account_id, regions, signed_in, started), cost=_cost(gateway, _Times()))
        questions = _RoleQuestions(gateway, remembered)
        chain = pool.submit(_answer, questions.ask)
        states, times = _States(gateway, remembered.regions), _Times()
        # Their states only spare calls: without them every region answers for itself.
        _by(min(ends, monotonic() + deadline * STATES_SHARE), pool.submit(_answer, states.learn), late)
        asked = {region: pool.submit(_timed, times, gateway, region, states) for region in regions}
        _by(ends, chain, late)
        brokers = {region: _by(ends, future, late) for region, future in asked.items()}
        role, cost = questions.reading(late), _cost(gateway, times)
        return AccountReading(gateway.account_id, started, datetime.now(UTC), role, brokers, cost, states.fresh)
    finally:
        # A call that hangs ends by its own timeouts; nobody waits for it here.
        pool.shutdown(wait=False, cancel_futures=True)


def describe_brokers(
    gateway: Gateway, brokers: Iterable[BrokerFacts], threads: int, deadline: float
) -> dict[str, Answer[PlannedBroker | None]]:
    """Describe each broker, by ARN; None for one that is gone. What is not told within `deadline` seconds failed."""
    questions = {one.arn: partial(gateway.describe_broker, one.region, one.broker_id) for one in brokers}
    return _ask_all(gateway, questions, threads, deadline)


def last_connections(
    gateway: Gateway, brokers: Iterable[BrokerFacts], threads: int, deadline: float
) -> dict[str, LastConnection]:
    """When brokers last had a connection, by ARN, as far as CloudWatch tells: it is nice to know and stops nothing."""
    by_region: dict[str, list[BrokerFacts]] = {}
    for broker in brokers:
        if broker.engine_key == ROLE_USING_ENGINE:
            by_region.setdefault(broker.region, []).append(broker)
    questions = {
        region: partial(gateway.last_connections, region, [one.name for one in some])
        for region, some in by_region.items()
    }
    answers = _ask_all(gateway, questions, threads, deadline)
    known = {region: answer.value for region, answer in answers.items() if isinstance(answer, Known)}
    return {one.arn: told[one.name] for region, told in known.items() for one in by_region[region]}


def _ask_all(
    gateway: Gateway, questions: Mapping[str, Callable[[], T]], threads: int, deadline: float
) -> dict[str, Answer[T]]:
    ends = monotonic() + deadline
    late = Failed(Problem(Outcome.UNREACHABLE, "DeadlinePassed", f"No answer within {deadline:g} s."))
    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"survey-{gateway.account_id}")
    try:
        asked = {name: pool.submit(_answer, question) for name, question in questions.items()}
        return {name: _by(ends, future, late) for name, future in asked.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def refused(account_id: str, regions: Iterable[str], problem: Problem) -> AccountReading:
    """The reading of an account for which there is no session: every part has the same problem."""
    return _refused(account_id, regions, Failed(problem), datetime.now(UTC))


def _refused(account_id: str, regions: Iterable[str], failed: Failed, started: datetime) -> AccountReading:
    brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = dict.fromkeys(regions, failed)
    return AccountReading(account_id, started, datetime.now(UTC), RoleReading(failed), brokers)


def _by(ends: float, future: Future[Answer[T]], late: Failed) -> Answer[T]:
    with suppress(TimeoutError):
        return future.result(timeout=max(0, ends - monotonic()))
    return late


def _answer(question: Callable[[], T]) -> Answer[T]:
    """Ask, and make a result of every failure; what is not AWS's failure is Rolecall's own, and is logged."""
    try:
        return Known(question())
    except AwsError as error:
        return Failed(problem_of(error))
    except Exception as error:
        logger.exception("A question to AWS failed inside Rolecall")
        code = type(error).__name__
        return Failed(Problem(Outcome.FAILED, code, f"Rolecall itself failed ({code}). Its log has the whole story."))


class _States:
    """AWS's word on the regions: remembered, or asked for; asked for once more when a region contradicts a memory."""

    def __init__(self, gateway: Gateway, remembered: RegionStates | None) -> None:
        self._gateway, self._remembered = gateway, remembered
        self._lock = threading.Lock()
        self.fresh: RegionStates | None = None

    def learn(self) -> None:
        """Ask, unless they are remembered. Raises AwsError."""
        if self._remembered is None:
            self._ask()

    def of(self, region: str) -> str:
        """AWS's word on a region as far as it is known; empty when it is not."""
        known = self.fresh or self._remembered
        return known.by_code.get(region, "") if known else ""

    def problem_with(self, region: str) -> Problem | None:
        """Why the region need not be asked."""
        if (state := self.of(region)) not in OFF:
            return None
        detail = f"AWS lists the region as {state} in this account."
        if self.fresh is None and self._remembered is not None:
            # With its day: an account that is paused keeps the sentence for weeks.
            read_at = f"{self._remembered.read_at:%Y-%m-%d %H:%M} UTC"
            detail = f"AWS listed the region as {state} in this account at {read_at}."
        return Problem(Outcome.REGION_DISABLED, state, detail)

    def forget(self) -> None:
        """A region has answered unlike its remembered state: ask for all of them now, once. Raises AwsError."""
        with self._lock:
            if self._remembered is not None and self.fresh is None:
                self._remembered = None
                self._ask()

    def _ask(self) -> None:
        states = self._gateway.region_states()
        self.fresh = RegionStates(states, datetime.now(UTC))


@dataclass
class _Times:
    """When each region was begun, and when it was done with."""

    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def seconds(self) -> dict[str, float]:
        """How long each region took, or has taken by now; copied first, since answers may still be coming in."""
        began, ended, now = self.began.copy(), self.ended.copy(), monotonic()
        return {region: ended.get(region, now) - start for region, start in began.items()}


def _timed(times: _Times, gateway: Gateway, region: str, states: _States) -> Answer[tuple[BrokerFacts, ...]]:
    times.began[region] = monotonic()
    answer = _brokers(gateway, region, states)
    times.ended[region] = monotonic()
    return answer


def _cost(gateway: Gateway, times: _Times) -> Cost:
    """What has been spent by now; requests that are still under way count as sent."""
    tally = gateway.tally
    return Cost(tally.calls, tally.retries, tally.throttles, times.seconds())


def _brokers(gateway: Gateway, region: str, states: _States) -> Answer[tuple[BrokerFacts, ...]]:
    if off := states.problem_with(region):
        return Failed(off)
    answer = _answer(lambda: gateway.brokers(region))
    if not isinstance(answer, Failed) or answer.problem.outcome is not Outcome.REGION_DISABLED:
        return answer
    if states.of(region) in ON:
        _answer(states.forget)
    if off := states.problem_with(region):
        return Failed(off)
    if (state := states.of(region)) in ON:
        # Two words of AWS that cannot both be true: "disabled" would claim that nothing runs there.
        detail = f"AWS lists the region as {state}, and yet does not know the session there. It may just be opening."
        return Failed(Problem(Outcome.FAILED, answer.problem.code, detail))
    return answer


@dataclass
class _RoleQuestions:
    """The questions about the role, in their order: one after the other, since IAM throttles an account early."""

    gateway: Gateway
    remembered: Remembered
    role: Answer[RoleFacts | None] | None = None
    attached: Answer[tuple[str, ...]] | None = None
    policy: Answer[PolicyVersionFacts] | Unchanged | None = None
    inline: Answer[tuple[str, ...]] | None = None

    def ask(self) -> None:
        """Ask what the answers so far make worth asking."""
        self.role = _answer(self.gateway.role)
        if not self._present:
            return
        self.attached = _answer(self.gateway.attached_policy_arns)
        if arn := self._documented_arn:
            self.policy = Unchanged() if self._as_remembered else _answer(lambda: self.gateway.policy(arn))
        self.inline = _answer(self.gateway.inline_policy_names)

    def reading(self, late: Failed) -> RoleReading:
        """What is known by now; a question that is due and has no answer yet is late."""
        now = replace(self)  # the answers may still be coming in
        if not now._present:
            return RoleReading(now.role or late)
        policy = now.policy or late if now._documented_arn else None
        return RoleReading(now.role or late, now.attached or late, policy, now.inline or late)

    @property
    def _present(self) -> bool:
        return isinstance(self.role, Known) and self.role.value is not None

    @property
    def _as_remembered(self) -> bool:
        """Whether role and attached policies are those of which the policy was read a while ago."""
        role = self.role.value if isinstance(self.role, Known) else None
        attached = self.attached.value if isinstance(self.attached, Known) else ()
        return role is not None and self.remembered.policy_of == (role.role_id, attached)

    @property
    def _documented_arn(self) -> str:
        """The documented policy, if it is attached: under the partition's own ARN, or under that of `aws`."""
        attached = self.attached.value if isinstance(self.attached, Known) else ()
        known = (policy_arn(self.gateway.partition), policy_arn("aws"))
        return next((arn for arn in known if arn in attached), "")
