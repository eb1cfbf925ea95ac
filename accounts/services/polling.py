"""Polling one account: get in, look at everything, write down what came back."""

from __future__ import annotations

import logging

from django.conf import settings

from accounts.aws.gateway import Gateway
from accounts.aws.survey import survey
from accounts.domain.readings import AccountReading, Failed
from accounts.models import Account, Poll, Region, SealedCredential
from accounts.services import claims, queue
from accounts.services.claims import Refusal, claim
from accounts.services.credentials import StoredSession, shared_clients
from accounts.services.recording import record

logger = logging.getLogger(__name__)

BUSY_WAIT_SECONDS = 2.0
NOT_STORED = (
    "What AWS answered was not stored: a later look is stored already, or the account was imported into another "
    "partition meanwhile. If this comes again, compare the clocks of the machines that run workers."
)


def run_poll(poll_pk: int) -> None:
    """Claim a poll, look, record, finish. Whatever goes wrong, the poll ends and says why."""
    poll = claim(poll_pk)
    if poll is Refusal.BUSY:
        queue.send_polls([poll_pk], queue.URGENT_QUEUE, countdown=BUSY_WAIT_SECONDS)
    if isinstance(poll, Refusal):
        return
    try:
        reading = look_at(poll.account)
        stored = record(poll.account, reading)
    except Exception as error:
        # The worker must live on and the poll must end; the next poll tries again.
        logger.exception("The poll of %s broke", poll.account)
        claims.finish(
            poll, failed=True, problem=f"Rolecall itself failed: {type(error).__name__}. See the worker's log."
        )
        return
    if stored:
        _finish(poll, reading)
    else:
        claims.finish(poll, failed=True, problem=NOT_STORED)


def _finish(poll: Poll, reading: AccountReading) -> None:
    role = reading.role.role
    failing = sum(
        1 for answer in reading.brokers.values() if isinstance(answer, Failed) and answer.problem.outcome.failing
    )
    claims.finish(
        poll,
        failed=isinstance(role, Failed),
        failing_regions=failing,
        problem=role.problem.detail if isinstance(role, Failed) else "",
    )


def look_at(account: Account) -> AccountReading:
    """Ask AWS everything about one account; refusals and faults come back as part of the reading."""
    session = StoredSession(account, SealedCredential.Purpose.READER)
    session.load()
    gateway = Gateway(shared_clients(), account.account_id, account.partition, session)
    regions = Region.objects.polled_codes(account.partition)
    reading = survey(gateway, regions, threads=settings.POLL_THREADS, deadline=settings.POLL_BUDGET_SECONDS)
    session.save()
    return reading
