"""What a person does with many accounts: tick over two pages, tag, take it back, delete, also without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from tests.browser.shots import shot
from tests.dashboard.factories import seed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[str], None]


@pytest.fixture
def site(live_server: LiveServer) -> str:
    User.objects.create_superuser("admin", password="correct horse")
    seed(30, sweep=False)
    return live_server.url


def test_accounts_ticked_on_two_pages_are_tagged_and_that_is_undone(site: str, sign_in: SignIn, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(site)
    page.goto(f"{site}/accounts/?view=none&per_page=25")

    page.get_by_role("checkbox", name="this page").check()
    expect(page.locator("[data-picked]")).to_have_text("25 ticked")
    page.get_by_role("link", name="Next").click()
    page.locator(".tick").first.check()
    expect(page.locator("[data-picked]")).to_have_text("26 ticked, 25 of them not on this page")
    shot(page, "bulk-bar")
    page.get_by_role("button", name="Tag…").click()

    page.get_by_label("Add or replace it").check()
    page.get_by_label("Tag", exact=True).fill("team=mq")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_role("heading", name="Change a tag: 26 accounts")).to_be_visible()
    shot(page, "bulk-tag")
    page.get_by_role("button", name="Change the tag of 26 accounts").click()
    expect(page.get_by_role("heading", name="26 accounts changed")).to_be_visible()
    assert Account.objects.filter(tags__team="mq").count() == 26
    shot(page, "bulk-done")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").filter(has_text="26 accounts as before.")).to_be_visible()
    assert not Account.objects.filter(tags__has_key="team").exists()
    assert complaints == []


def test_a_row_of_boxes_is_ticked_with_shift_and_forgotten_with_tick_none(
    site: str, sign_in: SignIn, page: Page
) -> None:
    sign_in(site)
    page.goto(f"{site}/accounts/?view=none")

    page.locator(".tick").nth(1).click()
    page.locator(".tick").nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-picked]")).to_have_text("4 ticked")
    page.get_by_role("button", name="Tick none").click()

    expect(page.locator("[data-picked]")).to_have_text("0 ticked")
    expect(page.locator(".tick:checked")).to_have_count(0)


def test_accounts_are_deleted_after_a_typed_phrase_read_and_brought_back(
    site: str, sign_in: SignIn, page: Page
) -> None:
    sign_in(site)
    page.goto(f"{site}/matrix/?view=none&q=payments")
    name = page.locator(".k-account .name").first.inner_text()
    page.locator(".tick").first.check()
    shot(page, "bulk-matrix")
    page.locator("#pick summary", has_text="More").click()
    page.get_by_role("button", name="Delete…").click()

    page.get_by_label("Keep it").check()
    page.get_by_role("button", name="See what changes").click()
    shot(page, "bulk-delete")
    page.get_by_label("Type").fill(page.locator(".typed").inner_text())
    page.get_by_role("button", name="Delete 1 account").click()
    expect(page.get_by_role("heading", name="1 account deleted")).to_be_visible()

    page.goto(f"{site}/accounts/archived/")
    shot(page, "archived-list")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=f"{name} deleted")).to_be_visible()
    shot(page, "archived")
    page.get_by_role("button", name="Watch it again").click()
    expect(page.get_by_role("status").filter(has_text="is watched again, with its history")).to_be_visible()
    expect(page.locator("#changes")).to_contain_text("bring account back")
    shot(page, "account-changes")


def test_all_that_match_are_paused_without_javascript(site: str, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(site)
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{site}/accounts/?q=payments")

    page.get_by_label("that match these filters").check()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Pause 6 accounts").click()

    expect(page.get_by_role("heading", name="6 accounts paused")).to_be_visible()
    assert Account.objects.filter(paused=True).count() == 6
    page.context.close()
