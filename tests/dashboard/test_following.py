"""Pages that follow the sweeps: the mark of what they show, the bar that moves, and how little an idle page asks."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Account, Poll, Sweep
from accounts.services.sweeps import cancel_sweep
from accounts.services.watching import standing
from tests.dashboard.factories import make_account, make_cell, make_status, seed_sweep


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "orders")
    make_status(account)
    make_cell(account, "us-east-1", 2)
    return account


def tables(asked: CaptureQueriesContext) -> list[str]:
    """What was asked, by the first table of each question."""
    return [query["sql"].split("FROM")[1].split()[0] for query in asked if "FROM" in query["sql"]]


def running(count: int = 3) -> Sweep:
    """A sweep of which two thirds are done."""
    return seed_sweep([make_account(number) for number in range(20, 20 + count)], timezone.now(), running=True)


def finish(sweep: Sweep) -> None:
    sweep.polls.update(state="done", finished_at=timezone.now())
    Sweep.objects.filter(pk=sweep.pk).update(state="done", finished_at=timezone.now())


def test_the_mark_differs_with_every_poll_that_ends_and_with_the_end_of_the_sweep(db: None) -> None:
    marks = [standing().mark]
    sweep = running()
    marks.append(standing().mark)
    Poll.objects.filter(sweep=sweep).update(state="done")
    marks.append(standing().mark)
    finish(sweep)
    marks.append(standing().mark)

    assert len(set(marks)) == 4
    assert standing().mark == marks[-1]


def test_a_sweep_that_began_and_ended_between_two_looks_leaves_another_mark(db: None) -> None:
    before = standing().mark

    finish(running())

    assert standing().mark != before
    assert standing().running is None


def test_a_poll_that_ends_after_its_sweep_was_cancelled_leaves_another_mark(db: None) -> None:
    sweep = running()
    sweep.polls.filter(state="queued").update(state="running")
    cancel_sweep(sweep, "olga")
    before = standing().mark

    sweep.polls.update(state="done")

    assert standing().mark != before


def test_a_requested_sweep_is_watched_before_a_scheduled_one(db: None) -> None:
    asked = running()
    scheduled = Sweep.objects.create(reason="schedule")

    assert standing().running == asked
    assert standing().newest == scheduled


def test_an_idle_page_that_has_seen_everything_is_answered_with_nothing(watching: Client, account: Account) -> None:
    finish(running())
    mark = standing().mark

    tables_of_the_sign_in = ['"django_session"', '"auth_user"', '"auth_permission"', '"auth_permission"']
    with CaptureQueriesContext(connection) as asked:
        response = watching.get(f"/sweeps/running/bar/?seen={mark}", headers={"HX-Request": "true"})

    assert (response.status_code, response.content) == (204, b"")
    assert tables(asked) == [*tables_of_the_sign_in, '"accounts_sweep"', '"accounts_poll"']


def test_an_idle_page_that_has_missed_something_gets_a_small_bar_with_the_new_mark(watching: Client, db: None) -> None:
    finish(running())

    response = watching.get("/sweeps/running/bar/?seen=0", headers={"HX-Request": "true"})

    assert f'data-mark="{standing().mark}"' in response.content.decode()
    assert b"No sweep is running." in response.content
    assert b'hx-trigger="every 30s, sweep-begun from:body"' in response.content
    assert len(response.content) < 800


def test_a_running_sweeps_bar_asks_every_two_seconds(watching: Client, db: None) -> None:
    sweep = running()

    for url in ("/sweeps/running/bar/", f"/sweeps/{sweep.pk}/bar/"):
        html = watching.get(url, headers={"HX-Request": "true"}).content.decode()
        assert 'hx-trigger="every 2s"' in html
        assert "2 of 3 accounts" in html


def test_the_end_of_a_followed_sweep_is_said_and_then_the_next_one_is_looked_for(watching: Client, db: None) -> None:
    sweep = running()
    finish(sweep)

    over = watching.get(f"/sweeps/running/bar/?said=50&sweep={sweep.pk}").content.decode()
    idle = watching.get("/sweeps/running/bar/").content.decode()

    assert "done after" in over
    assert "is done, 3 of 3 accounts" in over
    assert 'hx-get="/sweeps/running/bar/" hx-trigger="every 8s, sweep-begun from:body"' in over
    assert "No sweep is running." in idle


def test_the_bar_of_a_sweeps_own_page_stops_asking_once_it_is_over(watching: Client, db: None) -> None:
    sweep = running()
    finish(sweep)

    response = watching.get(f"/sweeps/{sweep.pk}/bar/", headers={"HX-Request": "true"})

    assert response.status_code == 286
    assert b"hx-get" not in response.content


def test_a_cancelled_sweeps_page_asks_until_its_last_poll_has_ended(watching: Client, db: None) -> None:
    sweep = running()
    sweep.polls.filter(state="queued").update(state="running")
    cancel_sweep(sweep, "olga")

    assert watching.get(f"/sweeps/{sweep.pk}/bar/").status_code == 200
    sweep.polls.update(state="done")
    assert watching.get(f"/sweeps/{sweep.pk}/bar/").status_code == 286


def test_progress_is_announced_when_it_has_passed_a_quarter_and_not_before(watching: Client, db: None) -> None:
    sweep = running()

    for address in (f"/sweeps/{sweep.pk}/bar/", "/sweeps/running/bar/"):
        assert b"about 50 per cent" in watching.get(f"{address}?said=25").content
        assert b"sweep-news" not in watching.get(f"{address}?said=50").content


def test_the_rounds_of_the_schedule_are_not_announced(watching: Client, db: None) -> None:
    running()
    Sweep.objects.update(reason="schedule")

    assert b"sweep-news" not in watching.get("/sweeps/running/bar/").content


PAGES = (
    *("/", "/matrix/", "/accounts/", "/brokers/", "/regions/", "/sweeps/"),
    *("/regions/us-east-1/", "/accounts/{id}/regions/us-east-1/"),
)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_polls_has_the_bar_and_parts_with_its_mark(watching: Client, account: Account, page: str) -> None:
    running()

    html = watching.get(page.format(id=account.account_id)).content.decode()

    assert f'data-mark="{standing().mark}"' in html
    assert f'data-follows="{standing().mark}"' in html


def test_the_mark_is_read_before_the_rows(watching: Client, account: Account) -> None:
    with CaptureQueriesContext(connection) as asked:
        watching.get("/matrix/")

    assert tables(asked).index('"accounts_sweep"') < tables(asked).index('"accounts_cell"')


def test_what_a_page_asks_for_itself_takes_no_message_away(operating: Client, account: Account) -> None:
    operating.post("/sweeps/paused/", {"paused": "yes"})

    behind = operating.get("/matrix/", headers={"HX-Request": "true"}).content
    seen = operating.get("/matrix/").content

    assert b"Polling is paused. A sweep" not in behind
    assert b"Polling is paused. A sweep" in seen


COUNTERS = {"rows", "under", "counted", "acts", "chips", "paper", "pick-all"}


@pytest.mark.parametrize(
    ("url", "followed"),
    [
        ("/matrix/?q=o", COUNTERS - {"counted"} | {"census", "totals"}),
        ("/accounts/?q=o", COUNTERS),
        ("/cells/?outcome=ok", COUNTERS - {"pick-all"}),
        ("/regions/?polled=yes", COUNTERS - {"pick-all", "acts"}),
    ],
)
def test_whatever_counts_a_lists_rows_follows_with_them(
    account: Account, operating: Client, url: str, followed: set[str]
) -> None:
    page = operating.get(url).content.decode()

    assert set(re.findall(r'<\w+[^>]*\bid="([\w-]+)"[^>]*\bdata-follows=', page)) == followed
    if "pick-all" in followed:
        assert 'name="matching"' in page.partition('id="pick-all"')[2].partition("</span>")[0]
