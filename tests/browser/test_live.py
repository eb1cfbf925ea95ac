"""Pages that follow something: they ask nothing unseen, end with it, and leave the reader where he was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.domain.cleanups import State
from accounts.models import AccessCheck, Account, Change, Poll, RoleStatus, Sweep
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.cleanup_factories import make_cleanup
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status, seed_sweep
from tests.local_aws import hub_environment
from tests.processes import worker

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]

LONGER_THAN_A_POLL = 4_500  # milliseconds of the page's own clock; a page that follows asks every two seconds
TOLD = 500  # milliseconds after which the browser has told what the page asks
SEE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => hidden ? "hidden" : "visible" });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(autouse=True)
def _clock(page: Page) -> None:
    """The page's clock can be turned on by hand: nobody waits for what a page does every two seconds."""
    page.clock.install()


@pytest.fixture
def site(live_server: LiveServer, sign_in: Callable[[str], None], page: Page) -> str:
    """A site without a worker, the administrator signed in: what happens in it is what the test writes."""
    User.objects.create_superuser("admin", password="correct horse")
    sign_in(live_server.url)
    return live_server.url


@pytest.fixture
def account(db: None) -> Account:
    """An account whose page is long enough to be scrolled."""
    account = make_account(1, "orders-prod", paused=True)
    make_status(account)
    for number in range(30):
        make_broker(account, "us-east-1", f"orders-{number:02d}")
    make_cell(account, "us-east-1", 30)
    make_cell(account, "eu-west-1", 0)
    return account


def begin(account: Account) -> Poll:
    """A sweep of which this account's poll is still open."""
    sweep = seed_sweep([make_account(8), make_account(9), account], timezone.now(), running=True)
    return sweep.polls.get(account=account)


def end(poll: Poll) -> None:
    """What a worker writes at the end: the status first, then the poll, then the sweep."""
    now = timezone.now()
    RoleStatus.objects.filter(account=poll.account_id).update(verdict="unused", checked_at=now)
    poll.account.brokers.all().delete()
    Poll.objects.filter(pk=poll.pk).update(state="done", finished_at=now)
    Sweep.objects.filter(pk=poll.sweep_id).update(state="done", finished_at=now)


def asked(page: Page, milliseconds: int) -> list[str]:
    """What the page asks by itself within this time, which its clock passes at once."""
    seen: list[str] = []

    def note(request: object) -> None:
        seen.append(request.url)  # type: ignore[attr-defined]

    page.on("request", note)
    page.clock.run_for(milliseconds)
    page.wait_for_timeout(TOLD)
    page.remove_listener("request", note)
    return seen


def waiting_check(account: Account) -> str:
    AccessCheck.objects.create(
        account=account, requested_at=timezone.now(), requested_by="olga", sent_at=timezone.now()
    )
    return account.get_absolute_url()


FOLLOWING: dict[str, Callable[[Account], str]] = {
    "overview": lambda account: str(begin(account) and "/"),
    "matrix": lambda account: str(begin(account) and "/matrix/"),
    "sweep": lambda account: begin(account).sweep.get_absolute_url(),
    "account": lambda account: str(begin(account) and account.get_absolute_url()),
    "clean-up": lambda account: make_cleanup(account, state=State.DELETING_ROLE).get_absolute_url(),
    "access check": waiting_check,
}


@pytest.mark.parametrize("follow", FOLLOWING.values(), ids=FOLLOWING.keys())
def test_a_hidden_tab_asks_nothing_and_catches_up_when_it_is_seen(
    site: str, page: Page, account: Account, follow: Callable[[Account], str]
) -> None:
    page.goto(site + follow(account))
    page.wait_for_load_state("networkidle")
    assert asked(page, LONGER_THAN_A_POLL)

    page.evaluate(SEE, True)
    page.wait_for_timeout(500)  # what was asked while it was seen may still be on its way
    assert asked(page, LONGER_THAN_A_POLL) == []

    with page.expect_request(lambda request: True, timeout=1_500):
        page.evaluate(SEE, False)


@pytest.mark.parametrize("name", ["sweep", "account"])
def test_the_asking_ends_with_the_sweep_and_the_page_shows_its_end(
    site: str, page: Page, account: Account, name: str
) -> None:
    page.goto(site + FOLLOWING[name](account))
    page.evaluate("window.notReloaded = true")

    end(Poll.objects.get(account=account))

    shown = {
        "sweep": page.locator("#sweep-head h1"),
        "account": page.locator("#summary h2"),
    }[name]
    said = {"sweep": "done", "account": "Unused"}[name]
    expect(shown).to_contain_text(said, timeout=15_000)
    page.wait_for_load_state("networkidle")
    assert asked(page, LONGER_THAN_A_POLL) == []
    assert page.evaluate("window.notReloaded")


def test_an_end_that_nobody_saw_is_shown_when_the_tab_is_seen_again(site: str, page: Page, account: Account) -> None:
    poll = begin(account)
    page.goto(site + account.get_absolute_url())
    page.evaluate(SEE, True)

    end(poll)
    assert asked(page, LONGER_THAN_A_POLL) == []
    expect(page.locator("#summary h2")).to_contain_text("In use")

    page.evaluate(SEE, False)
    expect(page.locator("#summary h2")).to_contain_text("Unused", timeout=15_000)


def test_the_reader_keeps_place_focus_open_details_and_what_is_typed(site: str, page: Page, account: Account) -> None:
    poll = begin(account)
    page.goto(site + account.get_absolute_url())
    page.get_by_label("Interval in minutes").fill("45")
    page.locator("#whole-trust summary").click()
    folded = page.locator("#regions details", has_text="answered: no brokers")
    folded.locator("summary").click()
    top = "document.querySelector('#history').getBoundingClientRect().top"
    page.evaluate("document.querySelector('#history').scrollIntoView({block: 'center', behavior: 'instant'})")
    before = page.evaluate(top)

    end(poll)
    expect(page.locator("#summary h2")).to_contain_text("Unused", timeout=15_000)

    expect(folded.locator("summary")).to_be_focused()
    expect(folded).to_have_attribute("open", "")
    expect(page.get_by_label("Interval in minutes")).to_have_value("45")
    expect(page.locator("#whole-trust")).to_have_attribute("open", "")
    assert abs(page.evaluate(top) - before) < 4


def test_the_end_of_a_poll_is_announced(site: str, page: Page, account: Account) -> None:
    poll = begin(account)
    page.goto(site + account.get_absolute_url())

    end(poll)

    expect(page.locator("#sweep-news")).to_have_text("orders-prod has been polled. Its role: Unused.", timeout=15_000)
    expect(page.locator("#sweep-news")).to_have_role("status")


def test_the_panel_of_an_access_check_follows_it_and_keeps_what_is_open(
    site: str, page: Page, account: Account
) -> None:
    page.goto(site + waiting_check(account))
    panel = page.locator("#access-check")
    expect(panel).to_contain_text("being checked")
    assert asked(page, LONGER_THAN_A_POLL)

    call = {"action": "iam:GetRole", "result": "allowed", "denied_by": "", "detail": "", "add": False}
    AccessCheck.objects.update(
        checked_at=timezone.now(), reader="ready", results={"reader": {"detail": "", "calls": [call]}}
    )

    expect(panel.get_by_role("button", name="Check access")).to_be_visible(timeout=15_000)
    expect(panel).to_contain_text("All 1 call: 1 allowed")
    assert asked(page, LONGER_THAN_A_POLL) == []


@pytest.fixture
def polled_site(local_aws: LocalAws, site: str, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """The same with a worker and an AWS to ask."""
    settings.AWS_ENDPOINT_URL = local_aws.url
    with worker(tmp_path / "worker.log", **hub_environment(local_aws)):
        yield site


def test_poll_now_is_followed_to_the_new_state_without_a_reload(
    polled_site: str, watched: Callable[..., Account], page: Page
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    account = watched(brokers=[{"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}])
    page.goto(polled_site + account.get_absolute_url())
    expect(page.locator("#summary")).to_contain_text("Not polled yet")

    page.get_by_role("button", name="Poll this account").click()
    page.evaluate("window.notReloaded = true")

    expect(page.locator("#summary h2")).to_have_text("In use: 1 RabbitMQ broker in 1 region.", timeout=40_000)
    expect(page.locator("#brokers")).to_contain_text("orders")
    expect(page.locator("#permissions")).to_contain_text("12 ✓ granted")
    expect(page.locator("#following")).to_be_hidden()
    assert page.evaluate("window.notReloaded")
    assert complaints == []


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A browser that runs no script."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_javascript_every_step_is_a_link_or_a_form(
    live_server: LiveServer, plain: Page, account: Account
) -> None:
    User.objects.create_superuser("admin", password="correct horse")
    now = timezone.now()
    for number in range(45):
        Change.objects.create(
            account=account, at=now - timedelta(hours=number), kind="brokers", new=f"{number} RabbitMQ"
        )
    plain.goto(live_server.url + account.get_absolute_url())
    plain.get_by_label("User name").fill("admin")
    plain.get_by_label("Password").fill("correct horse")
    plain.get_by_role("button", name="Sign in").click()

    plain.get_by_role("button", name="Poll this account").click()
    expect(plain.locator("#following")).to_contain_text("Waits for a worker")
    end(Poll.objects.get(account=account))
    plain.locator("#following").get_by_role("link", name="Reload").click()
    expect(plain.locator("#summary h2")).to_contain_text("Unused")

    plain.locator(".sections").get_by_role("link", name="History").click()
    plain.locator("#history").get_by_role("link", name="Older").click()
    expect(plain.locator("#history")).to_contain_text("44 RabbitMQ")
    plain.locator("#regions summary", has_text="answered: no brokers").click()
    expect(plain.locator("#region-eu-west-1")).to_be_visible()
    make_broker(make_account(99, "elsewhere"), "us-east-1", "orders")
    plain.get_by_role("link", name="Brokers", exact=True).first.click()
    plain.locator("th").get_by_role("link", name="Broker", exact=True).click()
    expect(plain.locator("th[aria-sort=ascending]")).to_have_text("Broker")
