"""One worker at a time per account; what a dead worker or an emptied broker left behind is put right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import Celery, current_app
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, Poll, Sweep
from accounts.services import queue
from accounts.services.claims import Refusal, claim, finish, tend_sweeps
from accounts.services.sweeps import (
    cancel_sweep,
    close_if_finished,
    poll_due_accounts,
    progress_of,
    request_sweep,
)
from accounts.services.watching import standing
from dashboard.celery import app as celery_app

pytestmark = pytest.mark.django_db
MakeAccount = Callable[..., Account]


@pytest.fixture(autouse=True)
def _empty_queues() -> None:
    """What earlier tests have sent is nobody's here."""
    current_app.control.purge()


def sweep_over_everything() -> Sweep:
    return request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test", send=False)


def lapse(poll: Poll) -> None:
    Poll.objects.filter(pk=poll.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def claimed(poll_pk: int) -> Poll:
    poll = claim(poll_pk)
    assert isinstance(poll, Poll)
    return poll


def test_a_poll_is_claimed_once(make_account: MakeAccount) -> None:
    make_account()
    poll = sweep_over_everything().polls.get()

    claimed(poll.pk)

    assert claim(poll.pk) is Refusal.OVER


def test_a_worker_that_did_not_hear_the_answer_may_claim_again(make_account: MakeAccount) -> None:
    make_account()
    poll = sweep_over_everything().polls.get()
    claim(poll.pk, "mine")

    assert isinstance(claim(poll.pk, "mine"), Poll)
    assert claim(poll.pk, "another's") is Refusal.OVER


def test_an_account_is_never_polled_twice_at_once(make_account: MakeAccount) -> None:
    make_account()
    first, second = sweep_over_everything().polls.get(), sweep_over_everything().polls.get()

    running = claimed(first.pk)

    assert claim(second.pk) is Refusal.BUSY
    finish(running, failed=False)
    claimed(second.pk)


def test_a_dead_workers_poll_is_claimed_again_and_its_late_end_is_ignored(make_account: MakeAccount) -> None:
    make_account()
    poll = sweep_over_everything().polls.get()
    dead = claimed(poll.pk)
    lapse(dead)

    alive = claimed(poll.pk)

    assert not finish(dead, failed=True)
    assert finish(alive, failed=False)
    poll.refresh_from_db()
    assert (poll.state, poll.attempts) == ("done", 2)


def test_another_sweep_need_not_wait_for_a_dead_worker(make_account: MakeAccount) -> None:
    make_account()
    first, second = sweep_over_everything().polls.get(), sweep_over_everything().polls.get()
    lapse(claimed(first.pk))

    claimed(second.pk)


def test_a_sweep_is_done_with_its_last_poll(make_account: MakeAccount) -> None:
    make_account()
    make_account()
    sweep = sweep_over_everything()
    one, other = (claimed(poll.pk) for poll in sweep.polls.all())

    finish(one, failed=False)
    assert not close_if_finished(sweep.pk)
    finish(other, failed=True, problem="refused")
    assert close_if_finished(sweep.pk)

    sweep.refresh_from_db()
    progress = progress_of(sweep)
    assert (sweep.state, progress.done, progress.failed, progress.percent) == ("done", 1, 1, 100)


def test_a_sweep_over_nothing_is_done_at_once(db: None) -> None:
    assert Sweep.objects.get(pk=sweep_over_everything().pk).state == "done"


def test_a_cancelled_sweep_begins_no_further_account(make_account: MakeAccount) -> None:
    make_account()
    make_account()
    sweep = sweep_over_everything()
    running, waiting = sweep.polls.order_by("pk")
    holder = claimed(running.pk)

    assert cancel_sweep(sweep, "operator")

    assert claim(waiting.pk) is Refusal.OVER
    assert finish(holder, failed=False)
    assert not cancel_sweep(sweep, "operator")
    assert standing().running is None


def test_tending_sends_again_what_was_lost_and_frees_what_died(make_account: MakeAccount, settings: Settings) -> None:
    settings.POLL_RESEND_SECONDS = 30
    make_account()
    make_account()
    sweep = sweep_over_everything()
    lost, died = sweep.polls.order_by("pk")
    Poll.objects.filter(pk=lost.pk).update(sent_at=timezone.now() - timedelta(minutes=1))
    lapse(claimed(died.pk))

    assert tend_sweeps() == 2
    assert tend_sweeps() == 0

    assert set(sweep.polls.values_list("state", flat=True)) == {"queued"}


def test_a_long_queue_is_not_sent_again_while_its_messages_wait(make_account: MakeAccount, settings: Settings) -> None:
    settings.POLL_RESEND_SECONDS = 30
    for _ in range(3):
        make_account()
    sweep = sweep_over_everything()

    sent = []
    for _ in range(3):
        sweep.polls.update(sent_at=timezone.now() - timedelta(minutes=1))
        sent.append(tend_sweeps())

    assert sent == [3, 0, 0]
    assert queue.length(queue.URGENT_QUEUE) == 3


def test_without_a_broker_no_message_waits(settings: Settings) -> None:
    broken = Celery(broker="redis://127.0.0.1:9/0")
    broken.set_current()
    try:
        assert queue.length(queue.URGENT_QUEUE) == 0
    finally:
        celery_app.set_current()


def test_a_due_account_is_taken_once_and_its_next_poll_is_set(make_account: MakeAccount, settings: Settings) -> None:
    settings.POLL_INTERVAL_SECONDS, settings.POLL_JITTER_PERCENT = 600, 0
    now = timezone.now()
    usual, own, paused = make_account(), make_account(poll_interval_seconds=60), make_account(paused=True)
    later = make_account(next_poll_at=now + timedelta(hours=1))

    sweep = poll_due_accounts(now)

    assert sweep is not None
    assert set(sweep.polls.values_list("account__pk", flat=True)) == {usual.pk, own.pk}
    assert poll_due_accounts(now) is None
    for account in (usual, own, paused, later):
        account.refresh_from_db()
    assert usual.next_poll_at == now + timedelta(seconds=600)
    assert own.next_poll_at == now + timedelta(seconds=60)
    assert paused.next_poll_at is None


def test_an_account_that_is_being_polled_is_not_due(make_account: MakeAccount) -> None:
    make_account()
    sweep_over_everything()

    assert poll_due_accounts() is None


def test_old_sweeps_are_forgotten(make_account: MakeAccount, settings: Settings) -> None:
    settings.SWEEP_KEEP_DAYS = 1
    make_account()
    old, young = sweep_over_everything(), sweep_over_everything()
    cancel_sweep(old, "test")
    Sweep.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=2))

    tend_sweeps()

    assert list(Sweep.objects.all()) == [young]


def test_what_a_person_asked_for_is_not_polled_again_by_the_schedule(make_account: MakeAccount) -> None:
    make_account()
    (poll,) = sweep_over_everything().polls.all()

    finish(claimed(poll.pk), failed=False)

    assert poll_due_accounts() is None


def test_a_dead_workers_poll_in_a_cancelled_sweep_does_not_keep_its_account_from_the_schedule(
    make_account: MakeAccount,
) -> None:
    make_account(next_poll_at=None)
    cancelled = sweep_over_everything()
    lapse(claimed(cancelled.polls.get().pk))
    cancel_sweep(cancelled, "operator")
    later = sweep_over_everything().polls.get()

    finish(claimed(later.pk), failed=False)
    tend_sweeps()

    assert cancelled.polls.get().state == "cancelled"
    assert poll_due_accounts(timezone.now() + timedelta(days=1)) is not None
