"""Pages that follow the sweeps: each of them, with mouse and keyboard, short sweeps and one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Broker, Cell, Poll, RoleStatus, Sweep
from tests.browser.test_live import SEE, TOLD, asked
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status, seed_sweep

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG_AGO = timedelta(minutes=50)
LOOKS = 60  # turns of the clock: an answer during which it was turned on counts as slow, and is followed by a long rest
CELL = "#rows tr:has-text('orders-prod') td.c >> nth=0"  # us-east-1
LOOK = "htmx.trigger(document.body, 'sweep-begun')"  # the next idle look, which would come within thirty seconds


@pytest.fixture
def account(db: None) -> Account:
    """An account of which one broker is known."""
    account = make_account(1, "orders-prod")
    then = timezone.now() - LONG_AGO
    make_status(account, brokers=1, checked_at=then)
    make_cell(account, "us-east-1", 1, checked_at=then, last_ok_at=then)
    make_cell(account, "eu-west-1", 0, checked_at=then, last_ok_at=then)
    make_broker(account, "us-east-1", "orders")
    make_status(make_account(2, "billing"))
    return account


@pytest.fixture
def site(live_server: LiveServer, sign_in: Callable[[str], None], page: Page, account: Account) -> str:
    """A site without a worker, the administrator signed in: what happens in it is what the test writes."""
    User.objects.create_superuser("admin", password="correct horse")
    sign_in(live_server.url)
    return live_server.url


@pytest.fixture(autouse=True)
def _clock(page: Page) -> None:
    """The page's clock can be turned on by hand: nobody waits for what a page does every two seconds."""
    page.clock.install()


def soon(page: Page, seen: Callable[..., None], what: str) -> None:
    """Turn the page's clock on, two seconds at a time, until something is seen."""
    for _ in range(LOOKS):
        page.clock.run_for(2_000)
        try:
            return seen(what, timeout=250)
        except AssertionError:
            continue
    return seen(what, timeout=1_000)


def begin() -> Sweep:
    """A sweep over all accounts, none of them polled yet."""
    sweep = seed_sweep(list(Account.objects.all()), timezone.now(), running=True)
    sweep.polls.update(state="queued")
    return sweep


def end(sweep: Sweep, brokers: int = 7) -> None:
    """What a worker writes at the end: what it found, then the polls, then the sweep."""
    now, account = timezone.now(), Account.objects.get(name="orders-prod")
    RoleStatus.objects.update(checked_at=now, brokers=brokers)
    Cell.objects.filter(region="us-east-1").update(brokers=brokers, rabbitmq=brokers, checked_at=now, last_ok_at=now)
    Broker.objects.all().delete()
    for number in range(brokers):
        make_broker(account, "us-east-1", f"found-{number}")
    Poll.objects.filter(sweep=sweep).update(state="done", finished_at=now)
    Sweep.objects.filter(pk=sweep.pk).update(state="done", finished_at=now)


PAGES = {
    "overview": ("/", "#overview-live .figure:has-text('Brokers') b", "7"),
    "matrix": ("/matrix/", "#rows .k-brokers >> nth=1", "7"),
    "accounts": ("/accounts/", "#rows tr:has-text('orders-prod')", "7"),
    "brokers": ("/brokers/", "#counted", "7 brokers"),
    "regions": ("/regions/?per_page=50", "#rows tr:has-text('us-east-1')", "7"),
    "region": ("/regions/us-east-1/", "#counted", "7"),
    "sweeps": ("/sweeps/", "#rows tr >> nth=0", "done"),
    "cell": ("/accounts/{id}/regions/us-east-1/", "#cell-facts .says", "7 brokers"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_follows_a_sweep_to_its_end_and_goes_back_to_looking_seldom(
    site: str, page: Page, account: Account, name: str
) -> None:
    address, part, news = PAGES[name]
    sweep = begin()
    page.goto(site + address.format(id=account.account_id))
    page.evaluate("window.notReloaded = true")
    before = page.locator("#sweep-bar").bounding_box()
    expect(page.locator("#sweep-bar")).to_contain_text("0 of 2 accounts")

    end(sweep)

    soon(page, expect(page.locator(part)).to_contain_text, news)
    expect(page.locator("#sweep-bar")).to_contain_text("done after")
    soon(page, expect(page.locator("#sweep-bar")).to_contain_text, "No sweep is running.")
    assert page.locator("#sweep-bar").bounding_box() == before
    assert asked(page, 6_000) == []
    assert page.evaluate("window.notReloaded")


@pytest.mark.parametrize("name", PAGES)
def test_a_sweep_that_began_and_ended_between_two_looks_is_seen(
    site: str, page: Page, account: Account, name: str
) -> None:
    address, part, news = PAGES[name]
    if name == "sweeps":
        part, news = "#rows", "olga"
    page.goto(site + address.format(id=account.account_id))
    page.evaluate(LOOK)
    page.clock.run_for(2_000)
    page.wait_for_timeout(TOLD)
    end(begin())

    page.evaluate(LOOK)

    soon(page, expect(page.locator(part)).to_contain_text, news)


def test_two_sweeps_one_after_the_other_are_both_followed(site: str, page: Page) -> None:
    page.goto(f"{site}/matrix/")
    for brokers in (5, 8):
        sweep = begin()
        page.evaluate(LOOK)
        expect(page.locator("#sweep-bar")).to_contain_text("0 of 2 accounts")
        end(sweep, brokers)
        soon(page, expect(page.locator(CELL)).to_have_text, str(brokers))
        soon(page, expect(page.locator("#sweep-bar")).to_contain_text, f"The last was Sweep {sweep.pk}, done")


def test_rows_totals_and_the_sentence_above_them_come_in_one_answer(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/matrix/?outcome=ok")
    make_cell(Account.objects.get(name="billing"), "us-east-1", 0)
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.url) if "/matrix/" in answer.url else None)

    end(sweep)

    soon(page, expect(page.locator("#rows")).to_contain_text, "billing")
    expect(page.locator("#totals th")).to_contain_text("2 accounts")
    expect(page.locator("#totals .k-brokers")).to_contain_text("14")
    expect(page.locator("#census")).to_contain_text("2 accounts")
    expect(page.locator("#chips")).to_contain_text("2")
    expect(page.locator("#under")).to_contain_text("1–2 of 2")
    expect(page.locator("#acts")).to_contain_text("Export 2 accounts")
    assert len(answers) == 1


def test_whoever_reads_the_matrix_with_the_keyboard_gets_the_news_and_stays_in_the_cell(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/matrix/")
    page.locator("#rows th").first.focus()
    page.keyboard.press("ArrowDown")
    for _ in range(4):  # role, policy, brokers, us-east-1
        page.keyboard.press("ArrowRight")
    expect(page.locator("#cell-card")).to_contain_text("50 min ago")

    end(sweep)

    soon(page, expect(page.locator(CELL)).to_have_text, "7")
    focused = page.locator("#rows td:focus")
    expect(focused).to_have_text("7")
    assert "orders-prod" in focused.locator("xpath=..").inner_text()
    expect(page.locator("#cell-card")).to_contain_text("7 brokers")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#rows td:focus")).to_have_count(1)


def test_whoever_is_on_a_link_of_a_list_stays_on_it(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/accounts/")
    link = page.locator("#rows").get_by_role("link", name="orders-prod")
    link.focus()
    page.keyboard.press("Shift")  # the keyboard is what reads here

    end(sweep)

    soon(page, expect(page.locator("#rows tr:has-text('orders-prod')")).to_contain_text, "7")
    expect(link).to_be_focused()


def test_where_the_row_under_the_keyboard_is_gone_the_table_keeps_it(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/matrix/?verdict=in_use")
    page.locator("#rows tr:has-text('orders-prod') td.c").first.focus()
    RoleStatus.objects.filter(account__name="orders-prod").update(verdict="absent")

    end(sweep)

    expect(page.locator("#rows")).not_to_contain_text("orders-prod", timeout=30_000)
    assert page.evaluate("document.querySelector('table.matrix').contains(document.activeElement)")


def test_the_card_under_the_pointer_stays_and_says_what_is_new(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/matrix/")
    page.locator(CELL).hover()
    card = page.locator("#cell-card")
    expect(card).to_contain_text("50 min ago")

    end(sweep)

    soon(page, expect(card).to_contain_text, "7 brokers")
    expect(card).not_to_contain_text("min ago")  # the clock was turned on by some seconds


def test_nothing_is_exchanged_under_a_button_that_is_held_or_a_text_that_is_marked(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/accounts/")
    name = page.locator("#rows tr:has-text('orders-prod')")
    name.locator("td.num").first.dblclick()  # marks its figure

    end(sweep)

    soon(page, expect(page.locator("#sweep-bar")).to_contain_text, "done after")
    page.clock.run_for(2_500)
    page.wait_for_timeout(TOLD)
    assert page.evaluate("getSelection().toString()")
    page.evaluate("getSelection().removeAllRanges()")
    soon(page, expect(name).to_contain_text, "7")


def test_a_hidden_tab_asks_nothing_and_has_all_the_news_once_it_is_seen(site: str, page: Page) -> None:
    page.goto(f"{site}/matrix/")
    sweep = begin()
    page.evaluate(LOOK)
    expect(page.locator("#sweep-bar")).to_contain_text("0 of 2 accounts")
    page.evaluate(SEE, True)
    page.wait_for_timeout(500)

    end(sweep)
    assert asked(page, 6_000) == []
    page.evaluate(SEE, False)

    soon(page, expect(page.locator(CELL)).to_have_text, "7")


def test_an_answer_that_fails_leaves_the_rows_and_is_asked_for_again(site: str, page: Page) -> None:
    sweep = begin()
    page.goto(f"{site}/accounts/")
    page.route("**/accounts/", lambda route: route.fulfill(status=200, body="<p>something else</p>"))

    end(sweep)

    with page.expect_response("**/accounts/"):
        page.clock.run_for(8_000)
    page.wait_for_timeout(TOLD)
    expect(page.locator("#rows")).to_contain_text("orders-prod")


def test_a_page_that_sweeps_never_leave_alone_is_not_asked_for_all_the_time(site: str, page: Page) -> None:
    for number in range(3, 14):
        make_status(make_account(number))
    sweep = begin()
    page.goto(f"{site}/matrix/")
    rows: list[str] = []
    page.on("request", lambda request: rows.append(request.url) if "/matrix/" in request.url else None)

    for poll in sweep.polls.all()[:11]:
        Poll.objects.filter(pk=poll.pk).update(state="done")
        page.clock.run_for(1_000)
        page.wait_for_timeout(150)

    assert 1 <= len(rows) <= 3


def test_the_ages_of_cells_go_on_and_the_card_has_the_exact_time(site: str, page: Page) -> None:
    page.goto(f"{site}/matrix/")
    shown = page.locator(CELL)
    expect(shown).to_have_attribute("title", re.compile("50 min ago"))

    page.clock.fast_forward("12:00")

    expect(shown).to_have_attribute("title", re.compile("1 h ago"))
    expect(page.locator("#rows .chip").nth(1)).to_have_attribute("title", re.compile("as of 1 h ago, .* UTC"))
    shown.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#cell-card")).to_contain_text("1 h ago")
    expect(page.locator("#cell-card")).to_contain_text(re.compile(r"Answered \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC"))


def test_an_accounts_page_sees_a_poll_that_began_and_ended_between_two_looks(
    site: str, page: Page, account: Account
) -> None:
    page.goto(site + account.get_absolute_url())
    expect(page.locator("#brokers")).to_contain_text("orders")
    end(begin())

    page.evaluate(LOOK)

    soon(page, expect(page.locator("#brokers")).to_contain_text, "found-6")
    expect(page.locator("#sweep-news")).to_contain_text("orders-prod has been polled.")
