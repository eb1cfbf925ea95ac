"""What a newcomer does: sign in, poll, watch the sweep, filter, drill down, take the CSV away."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account, Sweep

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]


def test_a_wrong_password_is_said_and_a_right_one_lets_in(live_server: LiveServer, page: Page) -> None:
    User.objects.create_superuser("admin", password="correct horse")

    page.goto(f"{live_server.url}/matrix/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not fit")

    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Matrix")).to_be_visible()


def sign_in_by_hand(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_sweep_is_watched_filtered_drilled_into_and_taken_away(demo_site: str, page: Page, tmp_path: Path) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in_by_hand(page, demo_site)
    expect(page.get_by_role("note")).to_contain_text("Not AWS")

    page.get_by_role("link", name="Matrix", exact=True).click()
    page.get_by_role("button", name="accounts now").click()
    expect(page.locator("#sweep-bar progress")).to_be_visible()
    expect(page.locator("#sweep-bar")).to_contain_text("done", timeout=90_000)
    total = Account.objects.count()
    expect(page.locator("#sweep-bar")).to_contain_text(f"{total} of {total} accounts")
    expect(page.locator("#rows")).to_contain_text("137")

    page.get_by_label("Name or id", exact=True).fill("legacy-billing")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(1)
    exported = take_csv(page, tmp_path)
    assert {row["account_name"] for row in exported} == {"legacy-billing"}
    assert [row["brokers"] for row in exported if row["region"] == "eu-central-1"] == ["137"]

    page.locator("#rows td.c", has_text="137").click()
    page.get_by_role("dialog").get_by_role("link", name="All of legacy-billing").click()
    expect(page.get_by_role("heading", name="legacy-billing")).to_be_visible()
    expect(page.locator("main")).to_contain_text("The role cannot be deleted while it is used")
    assert complaints == []


def take_csv(page: Page, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    path = folder / "matrix.csv"
    download.value.save_as(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_a_running_sweep_is_cancelled_from_its_page(demo_site: str, sign_in: Callable[[str], None], page: Page) -> None:
    sign_in(demo_site)
    page.goto(f"{demo_site}/matrix/")
    page.get_by_role("button", name="accounts now").click()

    page.locator("#sweep-bar").get_by_role("button", name="Cancel").click()

    expect(page.locator("main")).to_contain_text("cancelled")
    assert Sweep.objects.get().state == "cancelled"


def test_escape_closes_a_menu_and_leaves_the_keyboard_where_it_was(
    live_server: LiveServer, sign_in: Callable[[str], None], page: Page
) -> None:
    User.objects.create_superuser("admin", password="correct horse")
    sign_in(live_server.url)
    page.goto(f"{live_server.url}/matrix/")
    menu = page.locator("summary", has_text="Verdict")

    menu.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(page.get_by_label("in use")).to_be_hidden()
    expect(menu).to_be_focused()
