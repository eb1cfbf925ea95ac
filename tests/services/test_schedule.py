"""When accounts are asked, what holds that up, and that a long queue is not taken for a lost one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from celery import current_app
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from accounts.domain.outcomes import Outcome
from accounts.models import Account, Poll, Sweep
from accounts.services.claims import claim, finish, tend_sweeps
from accounts.services.polling import run_poll
from accounts.services.queue import URGENT_QUEUE, length
from accounts.services.schedule import pause_polling, polling_pause, resume_polling
from accounts.services.sweeps import poll_due_accounts, request_sweep
from dashboard.demo.local_aws.client import LocalAws

pytestmark = pytest.mark.django_db
MakeAccount = Callable[..., Account]
Watched = Callable[..., Account]
MINUTE = timedelta(minutes=1)


def sweep_over_everything(*, send: bool = False) -> Sweep:
    return request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test", send=send)


def test_accounts_imported_together_drift_apart(make_account: MakeAccount, settings: Settings) -> None:
    settings.POLL_INTERVAL_SECONDS, settings.POLL_JITTER_PERCENT = 1000, 10
    now = timezone.now()
    for _ in range(30):
        make_account()

    poll_due_accounts(now)

    waits = [(account.next_poll_at - now).total_seconds() for account in Account.objects.all() if account.next_poll_at]
    assert all(900 <= wait <= 1100 for wait in waits)
    assert max(waits) - min(waits) > 60


def test_what_falls_due_within_a_tick_is_one_sweep(make_account: MakeAccount, settings: Settings) -> None:
    settings.POLL_TICK_SECONDS = 60
    now = timezone.now()
    first = make_account()
    assert poll_due_accounts(now) is not None
    second, third = make_account(next_poll_at=now + timedelta(seconds=10)), make_account(next_poll_at=now + MINUTE / 2)

    assert poll_due_accounts(now + timedelta(seconds=40)) is None
    sweep = poll_due_accounts(now + timedelta(seconds=70))

    assert sweep is not None
    assert {poll.account_id for poll in sweep.polls.all()} == {second.pk, third.pk}
    assert first.pk not in {second.pk, third.pk}


def test_a_sweep_that_a_person_asked_for_does_not_delay_the_schedule(make_account: MakeAccount) -> None:
    make_account()
    sweep_over_everything()
    due = make_account()

    sweep = poll_due_accounts()

    assert sweep is not None
    assert sweep.polls.get().account_id == due.pk


def test_while_polling_is_paused_the_schedule_begins_nothing(make_account: MakeAccount) -> None:
    make_account()
    assert pause_polling("ana")
    assert not pause_polling("bob")

    assert poll_due_accounts() is None

    pause = polling_pause()
    assert pause is not None
    assert pause.by == "ana"
    assert resume_polling("bob")
    assert poll_due_accounts() is not None


def test_what_a_person_asks_for_is_polled_although_polling_is_paused(make_account: MakeAccount) -> None:
    account = make_account()
    pause_polling("ana")

    poll = sweep_over_everything().polls.get()

    assert isinstance(claim(poll.pk), Poll)
    assert poll.account_id == account.pk


def test_refusals_in_a_row_make_the_interval_longer_and_a_success_ends_them(
    watched: Watched, local_aws: LocalAws, settings: Settings
) -> None:
    settings.POLL_INTERVAL_SECONDS, settings.POLL_JITTER_PERCENT = 600, 0
    account = watched(external_id="another-one")

    for failed in (1, 2):
        assert scheduled_poll().state == "failed"
        account.refresh_from_db()
        assert (account.failed_polls, seconds_until(account)) == (failed, 600 * 2**failed)

    local_aws.put_account(account.account_id, name=account.name, external_id=account.external_id, role={})
    assert scheduled_poll().state == "done"
    account.refresh_from_db()
    assert (account.failed_polls, seconds_until(account)) == (0, 600)


def scheduled_poll() -> Poll:
    """Make every account due, and poll what the schedule then takes."""
    Sweep.objects.update(created_at=timezone.now() - timedelta(hours=1))
    Account.objects.update(next_poll_at=None)
    sweep = poll_due_accounts()
    assert sweep is not None
    run_poll(sweep.polls.get().pk)
    return sweep.polls.get()


def seconds_until(account: Account) -> int:
    assert account.next_poll_at is not None
    return round((account.next_poll_at - timezone.now()).total_seconds() / 10) * 10


def test_poll_now_ends_a_row_of_refusals(make_account: MakeAccount, settings: Settings) -> None:
    settings.POLL_INTERVAL_SECONDS, settings.POLL_JITTER_PERCENT = 600, 0
    account = make_account(failed_polls=5)

    sweep_over_everything()

    account.refresh_from_db()
    assert (account.failed_polls, seconds_until(account)) == (0, 600)


def test_a_failure_that_is_not_the_accounts_does_not_slow_it_down(make_account: MakeAccount) -> None:
    account = make_account()
    poll = claim(sweep_over_everything().polls.get().pk)
    assert isinstance(poll, Poll)

    finish(poll, failed=True, problem=Outcome.UNREACHABLE)

    account.refresh_from_db()
    assert account.failed_polls == 0


@pytest.fixture
def long_queue(
    make_account: MakeAccount, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Sweep:
    """Forty polls that wait for a worker for ten minutes already, each with its message in the broker."""
    settings.POLL_RESEND_SECONDS = 30
    for _ in range(40):
        make_account()
    with django_capture_on_commit_callbacks(execute=True):
        sweep = sweep_over_everything(send=True)
    sweep.polls.update(sent_at=timezone.now() - 10 * MINUTE)
    assert length(URGENT_QUEUE) == 40
    return sweep


def tend(commit: DjangoCaptureOnCommitCallbacks) -> int:
    with commit(execute=True):
        return tend_sweeps()


def test_a_long_queue_is_not_sent_again(
    long_queue: Sweep, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert tend(django_capture_on_commit_callbacks) == 0
    assert length(URGENT_QUEUE) == 40


def test_an_emptied_broker_is_filled_again_once(
    long_queue: Sweep, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    redis.Redis.from_url(settings.REDIS_URL).delete(f"{prefix}{URGENT_QUEUE}")

    assert [tend(django_capture_on_commit_callbacks) for _ in range(2)] == [40, 0]
    assert length(URGENT_QUEUE) == 40


def test_a_lost_message_in_a_long_queue_is_the_oldest_and_is_sent_again(
    long_queue: Sweep, settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    redis.Redis.from_url(settings.REDIS_URL).rpop(f"{prefix}{URGENT_QUEUE}")  # a worker took it and died
    oldest = long_queue.polls.order_by("pk").first()

    assert tend(django_capture_on_commit_callbacks) == 1

    again = long_queue.polls.filter(sent_at__gt=timezone.now() - MINUTE)
    assert list(again) == [oldest]


def test_without_a_broker_nothing_is_marked_as_sent(long_queue: Sweep) -> None:
    url = current_app.conf.broker_url
    current_app.conf.update(broker_url="redis://127.0.0.1:9/0", broker_read_url="redis://127.0.0.1:9/0")
    try:
        assert tend_sweeps() == 0
    finally:
        current_app.conf.update(broker_url=url, broker_read_url=url)
    assert not long_queue.polls.filter(sent_at__gt=timezone.now() - MINUTE).exists()
