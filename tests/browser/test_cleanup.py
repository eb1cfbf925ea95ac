"""What an admin does to be rid of a role: plan, confirm, have approved, follow, stop; with nothing but the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Cleanup
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.cleanup_factories import give_cleaner
from tests.dashboard.factories import make_status
from tests.local_aws import hub_environment
from tests.processes import worker

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]

MOST_TABS = 80
SLOW = 40_000
SHORT_WAITS = {"CLEANUP_POLL_SECONDS": "0.3", "CLEANUP_RETRY_SECONDS": "4,4"}
DEFAULTS = {"broker_delete_seconds": 3.0, "role_delete_seconds": 2.0}
THREE = [
    {"region": region, "name": "orders", "engine": "RabbitMQ"} for region in ("eu-west-1", "us-east-1", "sa-east-1")
]
Cleanable = Callable[..., Account]


@pytest.fixture
def aws(local_aws: LocalAws) -> Iterator[LocalAws]:
    """An AWS that deletes within seconds."""
    local_aws.set(broker_delete_seconds=1.0, role_delete_seconds=0.5)
    yield local_aws
    local_aws.set(**DEFAULTS)


@pytest.fixture
def site(aws: LocalAws, live_server: LiveServer, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """A site with two operators and a worker."""
    settings.AWS_ENDPOINT_URL = aws.url
    for name in ("olga", "anna"):
        User.objects.create_user(name, password="correct horse").groups.add(Group.objects.get(name="operator"))
    with worker(tmp_path / "worker.log", **hub_environment(aws), **SHORT_WAITS):
        yield live_server.url


@pytest.fixture
def cleanable(watched: Callable[..., Account]) -> Cleanable:
    """Make an account whose role is there, and that has a cleaner role."""

    def make(**description: Any) -> Account:
        account = watched(**description)
        give_cleaner(account)
        make_status(account, verdict="unused")
        return account

    return make


def press(page: Page, text: str) -> None:
    """Go to a button or a link with the Tab key alone, and press Enter on it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText.trim()") == text:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"“{text}” cannot be reached with the keyboard")


def enter(page: Page, site: str, name: str, account: Account) -> None:
    """Sign in as one of the operators, on an account's page."""
    page.goto(f"{site}{account.get_absolute_url()}")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=account.name)).to_be_visible()


def plan(page: Page, sentence: str) -> None:
    """Draw a plan, and wait for what it says."""
    press(page, "Plan clean-up")
    expect(page.get_by_role("heading", name=sentence)).to_be_visible(timeout=SLOW)


def confirm(page: Page) -> None:
    """Type the phrase that the page shows; the field has the keyboard already."""
    press(page, "Confirm…")
    page.keyboard.type(page.locator(".typed").inner_text())
    page.keyboard.press("Enter")


def approve(page: Page, site: str) -> None:
    """Open the plan as the second person, from what needs a person or by its address, and approve it."""
    page.goto(f"{site}{Cleanup.objects.get().get_absolute_url()}")
    press(page, "Approve…")
    page.wait_for_url("**/approve/")
    button = page.get_by_role("button", name="Approve: delete").inner_text()
    press(page, button)


def done(page: Page) -> None:
    """Wait for the end, on a page that nobody touches."""
    expect(page.locator("h1")).to_contain_text("done", timeout=SLOW)
    expect(page.locator(".result")).to_contain_text("GetRole said NoSuchEntity.")


@pytest.fixture
def second(browser: Browser) -> Iterator[Page]:
    """The second person's browser."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_an_unused_role_goes_in_one_step(site: str, cleanable: Cleanable, aws: LocalAws, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    account = cleanable()
    enter(page, site, "olga", account)

    plan(page, f"Deletes the role in {account.name}")
    expect(page.locator("main")).to_contain_text("its deletion is one step")
    confirm(page)

    done(page)
    assert not aws.account(account.account_id)["role_present"]
    assert complaints == []


def test_brokers_in_three_regions_go_once_a_second_person_approves(
    site: str, cleanable: Cleanable, aws: LocalAws, page: Page, second: Page
) -> None:
    account = cleanable(brokers=THREE)
    enter(page, site, "olga", account)
    plan(page, f"Deletes 3 RabbitMQ brokers and the role in {account.name}")
    press(page, "Try without deleting")
    expect(page.get_by_role("heading", name="it would go through")).to_be_visible(timeout=SLOW)
    expect(page.locator("tbody tr")).to_have_count(4)
    press(page, "Back to the plan")
    expect(page.get_by_role("button", name="Draw anew")).to_be_visible()
    confirm(page)
    expect(page.locator("h1")).to_contain_text("awaiting approval")
    expect(page.get_by_role("link", name="Approve…")).to_be_hidden()

    enter(second, site, "anna", account)
    approve(second, site)

    done(page)
    done(second)
    expect(page.locator(".targets")).to_contain_text("gone after")
    assert Cleanup.objects.get().approved_by == "anna"
    assert len([call for call in aws.changes() if call["action"] == "DeleteBroker"]) == 3


def test_a_broker_that_appears_after_the_approval_voids_the_plan(
    site: str, cleanable: Cleanable, aws: LocalAws, page: Page, second: Page
) -> None:
    account = cleanable(brokers=THREE[:1])
    enter(page, site, "olga", account)
    plan(page, "Deletes 1 RabbitMQ broker and the role")
    enter(second, site, "anna", account)
    approve(second, site)
    late = aws.add_broker(account.account_id, "eu-west-3", "late")

    page.reload()
    confirm(page)

    expect(page.locator("h1")).to_contain_text("void", timeout=SLOW)
    expect(page.locator("main")).to_contain_text(late)
    assert not [call for call in aws.changes() if call["action"].startswith("Delete")]


def test_a_role_that_aws_calls_in_use_is_waited_for_and_then_deleted(
    site: str, cleanable: Cleanable, page: Page
) -> None:
    account = cleanable(deletion={"fail_times": 1})
    enter(page, site, "olga", account)
    plan(page, f"Deletes the role in {account.name}")
    confirm(page)

    expect(page.locator("h1")).to_contain_text("waiting", timeout=SLOW)
    expect(page.locator(".rail .note-box")).to_contain_text("AWS says")
    expect(page.locator("main")).to_contain_text("next try in")

    done(page)
    expect(page.locator(".rail")).to_contain_text("2nd try")


def test_a_clean_up_is_cancelled_in_the_middle(
    site: str, cleanable: Cleanable, aws: LocalAws, page: Page, second: Page
) -> None:
    aws.set(broker_delete_seconds=60.0)
    account = cleanable(brokers=THREE[:1])
    enter(page, site, "olga", account)
    plan(page, "Deletes 1 RabbitMQ broker and the role")
    confirm(page)
    enter(second, site, "anna", account)
    approve(second, site)
    expect(page.locator(".targets")).to_contain_text("being deleted", timeout=SLOW)

    press(page, "Cancel…")
    expect(page.locator("main")).to_contain_text("cannot be called back")
    press(page, "Cancel the clean-up")

    expect(page.locator("h1")).to_contain_text("cancelled", timeout=SLOW)
    assert aws.account(account.account_id)["role_present"]
