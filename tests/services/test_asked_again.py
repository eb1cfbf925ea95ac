"""What is asked for twice is done once; what is cancelled leaves the schedule as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, AuditEntry, Poll, RoleStatus, Sweep
from accounts.services.claims import claim, finish, tend_sweeps
from accounts.services.sweeps import cancel_sweep, get_or_request_sweep, poll_due_accounts, request_sweep

pytestmark = pytest.mark.django_db
MakeAccount = Callable[..., Account]
HOUR = timedelta(hours=1)


def ask(*accounts: Account) -> tuple[Sweep, bool]:
    chosen = Account.objects.filter(pk__in=[account.pk for account in accounts])
    return get_or_request_sweep(chosen, Sweep.Reason.PAGE, "ana")


def test_asking_twice_over_the_same_accounts_gives_the_open_sweep(make_account: MakeAccount) -> None:
    one, other = make_account(), make_account()

    first, begun = ask(one, other)
    second, begun_again = ask(other, one)

    assert (first, begun, begun_again) == (second, True, False)
    assert AuditEntry.objects.count() == 1


def test_a_sweep_over_more_or_fewer_accounts_is_another_sweep(make_account: MakeAccount) -> None:
    one, other, third = make_account(), make_account(), make_account()
    ask(one, other)

    begun = [ask(one)[1], ask(one, other, third)[1], ask(one, third)[1]]

    assert begun == [True, True, True]


def test_a_sweep_that_is_over_or_of_the_schedule_is_not_open(make_account: MakeAccount) -> None:
    account = make_account()
    assert poll_due_accounts() is not None
    first, begun = ask(account)
    cancel_sweep(first, "ana")

    assert begun
    assert ask(account)[1]


def test_the_command_waits_for_the_open_sweep_instead_of_a_second_one(make_account: MakeAccount) -> None:
    ask(make_account())
    out = StringIO()

    call_command("poll", stdout=out)

    assert "is still polling 1 account: nothing was queued a second time" in out.getvalue()


@pytest.fixture
def asked_an_hour_ago(make_account: MakeAccount, settings: Settings) -> Account:
    """Asked every four hours, so due in three."""
    settings.POLL_INTERVAL_SECONDS, settings.POLL_JITTER_PERCENT = 4 * 3600, 0
    account = make_account(next_poll_at=timezone.now() + 3 * HOUR)
    RoleStatus.objects.create(account=account, checked_at=timezone.now() - HOUR)
    return account


def hours_until_next(account: Account) -> int:
    account.refresh_from_db()
    return round((next_poll(account) - timezone.now()) / HOUR)


def next_poll(account: Account) -> datetime:
    assert account.next_poll_at is not None
    return account.next_poll_at


def test_cancelling_gives_an_account_that_was_not_polled_its_place_back(asked_an_hour_ago: Account) -> None:
    sweep, _ = ask(asked_an_hour_ago)
    assert hours_until_next(asked_an_hour_ago) == 4

    cancel_sweep(sweep, "ana")

    assert hours_until_next(asked_an_hour_ago) == 3


def test_an_account_that_was_never_looked_at_is_due_again_at_once(make_account: MakeAccount) -> None:
    account = make_account()

    cancel_sweep(ask(account)[0], "ana")

    account.refresh_from_db()
    assert account.next_poll_at is None


def test_an_account_that_was_polled_keeps_the_interval_it_has_earned(asked_an_hour_ago: Account) -> None:
    sweep, _ = ask(asked_an_hour_ago)
    poll = claim(sweep.polls.get().pk)
    assert isinstance(poll, Poll)

    cancel_sweep(sweep, "ana")
    finish(poll, failed=False)

    assert hours_until_next(asked_an_hour_ago) == 4


def test_an_account_that_another_sweep_is_about_to_poll_is_not_due_before_that(asked_an_hour_ago: Account) -> None:
    sweep, _ = ask(asked_an_hour_ago)
    request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "bob", send=False)

    cancel_sweep(sweep, "ana")

    assert hours_until_next(asked_an_hour_ago) == 4


def test_cancelling_the_schedules_own_sweep_does_not_make_its_accounts_due_at_once(make_account: MakeAccount) -> None:
    account = make_account()
    sweep = poll_due_accounts()
    assert sweep is not None

    cancel_sweep(sweep, "ana")

    assert next_poll(Account.objects.get(pk=account.pk)) > timezone.now()


def test_a_poll_that_died_in_a_cancelled_sweep_gives_its_place_back_too(asked_an_hour_ago: Account) -> None:
    sweep, _ = ask(asked_an_hour_ago)
    claim(sweep.polls.get().pk)
    cancel_sweep(sweep, "ana")
    sweep.polls.update(lease_until=timezone.now() - HOUR)

    tend_sweeps()

    assert sweep.polls.get().state == "cancelled"
    assert hours_until_next(asked_an_hour_ago) == 3
