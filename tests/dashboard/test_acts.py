"""Acts of operators: polling, cancelling, switching a region; and the bar that moves while a sweep runs."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Region, Sweep
from tests.dashboard.factories import make_account, make_status, seed_sweep


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


def test_a_running_sweeps_bar_asks_again_and_tells_the_page(watching: Client, db: None) -> None:
    sweep = seed_sweep([make_account(number) for number in range(3)], timezone.now(), running=True)

    response = watching.get(f"/sweeps/{sweep.pk}/bar/", headers={"HX-Request": "true"})

    assert response.status_code == 200
    assert "sweep-moved" in response["HX-Trigger"]
    assert b'hx-trigger="every 2s"' in response.content
    assert b"2 of 3 accounts" in response.content


def test_a_finished_sweeps_bar_stops_the_asking(watching: Client, db: None) -> None:
    sweep = seed_sweep([make_account()], timezone.now())

    response = watching.get(f"/sweeps/{sweep.pk}/bar/", headers={"HX-Request": "true"})

    assert response.status_code == 286
    assert "sweep-ended" in response["HX-Trigger"]
    assert b"hx-get" not in response.content


def test_progress_is_announced_when_it_has_passed_a_quarter_and_not_before(watching: Client, db: None) -> None:
    sweep = seed_sweep([make_account(number) for number in range(3)], timezone.now(), running=True)

    news = watching.get(f"/sweeps/{sweep.pk}/bar/?said=25").content
    silence = watching.get(f"/sweeps/{sweep.pk}/bar/?said=50").content

    assert b"about 50 per cent" in news
    assert b"sweep-news" not in silence


def test_an_idle_page_asks_now_and_then_whether_a_sweep_runs(watching: Client, db: None) -> None:
    assert b'hx-trigger="every 30s, sweep-begun from:body"' in watching.get("/matrix/").content


def test_htmx_gets_the_rows_and_the_header_alone(watching: Client, db: None) -> None:
    make_status(make_account())

    html = watching.get("/matrix/", headers={"HX-Request": "true"}).content.decode()

    assert html.startswith('<tbody id="rows"')
    assert 'id="census" hx-swap-oob="true"' in html
    assert "<html" not in html


def test_going_back_in_history_gets_the_whole_page(watching: Client, db: None) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}

    assert b"<html" in watching.get("/matrix/", headers=headers).content
