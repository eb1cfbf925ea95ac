"""Ringing for clean-ups: what is due and unheard of is rung again, so that an emptied Redis costs seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import Cleanup, CleanupQuerySet
from accounts.services import queue

RUN_TASK: Final = "accounts.run_cleanup"
DRAW_TASK: Final = "accounts.draw_plan"
# Longer waits are left to beat: a message with a countdown occupies a worker's memory until then.
SOON_SECONDS: Final = 30.0
RESEND: Final = timedelta(seconds=15)
# A look takes its time, and nobody holds a lease on it.
REDRAW: Final = timedelta(minutes=5)


def ring_soon(cleanup_pk: int, seconds: float = 0) -> None:
    """Ring for a clean-up in so many seconds; for a long wait beat will."""
    if seconds > SOON_SECONDS:
        return
    # Before the message leaves, so that beat does not ring as well.
    at = timezone.now() + timedelta(seconds=seconds)
    if Cleanup.objects.at_work().filter(pk=cleanup_pk).update(sent_at=at):
        queue.ring(RUN_TASK, [cleanup_pk], queue.URGENT_QUEUE, countdown=seconds or None)


def tend_cleanups() -> int:
    """Ring for what is due and what was rung for long ago; says how many rings that made. Harmless at any time."""
    now = timezone.now()
    dead_worker = Q(lease_until__lt=now, sent_at__lt=F("lease_until"))
    unheard = dead_worker | Q(sent_at__isnull=True) | Q(sent_at__lt=F("next_try_at")) | Q(sent_at__lt=now - RESEND)
    due = _take(Cleanup.objects.due(now).filter(unheard), now)
    queue.ring(RUN_TASK, due, queue.URGENT_QUEUE)
    blank = Cleanup.objects.filter(state=State.DRAFTED, plan_json__isnull=True, problem="")
    unlooked = _take(
        blank.filter(Q(sent_at__lt=now - REDRAW) | Q(sent_at__isnull=True, created_at__lt=now - REDRAW)), now
    )
    queue.ring(DRAW_TASK, unlooked, queue.URGENT_QUEUE)
    return len(due) + len(unlooked)


def _take(cleanups: CleanupQuerySet, now: datetime) -> list[int]:
    """Those of the clean-ups that no other beat rings for at the same moment."""
    found = list(cleanups.order_by("pk").values_list("pk", "sent_at"))
    return [pk for pk, sent_at in found if Cleanup.objects.filter(pk=pk, sent_at=sent_at).update(sent_at=now)]
