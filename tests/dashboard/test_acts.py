"""Acts of operators: polling, cancelling, switching a region."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Region, Sweep
from tests.dashboard.factories import make_account, seed_sweep


def test_polling_takes_in_the_accounts_that_the_filters_leave(operating: Client) -> None:
    make_account(1, "orders"), make_account(2, "billing")

    response = operating.post("/matrix/poll/?q=orders")

    assert response["Location"] == "/matrix/?q=orders"
    assert [poll.account.name for poll in Sweep.objects.get().polls.all()] == ["orders"]
    assert Sweep.objects.get().requested_by == "operator"


@pytest.mark.parametrize("query", ["q=nobody", "verdict=bogus"])
def test_filters_that_leave_nobody_poll_nobody(operating: Client, query: str) -> None:
    make_account()

    operating.post(f"/matrix/poll/?{query}")

    assert not Sweep.objects.exists()


def test_one_account_is_polled_alone(operating: Client) -> None:
    account, _ = make_account(1), make_account(2)

    operating.post(f"/accounts/{account.account_id}/poll/")

    assert [poll.account for poll in Sweep.objects.get().polls.all()] == [account]


@pytest.mark.parametrize("press", ["/accounts/{id}/poll/", "/matrix/poll/"])
def test_pressing_poll_twice_leads_to_the_sweep_that_runs(operating: Client, press: str) -> None:
    url = press.format(id=make_account(1).account_id)

    operating.post(url)
    again = operating.post(url, follow=True)

    sweep = Sweep.objects.get()
    assert again.redirect_chain[-1][0] == sweep.get_absolute_url()
    assert "nothing was queued a second time" in again.content.decode()


def test_a_sweep_is_cancelled_once(operating: Client) -> None:
    sweep = seed_sweep([make_account()], timezone.now(), running=True)

    first = operating.post(f"/sweeps/{sweep.pk}/cancel/", follow=True).content.decode()
    second = operating.post(f"/sweeps/{sweep.pk}/cancel/", follow=True).content.decode()

    assert "is cancelled" in first
    assert "was over already" in second
    sweep.refresh_from_db()
    assert sweep.state == "cancelled"


@pytest.mark.parametrize(("word", "polled"), [("no", False), ("yes", True)])
def test_a_region_is_switched_and_the_switch_is_on_record(operating: Client, word: str, polled: bool) -> None:
    Region.objects.filter(code="us-east-1").update(polled=not polled)

    operating.post("/regions/us-east-1/polled/", {"polled": word})

    assert Region.objects.get(code="us-east-1").polled is polled
    assert AuditEntry.objects.get().subject == "us-east-1"


def test_switching_a_region_to_what_it_is_notes_nothing(operating: Client) -> None:
    operating.post("/regions/us-east-1/polled/", {"polled": "yes"})

    assert not AuditEntry.objects.exists()


def test_a_switch_that_is_neither_yes_nor_no_is_refused(operating: Client) -> None:
    response = operating.post("/regions/us-east-1/polled/", {"polled": "perhaps"})

    assert response.status_code == 400
    assert "polled: use yes or no." in response.content.decode()
