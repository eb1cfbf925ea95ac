"""One campaign over three accounts: ticked, looked at, confirmed, approved by a second person, followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Campaign
from dashboard.demo.local_aws.access import CLEANER
from dashboard.demo.local_aws.client import LocalAws
from tests.browser.shots import shot
from tests.local_aws import hub_environment
from tests.processes import worker

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]
QUICK = {"CLEANUP_POLL_SECONDS": "0.2", "CLEANUP_RETRY_SECONDS": "0.5,0.5"}
BROKER = {"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}


@pytest.fixture
def site(
    local_aws: LocalAws, live_server: LiveServer, make_account: Callable[..., Account], tmp_path: Path
) -> Iterator[str]:
    """Three accounts with a cleaner role, one of them with a broker, and one that nobody may clean up."""
    local_aws.set(broker_delete_seconds=1.0, role_delete_seconds=1.0)
    for name, brokers in (("alpha", []), ("beta", [BROKER]), ("gamma", []), ("delta-prod", [])):
        account = make_account(name=name)
        account.cleaner_role_arn = f"arn:aws:iam::{account.account_id}:role/{CLEANER}"
        account.save()
        local_aws.put_account(account.account_id, name=name, external_id=account.external_id, role={}, brokers=brokers)
    for person in ("ana", "ben"):
        User.objects.create_superuser(person, password="correct horse")
    with worker(tmp_path / "worker.log", **hub_environment(local_aws), **QUICK):
        yield live_server.url
    local_aws.set(broker_delete_seconds=3.0, role_delete_seconds=2.0)


def sign_in(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/accounts/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()


def test_three_accounts_are_cleaned_up_under_one_phrase_by_two_people(
    site: str, page: Page, browser: Browser, local_aws: LocalAws
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(page, site, "ana")
    for name in ("alpha", "beta", "gamma", "delta-prod"):
        page.get_by_label(f"Tick {name}").check()
    shot(page, "ticked")
    page.get_by_role("button", name="Plan clean-up for 4").click()
    shot(page, "new")
    page.get_by_role("button", name="Look and draw the plans").click()

    page.get_by_role("link", name="Confirm 3 of 4 accounts").click(timeout=60_000)
    expect(page.locator("main")).to_contain_text("A second person has to approve")
    page.get_by_label("Type delete 4 from 3 accounts").fill("delete 4 from 3 accounts")
    shot(page, "confirm")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("awaiting approval")
    shot(page, "awaiting")

    other = browser.new_context().new_page()
    sign_in(other, site, "ben")
    other.goto(page.url)
    other.get_by_role("link", name="Approve 3 accounts").click()
    shot(other, "approve")
    other.get_by_role("button", name="Approve 4 deletions").click()
    shot(other, "running")
    expect(other.locator("h1")).to_contain_text("done", timeout=60_000)
    expect(other.locator("#campaign-live")).to_contain_text("3 of 3 accounts over")
    shot(other, "done")

    present = {facts["name"]: facts["role_present"] for facts in local_aws.world()["accounts"].values()}
    assert present == {"alpha": False, "beta": False, "gamma": False, "delta-prod": True}
    other.goto(f"{site}/cleanups/{Campaign.objects.get().cleanups.get(account__name='beta').pk}/report/")
    expect(other.locator("main")).to_contain_text("mq:DeleteBroker")
    shot(other, "report")
    assert complaints == []
