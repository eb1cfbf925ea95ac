"""One account's turn: claimed by a conditional update with a lease, ended only by whoever still holds the lease."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Poll, Sweep
from accounts.services import queue
from accounts.services.schedule import note_refusal, note_success
from accounts.services.sweeps import REASONS_OF_QUEUE, close_if_finished


class Refusal(Enum):
    """Why a poll was not claimed."""

    OVER = "over"  # done, cancelled, or held by another worker
    BUSY = "busy"  # another sweep is polling the same account: wait a moment


def claim(poll_pk: int) -> Poll | Refusal:
    """Take a poll if it is free and nobody polls its account: at most one worker gets it."""
    now, token = timezone.now(), secrets.token_hex(16)
    free = Q(state=Poll.State.QUEUED) | Q(state=Poll.State.RUNNING, lease_until__lt=now)
    _release_dead_polls_of_account(poll_pk)
    try:
        with transaction.atomic():
            claimed = Poll.objects.filter(free, pk=poll_pk, sweep__state=Sweep.State.RUNNING).update(
                state=Poll.State.RUNNING,
                lease_until=now + timedelta(seconds=settings.POLL_LEASE_SECONDS),
                lease_token=token,
                started_at=now,
                attempts=F("attempts") + 1,
            )
    except IntegrityError:
        return Refusal.BUSY
    if not claimed:
        return Refusal.OVER
    return Poll.objects.select_related("account").get(pk=poll_pk)


def _release_dead_polls_of_account(poll_pk: int) -> None:
    account = Poll.objects.filter(pk=poll_pk).values("account")
    dead = Poll.objects.filter(account__in=account, state=Poll.State.RUNNING, lease_until__lt=timezone.now())
    dead.exclude(pk=poll_pk).update(state=Poll.State.QUEUED, lease_token="")


def finish(
    poll: Poll, *, failed: bool, refused: bool = False, problem: str = "", numbers: Mapping[str, Any] | None = None
) -> bool:
    """End a poll, if its lease is still ours; then its sweep, if that was the last one.

    `refused` is a failure that the account itself is the reason of; `numbers` are further fields of the poll.
    """
    ours = Poll.objects.filter(pk=poll.pk, state=Poll.State.RUNNING, lease_token=poll.lease_token)
    with transaction.atomic():
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
        elif ended and not failed:
            note_success(poll.account_id)
    close_if_finished(poll.sweep_id)
    return bool(ended)


def tend_sweeps() -> int:
    """Put right what a dead worker or an emptied broker left behind; says how many polls it sent again.

    Harmless at any time and in any number: what is sent twice is claimed once.
    """
    now = timezone.now()
    expired = Poll.objects.filter(state=Poll.State.RUNNING, lease_until__lt=now)
    expired.filter(sweep__state=Sweep.State.CANCELLED).update(state=Poll.State.CANCELLED, finished_at=now)
    resent = sum(
        _free_dead(expired.filter(sweep__reason__in=reasons), name)
        + _resend_lost(name, reasons, now - timedelta(seconds=settings.POLL_RESEND_SECONDS))
        for name, reasons in REASONS_OF_QUEUE.items()
    )
    for pk in Sweep.objects.filter(state=Sweep.State.RUNNING).values_list("pk", flat=True):
        close_if_finished(pk)
    _forget_old_sweeps()
    return resent


def _free_dead(expired: QuerySet[Poll], queue_name: str) -> int:
    """Queue and send again the polls whose worker has let the lease lapse."""
    with transaction.atomic():
        pks = list(expired.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        Poll.objects.filter(pk__in=pks).update(state=Poll.State.QUEUED, lease_token="", sent_at=timezone.now())
        queue.send_polls_on_commit(pks, queue_name)
    return len(pks)


def _resend_lost(queue_name: str, reasons: tuple[str, ...], sent_before: datetime) -> int:
    """Send again as many polls as the broker holds too few messages, the oldest first.

    A queue is first in, first out: what is lost was sent before whatever still waits there. So a long queue is left
    alone, and an emptied one is filled again. Messages of polls that are over make this late, never wrong.
    """
    waiting = Poll.objects.filter(state=Poll.State.QUEUED, sweep__state=Sweep.State.RUNNING, sweep__reason__in=reasons)
    if not waiting.filter(sent_at__lt=sent_before).exists():
        return 0
    held = queue.messages_in(queue_name)
    lost = 0 if held is None else max(0, waiting.count() - held)
    with transaction.atomic():
        rows = waiting.filter(sent_at__lt=sent_before).order_by("sent_at", "pk")[:lost]
        pks = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        Poll.objects.filter(pk__in=pks).update(sent_at=timezone.now())
        queue.send_polls_on_commit(pks, queue_name)
    return len(pks)


def _forget_old_sweeps() -> None:
    horizon = timezone.now() - timedelta(days=settings.SWEEP_KEEP_DAYS)
    old = Sweep.objects.filter(finished_at__lt=horizon).order_by("pk").values("pk")[:20]
    Sweep.objects.filter(pk__in=old).delete()
