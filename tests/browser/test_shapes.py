"""How tables stand in their place: widths of the matrix, headings of an account's regions, a page on paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from tests.dashboard.factories import make_account, make_cell, make_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FITS = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"


@pytest.fixture
def account(live_server: LiveServer, sign_in: Callable[[str], None]) -> Account:
    """One account with brokers in a region that is alone in its group; signed in."""
    User.objects.create_superuser("admin", password="correct horse")
    account = make_account(1, "orders")
    make_status(account, brokers=3)
    for region, brokers in (("us-east-1", 2), ("eu-west-1", 0), ("me-central-1", 1)):
        make_cell(account, region, brokers)
    sign_in(live_server.url)
    return account


def test_a_region_alone_in_its_group_is_as_wide_as_any(account: Account, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/matrix/?columns=us-east-1,eu-west-1,me-central-1")

    widths = page.locator(".matrix thead .rg").evaluate_all("all => all.map(one => one.offsetWidth)")

    assert len(widths) == 3
    assert len(set(widths)) == 1


def test_on_a_phone_the_groups_stay_above_their_regions(account: Account, live_server: LiveServer, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/matrix/")
    page.locator(".sheet").evaluate("sheet => { sheet.scrollLeft = 320 }")

    right = "cell => cell.getBoundingClientRect().right"
    left = "cell => cell.getBoundingClientRect().left"
    assert page.locator(".matrix .corner.k-account").evaluate(right) == page.locator("#rows .k-account").evaluate(right)
    assert page.locator(".matrix .geo").first.evaluate(left) == page.locator(".matrix thead .rg").first.evaluate(left)


@pytest.mark.parametrize("width", [1280, 1440])
def test_no_heading_of_an_accounts_regions_runs_into_the_next(
    width: int, account: Account, live_server: LiveServer, page: Page
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(live_server.url + account.get_absolute_url())

    assert page.locator("#regions thead th").evaluate_all(FITS) == []


def test_the_regions_of_an_account_are_read_on_a_phone_without_pushing(
    account: Account, live_server: LiveServer, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + account.get_absolute_url())

    assert page.locator("#regions .sheet, #changes .sheet").evaluate_all(FITS) == []
    expect(page.locator("#region-us-east-1")).to_contain_text("us-east-1")


def test_a_printed_list_has_what_is_known_and_no_controls(
    account: Account, live_server: LiveServer, page: Page
) -> None:
    page.goto(f"{live_server.url}/accounts/?partition=aws")
    expect(page.locator(".paper").first).to_be_hidden()

    page.emulate_media(media="print")

    expect(page.locator(".paper").first).to_be_visible()
    expect(page.locator(".paper").nth(1)).to_contain_text("The whole list: 1 row. Filters: Partition aws.")
    for control in (".chips", ".filters", ".tools", ".bar", ".acts", ".foot", ".top"):
        expect(page.locator(control).first).to_be_hidden()
