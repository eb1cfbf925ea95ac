"""Sweeps: asked for, begun when due, cancelled, watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Account, AccountQuerySet, Poll, Sweep
from accounts.services import audit, queue
from accounts.services.schedule import give_places_back, move_next_polls, polling_pause

BATCH = 2000


def get_or_request_sweep(accounts: AccountQuerySet, reason: str, requested_by: str) -> tuple[Sweep, bool]:
    """The requested sweep that is still open over exactly these accounts, and False; else a new one, and True.

    Whoever presses “poll now” twice gets one answer, and AWS one round of questions.
    """
    with transaction.atomic():
        # Locked, so that of two who ask at once the second finds what the first has made.
        awake = accounts.awake().order_by("pk")
        chosen = list(awake.select_for_update(of=("self",)).values_list("pk", flat=True))
        if chosen and (there := _open_over(chosen)):
            return there, False
        return request_sweep(accounts, reason, requested_by), True


def _open_over(account_pks: list[int]) -> Sweep | None:
    running = Sweep.objects.filter(state=Sweep.State.RUNNING).exclude(reason=Sweep.Reason.SCHEDULE)
    others = Poll.objects.filter(sweep=OuterRef("pk")).exclude(account__in=account_pks)
    as_many = running.annotate(accounts=Count("polls")).filter(accounts=len(account_pks))
    return as_many.exclude(Exists(others)).first()


def request_sweep(accounts: AccountQuerySet, reason: str, requested_by: str, *, send: bool = True) -> Sweep:
    """Start a sweep over these accounts, due or not, ahead of the schedule. Somebody waits for it.

    Those that AWS calls suspended, closed or gone are left out: nobody can assume a role there.

    It ends a row of refusals: whoever asks has perhaps just mended the role. Without `send` the workers are not rung:
    the caller runs the polls itself.
    """
    with transaction.atomic():
        chosen = list(accounts.awake().order_by("pk").values_list("pk", flat=True))
        asked = Account.objects.filter(pk__in=chosen).order_by("pk")
        # In one order, so that two who ask at once do not deadlock; who was deleted meanwhile is not asked.
        chosen = list(asked.select_for_update().values_list("pk", flat=True))
        asked.filter(failed_polls__gt=0).update(failed_polls=0)
        move_next_polls(asked, timezone.now())  # or beat would find them due, and poll them all once more
        sweep = _create(chosen, reason, requested_by, send=send)
        audit.note(requested_by, "poll", str(sweep), f"accounts: {len(chosen)}")
    return sweep


def poll_due_accounts(now: datetime | None = None) -> Sweep | None:
    """Start a sweep over the accounts whose time has come; None when there are none, or it is not time for a sweep.

    Two beats may call this at once: an account is taken by moving its next poll, under a row lock.
    """
    now = now or timezone.now()
    if polling_pause() or _swept_lately(now):
        return None
    open_polls = Poll.objects.filter(account=OuterRef("pk"), state__in=Poll.OPEN)
    with transaction.atomic():
        due = Account.objects.due(now).exclude(Exists(open_polls)).order_by("pk")
        taken = list(due.select_for_update(skip_locked=True, of=("self",)))
        if not taken:
            return None
        move_next_polls(taken, now)
        return _create([account.pk for account in taken], Sweep.Reason.SCHEDULE, "")


def _swept_lately(now: datetime) -> bool:
    """Accounts fall due one by one; gathering them for a while makes one sweep of them, not one every few seconds."""
    since = now - timedelta(seconds=settings.POLL_TICK_SECONDS)
    return Sweep.objects.filter(reason=Sweep.Reason.SCHEDULE, created_at__gt=since).exists()


def _create(account_pks: list[int], reason: str, requested_by: str, *, send: bool = True) -> Sweep:
    sweep = Sweep.objects.create(reason=reason, requested_by=requested_by)
    polls = Poll.objects.bulk_create(
        (Poll(sweep=sweep, account_id=pk, sent_at=sweep.created_at) for pk in account_pks), batch_size=BATCH
    )
    if not polls:
        close_if_finished(sweep.pk)
    if send:
        queue.send_polls_on_commit([poll.pk for poll in polls], queue_of(sweep))
    return sweep


def queue_of(sweep: Sweep) -> str:
    """The queue that a sweep's polls wait in: what a person asked for goes first."""
    return queue.SCHEDULED_QUEUE if sweep.reason == Sweep.Reason.SCHEDULE else queue.URGENT_QUEUE


def cancel_sweep(sweep: Sweep, actor: str) -> bool:
    """Stop a sweep: accounts not yet begun are left out, running ones end by themselves. False: it was over."""
    with transaction.atomic():
        running = Sweep.objects.filter(pk=sweep.pk, state=Sweep.State.RUNNING)
        if not running.update(state=Sweep.State.CANCELLED, finished_at=timezone.now()):
            return False
        leave_out(sweep.polls.filter(state=Poll.State.QUEUED))
        audit.note(actor, "cancel sweep", str(sweep))
    sweep.refresh_from_db()
    return True


def leave_out(polls: QuerySet[Poll]) -> None:
    """Cancel polls. Accounts that somebody's request had taken out of the schedule have their place back.

    Not those of the schedule's own sweep: they would be due at once, and the next tick would undo the cancelling.
    """
    requested = polls.exclude(sweep__reason=Sweep.Reason.SCHEDULE)
    taken = list(requested.values_list("account", flat=True))
    polls.update(state=Poll.State.CANCELLED, finished_at=timezone.now())
    polled_elsewhere = Poll.objects.filter(account=OuterRef("pk"), state__in=Poll.OPEN)
    give_places_back(Account.objects.filter(pk__in=taken).exclude(Exists(polled_elsewhere)))


def close_if_finished(sweep_pk: int) -> bool:
    """Mark a sweep done once none of its polls is open."""
    still_open = Poll.objects.filter(sweep=OuterRef("pk"), state__in=Poll.OPEN)
    running = Sweep.objects.filter(pk=sweep_pk, state=Sweep.State.RUNNING)
    closed = running.exclude(Exists(still_open)).update(state=Sweep.State.DONE, finished_at=timezone.now())
    return bool(closed)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep has come. `rate` is in accounts per second; `seconds_left` is None when nobody can tell."""

    total: int
    done: int
    failed: int
    cancelled: int
    queued: int
    running: int
    failing_regions: int
    failing_accounts: int
    calls: int
    retries: int
    throttles: int
    elapsed_seconds: float
    rate: float
    seconds_left: float | None
    finished: bool

    @property
    def answered(self) -> int:
        """Accounts that are over, well or not."""
        return self.done + self.failed

    @property
    def percent(self) -> int:
        """Whole per cent of the accounts that are over."""
        return 100 if not self.total else 100 * (self.answered + self.cancelled) // self.total


def progress_of(sweep: Sweep, accounts: AccountQuerySet | None = None) -> Progress:
    """Count a sweep's polls, or those of these accounts, in one query."""
    mine = {} if accounts is None else {"account__in": accounts.order_by().values("pk")}
    counts = sweep.polls.filter(**mine).aggregate(
        total=Count("pk"),
        **{state.value: Count("pk", filter=Q(state=state)) for state in Poll.State},
        failing_accounts=Count("pk", filter=Q(failing_regions__gt=0)),
        **{name: Sum(name, default=0) for name in ("failing_regions", "calls", "retries", "throttles")},
    )
    elapsed = ((sweep.finished_at or timezone.now()) - sweep.created_at) / timedelta(seconds=1)
    over, left = counts["done"] + counts["failed"], counts["queued"] + counts["running"]
    rate = over / elapsed if elapsed > 0 else 0.0
    return Progress(
        **counts,
        elapsed_seconds=elapsed,
        rate=rate,
        seconds_left=left / rate if rate and left else None,
        finished=sweep.state != Sweep.State.RUNNING,
    )
