"""The journal: what Rolecall is about to do, written down before it does it, and what came of it."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.domain.cleanups import TaskStatus
from accounts.models import Cleanup, JournalEntry

LOOK = "look"
FOLLOW = "follow"
END = "end"
# The code of an intent whose call never left: nothing in AWS can come of it.
NOT_SENT = "NotSent"
STOPPED = "Rolecall was stopped before the answer came."


def intend(
    cleanup: Cleanup, action: str, target: str, text: str, *, deletes: bool = False, step: str = ""
) -> JournalEntry:
    """Write down what is about to be done. It is in the database before the caller goes on.

    The intent of a deletion survives PostgreSQL's own death, too, also where the server commits asynchronously.
    """
    with transaction.atomic():
        if deletes:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO on")
        return JournalEntry.objects.create(
            cleanup=cleanup, step=step or cleanup.step, action=action, target=target[:300], intent=text, deletes=deletes
        )


def answer(entry: JournalEntry, text: str, code: str = "", request_id: str = "") -> None:
    """Write down what came of it. A late answer replaces what a second worker took to be the end of it."""
    JournalEntry.objects.filter(pk=entry.pk).update(
        answer=text, answered_at=timezone.now(), code=code[:120], request_id=request_id[:120]
    )


def follow(cleanup: Cleanup, target: str, text: str) -> JournalEntry:
    """The one entry for something that takes its time, from the first look to the last."""
    going_on = _unanswered(cleanup).filter(action=FOLLOW, target=target[:300]).first()
    return going_on or intend(cleanup, FOLLOW, target, text)


def answer_follow(cleanup: Cleanup, target: str, text: str, code: str = "") -> None:
    """What was followed is over."""
    for entry in _unanswered(cleanup).filter(action=FOLLOW, target=target[:300]):
        answer(entry, text, code)


def failed(cleanup: Cleanup, task_id: str) -> bool:
    """Whether AWS has said that a task which was followed came to nothing."""
    return cleanup.journal.filter(action=FOLLOW, target=task_id[:300], code=TaskStatus.FAILED).exists()


def answer_lost(cleanup: Cleanup, action: str, target: str, seen: str) -> None:
    """Close the intents of a dead worker for one call: nobody has the answer, but a fresh look tells as much."""
    for entry in _unanswered(cleanup).filter(action=action, target=target[:300]):
        answer(entry, f"{STOPPED} A fresh look: {seen}")


def answer_lost_looks(cleanup: Cleanup) -> None:
    """Close the looks of a dead worker: the next one begins anew."""
    for entry in _unanswered(cleanup).filter(deletes=False).exclude(action=FOLLOW):
        answer(entry, STOPPED)


def close(cleanup: Cleanup, reason: str) -> None:
    """The clean-up is over: whatever has no answer yet gets none."""
    for entry in _unanswered(cleanup):
        answer(entry, f"The clean-up ended first: {reason}" if entry.action == FOLLOW else STOPPED)


def asked(cleanup: Cleanup, action: str) -> bool:
    """Whether a call has left for AWS, or may have: an intent without an answer counts."""
    return cleanup.journal.filter(action=action).exclude(code=NOT_SENT).exists()


def in_the_dark(cleanup: Cleanup) -> set[str]:
    """The targets of deletions of which nobody knows whether AWS has taken them on: being sent, or lost on the way."""
    lost = cleanup.journal.filter(Q(answered_at__isnull=True) | Q(answer=STOPPED), deletes=True)
    return set(lost.values_list("target", flat=True))


def _unanswered(cleanup: Cleanup) -> QuerySet[JournalEntry]:
    return cleanup.journal.filter(answered_at__isnull=True)
