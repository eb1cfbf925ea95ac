"""The fresh look that a plan is drawn from and held against: the role, and every Amazon MQ region of the partition."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.db.models import Q

from accounts.aws.clients import regions_of_amazon_mq
from accounts.aws.gateway import Gateway
from accounts.aws.survey import describe_brokers, last_connections, survey
from accounts.domain.cleanups import State
from accounts.domain.outcomes import Outcome, PolicyGrade
from accounts.domain.plans import DELETING, Plan, PlannedBroker, World, iso
from accounts.domain.policy import compare_policy
from accounts.domain.readings import (
    AccountReading,
    Answer,
    BrokerFacts,
    Failed,
    Known,
    LastConnection,
    RoleReading,
    Unchanged,
)
from accounts.domain.regions import BEYOND_GUIDE_ROWS, GUIDE_ROWS, display_order, partition_of
from accounts.domain.role import ROLE_USING_ENGINE
from accounts.domain.trust import grade_trust
from accounts.domain.warnings import Circumstances
from accounts.models import Account, Cleanup, Region, SealedCredential
from accounts.services.cleanups.errors import CannotLook
from accounts.services.credentials import StoredSession, shared_clients
from accounts.services.lending import lend_the_connection

# Stands among the unknown regions when it is the role that could not be read.
IAM: Final = "iam"
# With the largest budget that a survey may have, both still end before the task's soft time limit.
DESCRIBE_SECONDS: Final = 20
CONNECTIONS_SECONDS: Final = 8


def all_regions(partition: str) -> list[str]:
    """Every region in which the partition may have Amazon MQ, whatever the region table polls."""
    rows = Region.objects.filter(partition=partition).values_list("code", flat=True)
    documented = (row.code for row in (*GUIDE_ROWS, *BEYOND_GUIDE_ROWS) if partition_of(row.code) == partition)
    return sorted({*rows, *documented, *regions_of_amazon_mq(partition)}, key=display_order)


@contextmanager
def reader(account: Account) -> Iterator[Gateway]:
    """The account by its reader role, with the session that polls use, too."""
    session = StoredSession(account, SealedCredential.Purpose.READER)
    session.load()
    yield Gateway(
        shared_clients(), account.account_id, account.partition, session, probe_seconds=settings.POLL_PROBE_SECONDS
    )
    session.save()


def look(account: Account, include_arns: Collection[str] = ()) -> tuple[Plan, AccountReading]:
    """Look at everything and say what a clean-up would do: RabbitMQ's brokers, those asked for, at last the role.

    Without a role there is nothing to clean up, so that no broker is proposed either. A broker that is on its way out
    is left to whoever deletes it. Raises CannotLook when the account lets nobody in.
    """
    with reader(account) as gateway:
        reading = _survey(gateway)
        found = _found(reading)
        role = reading.role.role
        absent = isinstance(role, Known) and role.value is None
        wanted = [] if absent else [one for one in found if _to_go(one, {*include_arns, *_named_by_aws(account)})]
        lend_the_connection()
        details = describe_brokers(gateway, wanted, settings.POLL_THREADS, DESCRIBE_SECONDS)
        connected = last_connections(gateway, wanted, settings.POLL_THREADS, CONNECTIONS_SECONDS)
    facts = role.value if isinstance(role, Known) else None
    plan = Plan(
        account_id=account.account_id,
        partition=account.partition,
        account_name=account.name,
        role_arn=facts.arn if facts else "",
        role_id=facts.role_id if facts else "",
        deletes=tuple(
            _described(one, answer, connected.get(one.arn, LastConnection()))
            for one in wanted
            if not _gone(answer := details[one.arn])
        ),
        keeps=tuple(_listed(one) for one in found if one.arn not in details),
        unknown=unknown_regions(account, reading),
        disabled=tuple(sorted(_off(reading) - set(known_in_disabled(account, reading)))),
        looked=tuple(region for region, answer in reading.brokers.items() if isinstance(answer, Known)),
    )
    return plan, reading


def world_now(account: Account) -> World:
    """What a plan is held against. Where AWS does not even say whether the role is there, `iam` is among the unknown.

    An empty `role_id` says that there is no role only when `iam` is not.
    """
    try:
        with reader(account) as gateway:
            reading = _survey(gateway)
    except CannotLook as error:
        return World("", {}, {IAM: str(error)})
    role = reading.role.role
    return World(
        role_id=role.value.role_id if isinstance(role, Known) and role.value else "",
        brokers={broker.arn: broker.state for broker in _found(reading)},
        unknown=unknown_regions(account, reading) | ({IAM: role.problem.detail} if isinstance(role, Failed) else {}),
        off=tuple(sorted(_off(reading))),
    )


def circumstances(account: Account, reading: AccountReading) -> Circumstances:
    """What a plan's reader is warned of beside the plan itself."""
    role = reading.role.role
    facts = role.value if isinstance(role, Known) else None
    return Circumstances(
        role=facts,
        policy=_policy_grade(reading.role, account.partition) if facts else None,
        trust=grade_trust(facts.trust_document).grade if facts else None,
        known_in_disabled=known_in_disabled(account, reading),
    )


def unknown_regions(account: Account, reading: AccountReading) -> dict[str, str]:
    """The regions that nobody could look into, and why. One that is off counts when brokers were seen in it once."""
    seen = known_in_disabled(account, reading)
    unknown = {}
    for region, answer in reading.brokers.items():
        if not isinstance(answer, Failed):
            continue
        if answer.problem.outcome is not Outcome.REGION_DISABLED:
            unknown[region] = answer.problem.detail
        elif region in seen:
            unknown[region] = f"{answer.problem.detail} But Rolecall once saw brokers there ({seen[region]})."
    return unknown


def known_in_disabled(account: Account, reading: AccountReading) -> dict[str, int]:
    """The regions that AWS says are off, in which the last good poll saw brokers, and how many."""
    cells = account.cells.filter(region__in=_off(reading), brokers__gt=0)
    return {region: number or 0 for region, number in cells.values_list("region", "brokers")}


def _survey(gateway: Gateway) -> AccountReading:
    regions = all_regions(gateway.partition)
    lend_the_connection()
    reading = survey(gateway, regions, settings.POLL_THREADS, deadline=settings.POLL_BUDGET_SECONDS)
    answers = [reading.role.role, *reading.brokers.values()]
    if isinstance(answers[0], Failed) and all(answer == answers[0] for answer in answers):
        raise CannotLook(answers[0].problem)  # one refusal at the door, not one per question
    return reading


def _found(reading: AccountReading) -> list[BrokerFacts]:
    answers = (answer.value for answer in reading.brokers.values() if isinstance(answer, Known))
    return [broker for brokers in answers for broker in sorted(brokers, key=lambda one: (one.name, one.arn))]


def _off(reading: AccountReading) -> set[str]:
    failed = ((region, answer) for region, answer in reading.brokers.items() if isinstance(answer, Failed))
    return {region for region, answer in failed if answer.problem.outcome is Outcome.REGION_DISABLED}


def _to_go(broker: BrokerFacts, named: Collection[str]) -> bool:
    return broker.state != DELETING and (broker.engine_key == ROLE_USING_ENGINE or broker.arn in named)


def _named_by_aws(account: Account) -> set[str]:
    """What IAM named as using the role when a deletion failed last: such a broker goes, whatever its engine.

    Once a deletion has gone through, what was named before it did not stand in its way.
    """
    last = Cleanup.objects.filter(~Q(usage=[]) | Q(attempts__gt=0), account=account).first()
    return {used["resource"] for used in last.usage} if last and last.state != State.DONE else set()


def _gone(answer: Answer[PlannedBroker | None]) -> bool:
    return isinstance(answer, Known) and answer.value is None


def _listed(facts: BrokerFacts) -> PlannedBroker:
    return PlannedBroker(
        arn=facts.arn,
        broker_id=facts.broker_id,
        name=facts.name,
        region=facts.region,
        engine=facts.engine,
        state=facts.state,
        instance_type=facts.instance_type,
        deployment_mode=facts.deployment_mode,
        created_at=iso(facts.created_at),
    )


def _described(facts: BrokerFacts, answer: Answer[PlannedBroker | None], last: LastConnection) -> PlannedBroker:
    if isinstance(answer, Failed):
        return replace(_listed(facts), tags_problem=answer.problem.detail)
    if answer.value is None:
        raise ValueError(f"{facts.arn} is gone")
    return replace(answer.value, last_connection_at=iso(last.at), last_connection_known=last.known)


def _policy_grade(reading: RoleReading, partition: str) -> PolicyGrade:
    if not isinstance(reading.attached_policy_arns, Known) or isinstance(reading.policy, Failed | Unchanged):
        return PolicyGrade.UNREADABLE
    if reading.policy is None:
        return PolicyGrade.NOT_ATTACHED
    return compare_policy(reading.policy.value.document, partition).grade
