"""One account's turn: claimed by a conditional update with a lease, ended only by whoever still holds the lease."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Poll, Sweep
from accounts.models.account import PACE, WAYS_IN
from accounts.services import queue
from accounts.services.memory import OF_THE_POLICY
from accounts.services.schedule import note_refusal, note_success
from accounts.services.sweeps import close_if_finished, leave_out

OF_A_POLL = ("sweep", "account__role_status", "account__region_states")
# Of some eighty columns those that a poll rests on: the others cost it as much time as a call to AWS.
KNOWN_OF_A_POLL = (
    "lease_token",
    "sweep__reason",
    *(f"account__{name}" for name in ("account_id", "name", "open_role_arns", *PACE, *WAYS_IN)),
    *(f"account__role_status__{name}" for name in OF_THE_POLICY),
    "account__region_states__by_code",
    "account__region_states__read_at",
)


class Refusal(Enum):
    """Why a poll was not claimed."""

    OVER = "over"  # done, cancelled, or held by another worker
    BUSY = "busy"  # another sweep is polling the same account: wait a moment


def new_token() -> str:
    """What names a holder of a lease."""
    return secrets.token_hex(16)


def claim(poll_pk: int, token: str = "") -> Poll | Refusal:
    """Take a poll if it is free and nobody polls its account: at most one worker gets it.

    Asked again with its own token, that worker gets it again: it may not have heard the first answer.
    """
    token = token or new_token()
    refusal = _take(poll_pk, token)
    if refusal is Refusal.BUSY:
        # Whoever holds the account may be dead; looked at only now, since nearly always nobody holds it.
        _release_dead_polls_of_account(poll_pk)
        refusal = _take(poll_pk, token)
    if refusal is not None:
        return refusal
    return Poll.objects.select_related(*OF_A_POLL).only(*KNOWN_OF_A_POLL).get(pk=poll_pk)


def _take(poll_pk: int, token: str) -> Refusal | None:
    now = timezone.now()
    lapsed_or_ours = Q(lease_until__lt=now) | Q(lease_token=token)
    free = Q(state=Poll.State.QUEUED) | Q(lapsed_or_ours, state=Poll.State.RUNNING)
    # One statement is a transaction of its own: BEGIN and COMMIT would cost as much again.
    enclosed = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with enclosed:
            # A subquery on the sweeps alone: a join would make Django move `free` into a subquery too, and PostgreSQL
            # does not check a subquery again after it has waited for the row.
            claimed = Poll.objects.filter(free, pk=poll_pk, sweep__in=_in_state(Sweep.State.RUNNING)).update(
                state=Poll.State.RUNNING,
                lease_until=now + timedelta(seconds=settings.POLL_LEASE_SECONDS),
                lease_token=token,
                started_at=now,
                attempts=F("attempts") + 1,
            )
    except IntegrityError:
        return Refusal.BUSY
    return None if claimed else Refusal.OVER


def _release_dead_polls_of_account(poll_pk: int) -> None:
    account = Poll.objects.filter(pk=poll_pk).values("account")
    _release(Poll.objects.filter(account__in=account).exclude(pk=poll_pk))


def _release(polls: QuerySet[Poll]) -> None:
    """Free those of the polls whose worker is dead. In a cancelled sweep nobody would take them up again."""
    now = timezone.now()
    dead = polls.filter(state=Poll.State.RUNNING, lease_until__lt=now)
    leave_out(dead.filter(sweep__in=_in_state(Sweep.State.CANCELLED)))
    overdue = now - timedelta(seconds=settings.POLL_RESEND_SECONDS + 1)
    dead.update(state=Poll.State.QUEUED, lease_token="", sent_at=overdue)


def _in_state(state: Sweep.State) -> QuerySet[Sweep]:
    return Sweep.objects.filter(state=state).order_by()


def finish(
    poll: Poll, *, failed: bool, refused: bool = False, problem: str = "", numbers: Mapping[str, Any] | None = None
) -> bool:
    """End a poll, if its lease is still ours. The caller closes the sweep, once this is committed.

    `refused` is a failure that the account itself is the reason of; `numbers` are further fields of the poll.
    """
    ours = Poll.objects.filter(pk=poll.pk, state=Poll.State.RUNNING, lease_token=poll.lease_token)
    with transaction.atomic(savepoint=False):
        ended = ours.update(
            state=Poll.State.FAILED if failed else Poll.State.DONE,
            finished_at=timezone.now(),
            problem=problem,
            lease_token="",
            lease_until=None,
            **(numbers or {}),
        )
        if ended and refused:
            note_refusal(poll.account_id)
        elif ended and not failed and poll.account.failed_polls:  # raised by polls alone, of which only one runs
            note_success(poll.account_id)
    return bool(ended)


def tend_sweeps() -> int:
    """Put right what a dead worker or an emptied broker left behind; says how many polls it sent again.

    Harmless at any time and in any number: what is sent twice is claimed once.
    """
    _release(Poll.objects.all())
    resent = _resend_waiting(timezone.now() - timedelta(seconds=settings.POLL_RESEND_SECONDS))
    for pk in Sweep.objects.filter(state=Sweep.State.RUNNING).values_list("pk", flat=True):
        close_if_finished(pk)
    _forget_old_sweeps()
    return resent


def _resend_waiting(sent_before: datetime) -> int:
    """Send overdue polls again, the longest waiting first, as far as fewer messages wait than polls.

    A long queue loses nothing by being long: without this bound every round would add its length once more.
    """
    waiting = Poll.objects.filter(state=Poll.State.QUEUED, sweep__state=Sweep.State.RUNNING)
    scheduled = Q(sweep__reason=Sweep.Reason.SCHEDULE)
    return _resend(waiting.filter(scheduled), queue.SCHEDULED_QUEUE, sent_before) + _resend(
        waiting.exclude(scheduled), queue.URGENT_QUEUE, sent_before
    )


def _resend(waiting: QuerySet[Poll], name: str, sent_before: datetime) -> int:
    missing = max(0, waiting.count() - queue.length(name))
    # What was claimed before has had its message taken, so it goes first.
    overdue = waiting.filter(sent_at__lt=sent_before).order_by("-attempts", "sent_at", "pk")
    taken = [
        pk
        for pk, sent_at in overdue.values_list("pk", "sent_at")[:missing]
        if Poll.objects.filter(pk=pk, sent_at=sent_at).update(sent_at=timezone.now())
    ]
    queue.send_polls(taken, name)
    return len(taken)


def _forget_old_sweeps() -> None:
    horizon = timezone.now() - timedelta(days=settings.SWEEP_KEEP_DAYS)
    old = Sweep.objects.filter(finished_at__lt=horizon).order_by("pk").values("pk")[:20]
    Sweep.objects.filter(pk__in=old).delete()
