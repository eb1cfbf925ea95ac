"""Polling one account: get in, look at everything, write down what came back."""

from __future__ import annotations

import logging
from collections import Counter

from django.conf import settings
from django.db import transaction

from accounts.aws.gateway import Gateway
from accounts.aws.survey import survey
from accounts.domain.outcomes import Outcome
from accounts.domain.readings import NOTHING_REMEMBERED, AccountReading, Failed, Remembered
from accounts.domain.schedule import REFUSALS
from accounts.models import Account, Poll, Region, RoleStatus, SealedCredential
from accounts.services import claims, queue
from accounts.services.claims import Refusal, claim, new_token
from accounts.services.credentials import StoredSession, shared_clients
from accounts.services.lending import lend_the_connection
from accounts.services.memory import remembered_for
from accounts.services.patience import Patience
from accounts.services.recording import record
from accounts.services.sweeps import close_if_finished
from accounts.services.underway import is_busy_with, underway

logger = logging.getLogger(__name__)

BUSY_WAIT_SECONDS = 2.0
# For one poll. A restart takes seconds; with the default POLL_BUDGET_SECONDS it still fits into the soft time limit.
# A longer outage costs what a dead worker costs: the rest of the lease.
PATIENCE_SECONDS = 60.0
NOT_STORED = (
    "What AWS answered was not stored: a later look is stored already, or the account was deleted or imported into "
    "another partition meanwhile. If this comes again, compare the clocks of the machines that run workers."
)


def run_poll(poll_pk: int) -> None:
    """Claim a poll, look, record, finish; where another sweep polls the account, come again in a moment."""
    if try_poll(poll_pk) is Refusal.BUSY:
        queue.send_polls([poll_pk], queue.URGENT_QUEUE, countdown=BUSY_WAIT_SECONDS)


def try_poll(poll_pk: int) -> Refusal | None:
    """Claim a poll, look, record, finish; or say why it was not claimed. Whatever goes wrong, it ends and says why."""
    patiently, token = Patience(PATIENCE_SECONDS), new_token()
    poll = patiently(lambda: claim(poll_pk, token))
    if isinstance(poll, Refusal):
        return poll
    with underway(poll.sweep_id):
        _poll(poll, patiently)
    # After the commit: of two polls that end at once, each would still see the other one open.
    if not is_busy_with(poll.sweep_id):
        patiently(lambda: close_if_finished(poll.sweep_id))
    return None


def _poll(poll: Poll, patiently: Patience) -> None:
    try:
        reading = look_at(poll.account, patiently, remembered_for(poll))
        if not patiently(lambda: _store(poll, reading)):
            patiently(lambda: claims.finish(poll, failed=True, problem=NOT_STORED))
    except Exception as error:
        # The worker must live on and the poll must end; the next poll tries again.
        logger.exception("The poll of %s broke", poll.account)
        problem = f"Rolecall itself failed: {type(error).__name__}. See the worker's log."
        patiently(lambda: claims.finish(poll, failed=True, problem=problem))


def _store(poll: Poll, reading: AccountReading) -> bool:
    """Store a reading and end its poll, both or neither. False: the reading came too late."""
    with transaction.atomic():
        if not (record(poll.account, reading) or _is_stored(poll.account, reading)):
            return False
        _finish(poll, reading)
    return True


def _is_stored(account: Account, reading: AccountReading) -> bool:
    """Tell a reading that an earlier try has stored, without living to hear of it, from one that came too late."""
    return RoleStatus.objects.filter(account=account, checked_at=reading.finished_at).exists()


def _finish(poll: Poll, reading: AccountReading) -> None:
    role = reading.role.role
    problem = role.problem if isinstance(role, Failed) else None
    claims.finish(
        poll,
        failed=problem is not None,
        refused=problem is not None and problem.outcome in REFUSALS,
        problem=problem.detail if problem else "",
        numbers=numbers_of(reading),
    )


def numbers_of(reading: AccountReading) -> dict[str, object]:
    """The fields of a poll that say what came back and what it cost.

    Regions are named as failing only where the account let Rolecall in: a refusal at the door is not theirs.
    """
    outcomes = {
        region: answer.problem.outcome if isinstance(answer, Failed) else Outcome.OK
        for region, answer in reading.brokers.items()
    }
    failing = {region: outcome for region, outcome in outcomes.items() if outcome.failing}
    slowest = max(reading.cost.seconds, key=reading.cost.seconds.__getitem__, default="")
    return {
        "outcomes": Counter(outcomes.values()),
        "failing_regions": len(failing),
        "failing": {} if isinstance(reading.role.role, Failed) else failing,
        "slowest_region": slowest,
        "slowest_seconds": reading.cost.seconds.get(slowest),
        "calls": reading.cost.calls,
        "retries": reading.cost.retries,
        "throttles": reading.cost.throttles,
    }


def look_at(account: Account, patiently: Patience, remembered: Remembered = NOTHING_REMEMBERED) -> AccountReading:
    """Ask AWS everything about one account but what is remembered; refusals and faults are part of the reading."""
    session = StoredSession(account, SealedCredential.Purpose.READER)
    patiently(session.load)
    gateway = Gateway(
        shared_clients(), account.account_id, account.partition, session, probe_seconds=settings.POLL_PROBE_SECONDS
    )
    regions = patiently(lambda: Region.objects.polled_codes(account.partition))
    lend_the_connection()
    reading = survey(gateway, regions, settings.POLL_THREADS, settings.POLL_BUDGET_SECONDS, remembered)
    patiently(session.save)
    return reading
