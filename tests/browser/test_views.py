"""What a person does with a list: order it by two columns, keep it as a view, make a report of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from dashboard.models import SavedView
from tests.browser.test_accessible import ALL_RULES, violations
from tests.dashboard.factories import make_account, make_cell, make_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_list_is_ordered_kept_and_made_a_report(
    live_server: LiveServer, sign_in: Callable[[str], None], page: Page
) -> None:
    User.objects.create_superuser("admin", password="correct horse")
    for number, name in enumerate(("beta", "alpha", "gamma")):
        make_status(make_account(number, name), brokers=number // 2)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(live_server.url)
    page.goto(f"{live_server.url}/accounts/?view=none")

    page.get_by_role("columnheader", name="Brokers").get_by_role("link").click()
    page.get_by_role("columnheader", name="Account").get_by_role("link").click(modifiers=["Shift"])
    expect(page.get_by_role("columnheader", name="Brokers")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("columnheader", name="Account")).to_contain_text("sort key 2, ascending")
    expect(page.locator("tbody .name")).to_have_text(["alpha", "beta", "gamma"])

    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Trust", exact=True).uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="Trust")).to_have_count(0)

    page.locator("summary", has_text="Views").click()
    page.get_by_label("Name of the new view").fill("By brokers")
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("status").filter(has_text="is saved")).to_be_visible()
    expect(page.locator("summary", has_text="View: By brokers")).to_be_visible()

    page.locator("summary", has_text="admin").click()
    page.get_by_role("link", name="Views and reports", exact=True).click()
    page.locator("summary", has_text="Report").click()
    page.get_by_role("button", name="Make a report").click()
    expect(page.get_by_role("heading", name="The token of “By brokers”, shown this once")).to_be_visible()
    assert complaints == []


def test_a_token_is_shown_once_with_buttons_that_copy_it(
    live_server: LiveServer, sign_in: Callable[[str], None], page: Page
) -> None:
    admin = User.objects.create_superuser("admin", password="correct horse")
    SavedView.objects.create(owner=admin, name="By brokers", page="accounts", query="sort=-brokers")
    sign_in(live_server.url)
    page.goto(f"{live_server.url}/views/")
    page.locator("summary", has_text="Report").click()
    page.get_by_role("button", name="Make a report").click()
    expect(page.get_by_role("heading", name="The token of “By brokers”, shown this once")).to_be_visible()
    expect(page.locator(".told").get_by_role("button", name="Copy")).to_have_count(2)
    page.evaluate(AXE_SCRIPT)
    assert list(violations(page, ALL_RULES)) == []

    page.reload()
    expect(page.get_by_role("heading", name="Views and reports")).to_be_visible()
    expect(page.get_by_role("heading", name="The token of", exact=False)).to_have_count(0)
    expect(page.get_by_role("table", name="Reports").get_by_role("row")).to_have_count(2)


def test_the_matrix_is_taken_away_as_it_is_shown(
    live_server: LiveServer, sign_in: Callable[[str], None], page: Page
) -> None:
    User.objects.create_superuser("admin", password="correct horse")
    make_status(account := make_account(1, "orders"))
    make_cell(account, "us-east-1", 3), make_cell(account, "eu-west-1", 2, outcome="denied")
    sign_in(live_server.url)
    page.goto(f"{live_server.url}/matrix/?hide=empty&columns=brokers&columns=us-east-1&columns=eu-west-1&q=")
    expect(page).to_have_url(f"{live_server.url}/matrix/?hide=empty&columns=brokers,us-east-1,eu-west-1")

    page.locator("summary[aria-label='Export: other formats and columns']").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV, as shown").click()

    file = started.value
    assert file.suggested_filename.startswith("rolecall-matrix-as-shown-filtered-20")
    head, row = file.path().read_text().splitlines()
    assert head == "account_id,account_name,brokers,us-east-1,eu-west-1"
    assert row.startswith(f"{account.account_id},orders,at least 5,3,denied (2 as of 20")
