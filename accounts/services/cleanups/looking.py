"""A fresh look at an account: every Amazon MQ region of its partition, whatever the region table says."""

from __future__ import annotations

from django.conf import settings

from accounts.aws.gateway import Gateway
from accounts.aws.survey import survey
from accounts.domain.outcomes import Outcome
from accounts.domain.plans import World
from accounts.domain.readings import AccountReading, Failed, Known
from accounts.domain.regions import BEYOND_GUIDE_ROWS, GUIDE_ROWS, partition_of
from accounts.models import Account, Cell, Region, SealedCredential
from accounts.services.credentials import StoredSession, shared_clients


def world_now(account: Account) -> World:
    """What is there at this moment, as far as a plan depends on it."""
    reading = _read(account)
    role = reading.role.role
    known = role.value if isinstance(role, Known) else None
    unknown = {} if isinstance(role, Known) else {"iam": role.problem.detail}
    brokers: dict[str, str] = {}
    for region, answer in reading.brokers.items():
        if isinstance(answer, Known):
            brokers |= {broker.arn: broker.state for broker in answer.value}
        elif not _empty_by_being_off(account, region, answer):
            unknown[region] = answer.problem.detail
    return World(known.role_id if known else "", brokers, unknown)


def _empty_by_being_off(account: Account, region: str, answer: Failed) -> bool:
    """A region that is off holds nothing, unless a cell of ours once saw a broker there: AWS deletes none with it."""
    off = answer.problem.outcome is Outcome.REGION_DISABLED
    return off and not Cell.objects.filter(account=account, region=region, brokers__gt=0).exists()


def _read(account: Account) -> AccountReading:
    session = StoredSession(account, SealedCredential.Purpose.READER)
    session.load()
    gateway = Gateway(shared_clients(), account.account_id, account.partition, session)
    rows = {row.code for row in GUIDE_ROWS + BEYOND_GUIDE_ROWS if partition_of(row.code) == account.partition}
    rows |= set(Region.objects.filter(partition=account.partition).values_list("code", flat=True))
    reading = survey(gateway, sorted(rows), settings.POLL_THREADS, settings.POLL_BUDGET_SECONDS)
    session.save()
    return reading
