"""The dry run: everything that a clean-up does but the calls that change something, and which those would be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from accounts.aws.errors import AwsError, problem_of
from accounts.domain import session_policies
from accounts.domain.cleanups import ENDS
from accounts.domain.plans import DELETING, Plan, World, difference
from accounts.models import Account, Cleanup, SealedCredential
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.gates import plan_of, refusals_now
from accounts.services.cleanups.looking import IAM, world_now
from accounts.services.credentials import assume

DELETE_BROKER, DELETE_ROLE = "mq:DeleteBroker", "iam:DeleteServiceLinkedRole"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would happen now: the calls in their order as (action, target), and whatever stands in their way."""

    calls: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]

    @property
    def would_run(self) -> bool:
        """True when nothing stands in the way."""
        return not self.problems


def rehearse(cleanup: Cleanup) -> Rehearsal:
    """Look afresh, ask the rules, get into the account as the cleaner. Nothing is changed, neither here nor in AWS.

    Raises Refused while there is no plan yet.
    """
    plan = plan_of(cleanup)
    if cleanup.state in ENDS:
        raise Refused(f"{cleanup} is {cleanup.state}: draw a new plan.")
    world = world_now(cleanup.account)
    expired = cleanup.expires_at is not None and cleanup.expires_at <= timezone.now()
    problems = [
        *(["The plan has expired: draw a new one."] if expired else []),
        *(f"{refusal.rule}: {refusal.detail}" for refusal in refusals_now(cleanup)),
        *difference(plan, world).sentences(),
        *_locked_out(cleanup.account, plan),
    ]
    return Rehearsal(tuple(_calls(plan, world)), tuple(problems))


def _calls(plan: Plan, world: World) -> Iterator[tuple[str, str]]:
    """What is left to delete of the plan; what only failed to answer counts as being there."""
    for broker in plan.deletes:
        seen = world.brokers.get(broker.arn)
        hidden = broker.region in world.unknown
        if hidden or seen not in (None, DELETING):
            yield DELETE_BROKER, broker.arn
    if plan.role_arn and (world.role_id == plan.role_id or IAM in world.unknown):
        yield DELETE_ROLE, plan.role_arn


def _locked_out(account: Account, plan: Plan) -> Iterator[str]:
    """Whether the cleaner role lets Rolecall in with the session policies that the plan's calls would have.

    Deletions of brokers differ in nothing but the ARN, so that the first one's session speaks for all.
    """
    if not account.cleaner_role_arn:
        return  # a rule says so already
    policies = [session_policies.delete_role(plan.role_arn)] if plan.role_arn else []
    policies += [session_policies.delete_broker(broker.arn) for broker in plan.deletes[:1]]
    for policy in policies:
        try:
            assume(account, SealedCredential.Purpose.CLEANER, policy)
        except AwsError as error:
            yield f"The cleaner role: {problem_of(error).detail}"
            return
