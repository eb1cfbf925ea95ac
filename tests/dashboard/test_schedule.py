"""Pausing, intervals of an account's own, and what a sweep's page says of slow, failing and stuck."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEntry, Poll, PollingPause, Sweep
from tests.dashboard.factories import make_account, make_status
from tests.dashboard.test_pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account = make_account(1, "orders")
    make_status(account)
    return account


def test_an_account_is_paused_and_resumed_and_both_are_on_record(operating: Client, account: Account) -> None:
    address = f"/accounts/{account.account_id}/paused/"

    operating.post(address, {"paused": "yes"})
    assert "paused The schedule leaves this account out" in text_of(operating, account.get_absolute_url())
    operating.post(address, {"paused": "yes"})
    operating.post(address, {"paused": "no"})

    account.refresh_from_db()
    assert not account.paused
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "pause account",
        "resume account",
    ]


@pytest.mark.parametrize("page", ["/", "/matrix/", "/sweeps/"])
def test_a_pause_of_all_polling_is_said_with_who_and_since_when(operating: Client, account: Account, page: str) -> None:
    operating.post("/sweeps/paused/", {"paused": "yes"})
    PollingPause.objects.update(since=datetime(2026, 11, 23, 9, 5, tzinfo=UTC))

    assert "Polling is paused since 23 Nov, 09:05 UTC by operator" in text_of(operating, page)

    operating.post("/sweeps/paused/", {"paused": "no"})
    assert "Polling is paused" not in text_of(operating, page)


def test_the_pause_of_all_polling_is_on_record_once(operating: Client) -> None:
    for word in ("yes", "yes", "no", "no"):
        operating.post("/sweeps/paused/", {"paused": word})

    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "pause polling",
        "resume polling",
    ]


@pytest.mark.parametrize("address", ["/sweeps/paused/", "/accounts/{}/paused/"])
def test_a_pause_that_is_neither_yes_nor_no_is_refused(operating: Client, account: Account, address: str) -> None:
    response = operating.post(address.format(account.account_id), {"paused": "perhaps"})

    assert response.status_code == 400
    assert "paused: use yes or no." in response.content.decode()


def test_a_viewer_sees_no_button_that_pauses(watching: Client, account: Account) -> None:
    for page in ("/sweeps/", account.get_absolute_url()):
        assert 'name="paused"' not in watching.get(page).content.decode()


def test_an_account_that_keeps_failing_says_how_often_it_is_asked(watching: Client, account: Account) -> None:
    Account.objects.update(failed_polls=3)

    assert "asked every 2 h since 3 polls failed" in text_of(watching, "/accounts/")
    assert "every 2 h since 3 polls failed" in text_of(watching, account.get_absolute_url())


def test_an_account_that_answers_says_only_its_interval(watching: Client, account: Account) -> None:
    assert "Asked every 15 min" in text_of(watching, account.get_absolute_url())
    assert "asked every" not in text_of(watching, "/accounts/")


@pytest.mark.parametrize(("typed", "seconds"), [("90", 5400), ("", None)])
def test_an_interval_of_its_own_is_set_and_taken_away(
    operating: Client, account: Account, typed: str, seconds: int | None
) -> None:
    Account.objects.update(poll_interval_seconds=60)

    operating.post(f"/accounts/{account.account_id}/interval/", {"minutes": typed})

    account.refresh_from_db()
    assert account.poll_interval_seconds == seconds
    assert AuditEntry.objects.get().action == "set interval"


@pytest.mark.parametrize("typed", ["0", "-5", "soon", "10081"])
def test_an_interval_that_makes_no_sense_changes_nothing(operating: Client, account: Account, typed: str) -> None:
    response = operating.post(f"/accounts/{account.account_id}/interval/", {"minutes": typed}, follow=True)

    assert "The interval stays as it is. Minutes:" in response.content.decode()
    account.refresh_from_db()
    assert account.poll_interval_seconds is None


@pytest.fixture
def sweep(account: Account) -> Sweep:
    """One account answered, one failed in a region, one hangs."""
    sweep, now = Sweep.objects.create(reason="page"), timezone.now()
    began = now - timedelta(minutes=4)
    over = {"sweep": sweep, "started_at": began, "slowest_region": "eu-west-2"}
    Poll.objects.create(
        account=account, state="done", finished_at=began + timedelta(seconds=2), outcomes={"ok": 34}, calls=39,
        slowest_seconds=0.4, **over,
    )  # fmt: skip
    Poll.objects.create(
        account=make_account(2, "billing"), state="done", finished_at=began + timedelta(seconds=35), calls=1041,
        outcomes={"ok": 32, "unreachable": 1, "denied": 1}, failing={"eu-west-2": "unreachable", "sa-east-1": "denied"},
        retries=3, throttles=2, slowest_seconds=33.1, **over,
    )  # fmt: skip
    lease = now + timedelta(minutes=1, seconds=30)
    hanging = {"account": make_account(3, "search"), "state": "running", "started_at": began, "lease_until": lease}
    Poll.objects.create(sweep=sweep, **hanging)
    return sweep


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("Outcome Cells In accounts answered 66 2 denied 1 1", id="outcomes so far by kind"),
        pytest.param("Sent 1,080 Of them retries 3 Answered “slow down” 2", id="requests, retries, throttles"),
        pytest.param("Slowest accounts billing 35.0 s orders 2.0 s", id="slowest accounts"),
        pytest.param("Slowest answers by region eu-west-2 33.1 s", id="slowest regions"),
        pytest.param("eu-west-2 unreachable in 1 account", id="failing regions"),
        pytest.param("search began 4 min ago ; its lease ends in 1 min", id="stuck polls with their age"),
    ],
)
def test_a_sweeps_page_says_what_it_has_met(watching: Client, sweep: Sweep, said: str) -> None:
    assert said in text_of(watching, sweep.get_absolute_url())


def test_a_sweep_that_has_not_begun_says_nothing_wrong(watching: Client, account: Account) -> None:
    sweep = Sweep.objects.create(reason="page")
    Poll.objects.create(sweep=sweep, account=account)

    text = text_of(watching, sweep.get_absolute_url())

    assert "Cells so far None yet." in text
    assert "Running for longer" not in text
