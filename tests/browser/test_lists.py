"""What stands above a list: one row of filters, one slim row, and acts that come when there is somebody to act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from tests.browser.shots import shot
from tests.dashboard.factories import seed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[str], None]
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
LISTS = ("matrix", "accounts", "brokers", "cleanups", "regions", "onboarding", "sweeps", "audit", "campaigns")
# Where everything stands that a person sees, but for what floats.
PLACES = """() => [...document.querySelectorAll('main *')]
  .filter(one => one.offsetParent && !one.closest('.deeds')).map(one => [one.tagName, one.getBoundingClientRect()])
  .map(([name, box]) => [name, box.x + scrollX, box.y + scrollY, box.width, box.height])"""
INSIDE = """one => { const box = one.getBoundingClientRect();
  return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.width > 0; }"""


@pytest.fixture
def site(live_server: LiveServer) -> str:
    User.objects.create_superuser("admin", password="correct horse")
    seed(30, sweep=False)
    return live_server.url


def places(page: Page) -> Any:
    return page.evaluate(PLACES)


@pytest.mark.parametrize("name", ["matrix", "accounts"])
@pytest.mark.parametrize("size", [DESK, PHONE, ViewportSize(width=1024, height=768)])
def test_nothing_moves_when_something_is_ticked(
    site: str, sign_in: SignIn, page: Page, name: str, size: ViewportSize
) -> None:
    sign_in(site)
    page.set_viewport_size(size)
    page.goto(f"{site}/{name}/?view=none")
    before = places(page)
    expect(page.get_by_role("button", name="Poll now")).to_be_hidden()

    page.locator(".tick").first.check()

    expect(page.get_by_role("button", name="Poll now")).to_be_visible()
    assert places(page) == before
    assert page.locator(".deeds").evaluate(INSIDE)


def test_the_acts_say_for_how_many_they_are_and_go_with_the_last_tick(site: str, sign_in: SignIn, page: Page) -> None:
    sign_in(site)
    page.goto(f"{site}/matrix/?view=none")
    said, acts = page.locator("[data-picked]"), page.get_by_role("group", name="Acts")

    page.locator(".tick").first.check()
    expect(said).to_have_text("1 ticked")
    expect(page.get_by_role("button", name="Plan clean-up for 1")).to_be_visible()
    page.get_by_label("all 30").check()
    expect(said).to_have_text("all 30")
    expect(page.get_by_role("button", name="Plan clean-ups…")).to_be_visible()
    page.locator(".tick").nth(1).check()
    expect(said).to_have_text("2 ticked")
    page.locator(".tick").nth(1).uncheck()
    page.locator(".tick").first.uncheck()
    expect(acts).to_be_hidden()

    page.get_by_label("all 30").check()
    page.get_by_role("button", name="Tick none").click()
    expect(acts).to_be_hidden()
    expect(page.get_by_label("0 ticked")).to_be_checked()


def test_a_filter_from_the_menu_of_more_is_removed_as_a_chip(site: str, sign_in: SignIn, page: Page) -> None:
    sign_in(site)
    page.goto(f"{site}/accounts/?view=none&sort=-name")
    expect(page.get_by_role("button", name="Filter", exact=True)).to_be_hidden()
    page.locator("summary", has_text="More filters").click()
    page.get_by_role("group", name="Trust").get_by_label("exact").check()
    page.locator(".rest").get_by_label("Owner").fill("nobody")  # a textbox, and a combobox once values are suggested
    page.locator(".rest").get_by_role("button", name="Apply").click()

    expect(page.locator(".chips .pill")).to_have_count(2)
    expect(page.get_by_text("No account matches these filters.")).to_be_visible()
    assert "trust=exact" in page.url and "owner=nobody" in page.url and "sort=-name" in page.url
    shot(page, "more-filters")
    page.get_by_role("link", name="Remove the filter Owner: nobody").click()
    expect(page.locator(".chips .pill")).to_have_count(1)
    page.get_by_role("link", name="Remove the filter Trust").click()


def test_filters_and_acts_need_no_javascript(site: str, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False, viewport=DESK).new_page()
    page.goto(site)
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{site}/matrix/?view=none")

    page.get_by_label("Name or id", exact=True).fill("payments")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator("summary", has_text="More filters").click()
    page.get_by_role("group", name="Partition").get_by_label("aws", exact=True).check()
    page.locator(".rest").get_by_role("button", name="Apply").click()
    assert "q=payments" in page.url and "partition=aws" in page.url
    expect(page.get_by_label("Tick this page")).to_be_hidden()

    page.locator(".tick").nth(1).check()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Pause 1 account").click()
    expect(page.get_by_role("heading", name="1 account paused")).to_be_visible()
    assert Account.objects.filter(paused=True).count() == 1
    page.context.close()


def test_a_list_is_filtered_and_acted_on_by_keyboard_alone(site: str, sign_in: SignIn, page: Page) -> None:
    sign_in(site)
    page.goto(f"{site}/accounts/?view=none")

    page.get_by_label("Name or id", exact=True).focus()
    for _ in range(4):  # verdict, policy, outcome, tag
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tag", exact=True)).to_be_focused()
    page.keyboard.type("unit=payments")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Remove the filter Tag: unit=payments")).to_be_visible()

    page.goto(f"{site}/accounts/?view=none")
    page.locator(".tick-page").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-picked]")).to_have_text("25 ticked")
    for wanted in ("Tick none", "More ▾", "Plan clean-up for 25"):
        for _ in range(2):
            if not page.evaluate("document.activeElement.closest('.deeds')"):
                page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.textContent.trim()") == wanted
        page.keyboard.press("Shift+Tab")


def test_the_matrix_is_ticked_by_the_page_from_its_heading(site: str, sign_in: SignIn, page: Page) -> None:
    sign_in(site)
    page.goto(f"{site}/matrix/?view=none")

    page.locator("#rows th").first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")

    expect(page.locator("[data-picked]")).to_have_text("25 ticked")
    expect(page.locator(".tick:checked")).to_have_count(25)
    page.locator(".tick").first.uncheck()
    assert page.locator(".tick-page").evaluate("one => one.indeterminate")


def test_a_tick_stands_beside_the_middle_of_its_name(site: str, sign_in: SignIn, page: Page) -> None:
    sign_in(site)
    for name in ("matrix", "accounts"):
        page.goto(f"{site}/{name}/?view=none")
        row = page.locator("tr:has(.tick)").nth(1)
        tick, cell = row.locator(".tick").bounding_box(), row.locator(":is(th, td):has(.tick)").bounding_box()
        assert tick and cell
        assert abs(tick["y"] + tick["height"] / 2 - cell["y"] - cell["height"] / 2) <= 1


@pytest.mark.parametrize("name", LISTS)
def test_a_phone_shows_few_lines_and_every_menu_inside_it(site: str, sign_in: SignIn, page: Page, name: str) -> None:
    sign_in(site)
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{name}/?view=none&sort=name")

    for menu in page.locator("main details.menu:not(.deeds *)").all():
        menu.locator("summary").click()
        assert menu.locator("> :is(div, form)").evaluate(INSIDE), menu.locator("summary").inner_text()
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    rows = page.locator(".filtering, .above").evaluate_all("rows => rows.map(row => row.clientHeight)")
    assert all(height <= 44 for height in rows)


@pytest.mark.parametrize("size", [DESK, ViewportSize(width=2560, height=1300), ViewportSize(width=1024, height=768)])
def test_two_rows_stand_above_the_table_and_no_menu_leaves_the_page(
    site: str, sign_in: SignIn, page: Page, size: ViewportSize
) -> None:
    sign_in(site)
    page.set_viewport_size(size)
    page.goto(f"{site}/matrix/?view=none")

    for menu in page.locator("main details.menu:not(.deeds *)").all():
        menu.locator("summary").click()
        assert menu.locator("> :is(div, form)").evaluate(INSIDE), menu.locator("summary").inner_text()
        page.keyboard.press("Escape")
    rows = page.locator(".filtering, .above").evaluate_all("rows => rows.map(row => row.clientHeight)")
    assert len(rows) == 2 and all(height <= 36 for height in rows)


def test_a_menu_of_filters_says_how_many_rows_each_choice_leaves(site: str, sign_in: SignIn, page: Page) -> None:
    sign_in(site)
    page.goto(f"{site}/accounts/?view=none")
    unused = Account.objects.filter(role_status__verdict="unused").count()
    label = page.locator("label", has=page.locator('input[name="verdict"][value="unused"]'))

    page.locator("summary", has_text="Verdict").click()

    expect(label.locator(".n")).to_have_text(f" {unused}")
    shot(page, "filter-counts")
    label.click()
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(unused)
