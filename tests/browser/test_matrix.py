"""The matrix by hand: a walk with the arrows, a cell's panel, its card, groups that collapse, the list of keys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Sweep
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def matrix(live_server: LiveServer, sign_in: Callable[[str], None], page: Page) -> Page:
    """A matrix of three accounts in two units, open in a browser that must not complain."""
    User.objects.create_superuser("admin", password="correct horse")
    for number, (name, unit) in enumerate((("alpha", "Prod"), ("beta", "Prod"), ("gamma", "Test"))):
        account = make_account(number, name, unit=unit)
        make_status(account, brokers=2)
        make_cell(account, "us-east-1", 2)
        make_cell(account, "us-west-1", 0)
        make_cell(account, "us-east-2", None, outcome="denied", permission="mq:ListBrokers", detail="not authorized")
        make_broker(account, "us-east-1", f"orders-{name}")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(live_server.url)
    page.goto(f"{live_server.url}/matrix/?view=none")
    page.complaints = complaints  # type: ignore[attr-defined]
    return page


def cell(page: Page, account: str, region: str) -> Locator:
    """A cell of the matrix by its account and region."""
    place = page.locator(f"th[data-region='{region}']").evaluate("heading => heading.cellIndex")
    row = page.locator("#rows tr", has=page.get_by_role("link", name=account, exact=True))
    return row.locator("th, td").nth(place)


def test_the_arrows_walk_over_the_cells_and_tab_passes_the_table_in_one_step(matrix: Page) -> None:
    grid = matrix.get_by_role("grid")
    assert grid.locator("[tabindex='0']").count() == 1

    grid.locator("[tabindex='0']").focus()
    matrix.keyboard.press("ArrowDown")
    expect(matrix.locator("#rows tr").nth(1).locator("th")).to_be_focused()
    for _ in range(4):
        matrix.keyboard.press("ArrowRight")
    expect(cell(matrix, "beta", "us-east-1")).to_be_focused()
    matrix.keyboard.press("ArrowUp")
    expect(cell(matrix, "alpha", "us-east-1")).to_be_focused()
    matrix.keyboard.press("ArrowUp")
    expect(matrix.locator("th[data-region='us-east-1']")).to_be_focused()

    matrix.keyboard.press("Control+End")
    expect(matrix.locator("#totals td").last).to_be_focused()
    matrix.keyboard.press("Home")
    expect(matrix.locator("#totals th")).to_be_focused()
    matrix.keyboard.press("Tab")
    assert not matrix.evaluate("document.querySelector('table.matrix').contains(document.activeElement)")
    matrix.keyboard.press("Shift+Tab")
    expect(matrix.locator("#totals th")).to_be_focused()
    assert matrix.complaints == []  # type: ignore[attr-defined]


def test_a_cell_that_is_walked_to_is_never_hidden_behind_what_sticks(matrix: Page) -> None:
    matrix.set_viewport_size({"width": 900, "height": 600})
    cell(matrix, "alpha", "us-east-1").focus()

    matrix.keyboard.press("End")
    for _ in range(33):
        matrix.keyboard.press("ArrowLeft")

    seen = matrix.evaluate(
        """() => { const at = document.activeElement.getBoundingClientRect();
        const top = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
        return document.activeElement.contains(top); }"""
    )
    assert seen
    expect(cell(matrix, "alpha", "us-east-1")).to_be_focused()


def test_enter_opens_the_panel_and_escape_leads_back_to_the_cell(matrix: Page) -> None:
    cell(matrix, "beta", "us-west-1").focus()
    matrix.keyboard.press("Enter")

    panel = matrix.get_by_role("dialog", name="us-west-1 in beta")
    expect(panel).to_contain_text("No brokers.")
    matrix.keyboard.press("Escape")

    expect(panel).to_be_hidden()
    expect(cell(matrix, "beta", "us-west-1")).to_be_focused()
    expect(matrix).to_have_url(re.compile(r"/matrix/\?view=none$"))


def test_the_open_panel_stands_in_the_address_and_arrows_lead_to_its_neighbours(matrix: Page) -> None:
    cell(matrix, "alpha", "us-east-1").click()
    matrix.keyboard.press("ArrowRight")
    expect(matrix.get_by_role("dialog", name="us-east-2 in alpha")).to_contain_text("Refused")
    matrix.keyboard.press("ArrowDown")
    panel = matrix.get_by_role("dialog", name="us-east-2 in beta")
    expect(panel).to_be_visible()

    matrix.reload()
    expect(panel).to_contain_text("Last probe")
    matrix.go_back()

    expect(panel).to_be_hidden()
    expect(matrix).to_have_url(re.compile(r"/matrix/\?view=none$"))
    expect(cell(matrix, "beta", "us-east-2")).to_be_focused()
    assert matrix.complaints == []  # type: ignore[attr-defined]


def test_a_click_opens_the_panel_with_brokers_and_polls_from_it(matrix: Page) -> None:
    cell(matrix, "alpha", "us-east-1").click()
    panel = matrix.get_by_role("dialog", name="us-east-1 in alpha")
    expect(panel).to_contain_text("orders-alpha")

    panel.get_by_role("button", name="Poll this account now").click()

    expect(panel.get_by_role("status")).to_contain_text("over alpha has begun")
    expect(panel.get_by_role("button", name="Poll this account now")).to_be_focused()
    assert Sweep.objects.get().polls.count() == 1
    panel.get_by_role("button", name="Close").click()
    expect(cell(matrix, "alpha", "us-east-1")).to_be_focused()
    expect(matrix.locator("#sweep-bar")).to_contain_text("0 of 1 account")
    assert matrix.complaints == []  # type: ignore[attr-defined]


def test_rows_that_a_sweep_brings_anew_do_not_lose_the_cell_behind_the_panel(matrix: Page) -> None:
    cell(matrix, "gamma", "us-east-2").click()
    expect(matrix.get_by_role("dialog")).to_contain_text("Refused")

    with matrix.expect_response(re.compile("/matrix/")):
        matrix.evaluate("document.querySelector('#sweep-bar').dataset.mark = 'another'")
    matrix.wait_for_function("document.querySelector('#rows th a').tabIndex === -1")
    matrix.keyboard.press("Escape")

    expect(cell(matrix, "gamma", "us-east-2")).to_be_focused()
    assert matrix.get_by_role("grid").locator("[tabindex='0']").count() == 1


@pytest.mark.parametrize("trouble", [lambda r: r.fulfill(status=500, body="broken"), lambda r: r.abort()])
def test_a_panel_that_cannot_be_read_says_so(matrix: Page, trouble: Callable[[Route], None]) -> None:
    matrix.route("**/regions/us-east-1/", trouble)

    cell(matrix, "alpha", "us-east-1").click()

    expect(matrix.get_by_role("dialog")).to_contain_text("The cell could not be read. Open its page.")


def test_the_card_says_what_the_cell_is_and_goes_with_escape(matrix: Page) -> None:
    card = matrix.locator("#cell-card")
    cell(matrix, "alpha", "us-east-2").hover()
    expect(card).to_contain_text("alpha")
    expect(card).to_contain_text("us-east-2 · US East (Ohio)")
    expect(card).to_contain_text("Denied: mq:ListBrokers")

    matrix.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(cell(matrix, "alpha", "us-east-2")).to_have_attribute("title", re.compile("^denied: mq:ListBrokers"))

    cell(matrix, "alpha", "us-east-1").focus()
    matrix.keyboard.press("ArrowRight")
    expect(card).to_be_visible()
    expect(cell(matrix, "alpha", "us-east-2")).to_have_attribute("aria-describedby", "cell-card")


def test_signs_have_words_for_whoever_does_not_see_them(matrix: Page) -> None:
    alpha = matrix.locator("#rows tr").first.aria_snapshot()

    assert re.search("2 brokers denied no brokers not known", alpha)


def test_control_and_a_click_open_a_cell_in_a_tab(matrix: Page) -> None:
    with matrix.context.expect_page() as opened:
        cell(matrix, "alpha", "us-east-2").click(modifiers=["Control"])

    expect(opened.value.get_by_role("heading", name="us-east-2 in alpha")).to_be_visible()
    expect(matrix.get_by_role("dialog")).to_be_hidden()


def test_a_group_is_collapsed_and_opened_and_the_keyboard_stays_on_it(matrix: Page) -> None:
    matrix.locator("summary", has_text="Group").click()
    matrix.get_by_role("link", name="Organizational unit").click()
    expect(matrix.locator("tr.group")).to_have_count(2)

    matrix.locator("tr.group th").first.focus()
    matrix.keyboard.press("Enter")
    expect(matrix.locator("tr.group a").first).to_have_attribute("aria-expanded", "false")
    expect(matrix.locator("tr[data-account]")).to_have_count(1)
    expect(matrix.locator("tr.group th").first).to_be_focused()

    matrix.keyboard.press("Enter")
    expect(matrix.locator("tr[data-account]")).to_have_count(3)
    assert matrix.complaints == []  # type: ignore[attr-defined]


def test_space_ticks_the_account_and_enter_opens_it(matrix: Page) -> None:
    matrix.locator("#rows th").first.focus()

    matrix.keyboard.press("Space")
    expect(matrix.get_by_role("button", name="Plan clean-up for 1")).to_be_visible()
    matrix.keyboard.press("Enter")

    expect(matrix.get_by_role("heading", name="alpha")).to_be_visible()


def test_the_keys_are_listed_on_every_page_and_can_be_switched_off(matrix: Page, live_server: LiveServer) -> None:
    matrix.goto(f"{live_server.url}/accounts/?view=none")
    keys = matrix.get_by_role("dialog", name="Keys")

    matrix.keyboard.press("?")
    expect(keys).to_contain_text("Walk over the cells")
    keys.get_by_role("checkbox").uncheck()
    matrix.keyboard.press("Escape")
    matrix.keyboard.press("?")
    matrix.keyboard.press("/")

    expect(keys).to_be_hidden()
    expect(matrix.locator("[data-search]")).not_to_be_focused()
    matrix.get_by_role("button", name="Keys").click()
    keys.get_by_role("checkbox").check()
    matrix.keyboard.press("Escape")
    matrix.keyboard.press("/")
    expect(matrix.locator("[data-search]")).to_be_focused()


def test_without_javascript_an_account_leads_to_its_cells_and_groups_collapse(
    matrix: Page, live_server: LiveServer, browser: Browser
) -> None:
    state = matrix.context.storage_state()
    plain = browser.new_context(java_script_enabled=False, storage_state=state).new_page()
    plain.goto(f"{live_server.url}/matrix/?group=unit")

    plain.get_by_role("link", name="Prod").click()
    expect(plain.locator("tr[data-account]")).to_have_count(1)
    plain.locator("tr[data-account]").get_by_role("link", name="All regions").click()
    plain.get_by_role("link", name="us-east-1", exact=True).click()

    expect(plain.get_by_role("heading", name="us-east-1 in gamma")).to_be_visible()
    expect(plain.locator("main")).to_contain_text("orders-gamma")
