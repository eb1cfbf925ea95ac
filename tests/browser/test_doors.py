"""The doors by which accounts come in, from nothing to an account that was read: the form, and the CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from accounts.services.account_files import HEADER
from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY
from dashboard.demo.local_aws.client import LocalAws
from tests.processes import worker

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

SLOW = 90_000
SHOP, BANK = "111122223333", "444455556666"
DROP = """({files, target}) => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name, {type: "text/csv"}));
  const at = document.querySelector(target);
  for (const kind of ["dragover", "drop"])
    at.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""
SignIn = Callable[[str], None]


def line(account_id: str, name: str, external_id: str = "") -> str:
    return f"{account_id},{name},arn:aws:iam::{account_id}:role/MqSlrReader,,{external_id},env=dev\n"


FILE = f"{HEADER}\n{line(SHOP, 'shop')}{line(BANK, 'bank')}"


@pytest.fixture
def plain_site(live_server: LiveServer, sign_in: SignIn) -> str:
    """A site without accounts and without a worker, the administrator signed in."""
    User.objects.create_superuser("admin", password="correct horse")
    sign_in(live_server.url)
    return live_server.url


@pytest.fixture
def empty_site(
    demo_aws: LocalAws, live_server: LiveServer, settings: Settings, tmp_path: Path, sign_in: SignIn
) -> Iterator[str]:
    """A site without accounts beside an AWS without accounts; a worker waits, the administrator is signed in."""
    settings.AWS_ENDPOINT_URL = demo_aws.url
    demo_aws.reset("empty")
    User.objects.create_superuser("admin", password="correct horse")
    hub = {"AWS_ACCESS_KEY_ID": HUB_ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": HUB_SECRET_ACCESS_KEY}
    with worker(tmp_path / "worker.log", "--concurrency=4", AWS_ENDPOINT_URL=demo_aws.url, **hub):
        sign_in(live_server.url)
        yield live_server.url


def make_roles(aws: LocalAws) -> None:
    """What a person does in AWS: each watched account gets a role with its external id."""
    for account in Account.objects.all():
        aws.put_account(account.account_id, name=account.name, external_id=account.external_id, role={})


def drop(page: Page, *files: tuple[str, str], target: str = "main") -> None:
    page.evaluate(DROP, {"files": files, "target": target})


def test_a_dropped_file_becomes_accounts_that_are_checked_and_read(
    empty_site: str, demo_aws: LocalAws, page: Page
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.get_by_role("link", name="by a CSV").click()
    page.wait_for_url("**/onboarding/import/")  # the drop has to fall on this page

    drop(page, ("estate.csv", FILE))
    expect(page.locator("[data-drop-said]")).to_contain_text("estate.csv, 1 kB")
    expect(page.get_by_role("button", name="Preview")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What estate.csv would do")).to_be_visible()
    expect(page.get_by_label("Then check the access")).not_to_be_checked()  # their roles cannot be there yet
    page.get_by_role("button", name="Import 2 new").click()
    expect(page.get_by_role("heading", name="2 accounts added, 0 updated")).to_be_visible()

    make_roles(demo_aws)
    page.get_by_role("button", name="Check 2 accounts").click()
    expect(page.locator("#import-progress")).to_contain_text("ready 2", timeout=SLOW)
    page.get_by_role("button", name="Poll 2 accounts now").click()
    expect(page.locator("#import-progress")).to_contain_text("2 of 2 accounts read", timeout=SLOW)
    assert complaints == []


def test_the_form_leads_by_keyboard_alone_to_an_account_that_is_read(
    empty_site: str, demo_aws: LocalAws, page: Page
) -> None:
    beside = page.context.new_page()
    beside.goto(f"{empty_site}/matrix/")
    expect(beside.get_by_role("heading", name="From here to the first answer")).to_be_visible()
    page.bring_to_front()
    page.get_by_role("link", name="Add one by its form").press("Enter")
    page.get_by_label("Account id").focus()
    page.keyboard.type("1111-2222-3333")
    page.keyboard.press("Tab")
    page.keyboard.type("shop")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Roles of shop")).to_be_visible()
    make_roles(demo_aws)
    page.get_by_role("button", name="Check access").press("Enter")
    expect(page.locator("#access-check")).to_contain_text("ready", timeout=SLOW)
    page.get_by_role("button", name="Poll this account").press("Enter")
    page.goto(f"{empty_site}/accounts/{SHOP}/")
    expect(page.get_by_role("heading", name="shop")).to_be_visible()
    wait_for_a_verdict(page)

    # What was open all the time on the first steps has become the matrix, without anybody's doing.
    beside.evaluate("htmx.trigger(document.body, 'sweep-begun')")
    expect(beside.locator("#rows")).to_contain_text("shop", timeout=SLOW)


def wait_for_a_verdict(page: Page) -> None:
    for _ in range(60):
        if page.locator("h1 .chip", has_text="Unused").count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


def test_bad_lines_are_read_mended_and_the_file_chosen_again(plain_site: str, page: Page) -> None:
    page.goto(f"{plain_site}/onboarding/import/")
    drop(page, ("estate.csv", FILE + "1.23457E+11,mail,arn:aws:iam::1:role/x,,,\n" + line("777788889999", "")))
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("heading", name="Nothing was imported: 2 lines need another look")).to_be_visible()
    rows = page.get_by_role("region", name="Bad lines").locator("tbody tr")
    expect(rows.first).to_contain_text("did a spreadsheet round it?")
    expect(rows.last).to_contain_text("name is empty")
    assert not Account.objects.exists()

    drop(page, ("mended.csv", FILE), target="h1")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import 2 new").click()
    expect(page.get_by_role("heading", name="2 accounts added")).to_be_visible()
    assert Account.objects.count() == 2


def test_a_text_is_pasted_by_keyboard_and_comes_back_when_a_line_is_bad(plain_site: str, page: Page) -> None:
    page.goto(f"{plain_site}/onboarding/import/")
    page.get_by_text("Paste the text instead").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(FILE.replace("shop", ""))
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.get_by_role("heading", name="1 line needs another look")).to_be_visible()

    pasted = page.get_by_label("Text of the file")
    expect(pasted).to_be_visible()
    pasted.fill(pasted.input_value().replace(f"{SHOP},,", f"{SHOP},shop,"))
    page.get_by_role("button", name="Preview").press("Enter")
    page.get_by_role("button", name="Import 2 new").press("Enter")

    expect(page.get_by_role("heading", name="2 accounts added")).to_be_visible()


def test_an_export_is_edited_and_imported_again(plain_site: str, page: Page, tmp_path: Path) -> None:
    for number, name in enumerate(("shop", "bank")):
        role = f"arn:aws:iam::{number:012}:role/R"
        Account.objects.create(
            account_id=f"{number:012}", name=name, partition="aws", reader_role_arn=role, external_id=f"ext-{number}"
        )
    page.goto(f"{plain_site}/onboarding/import/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the accounts as they are").click()
    file = tmp_path / "edited.csv"
    file.write_bytes(download.value.path().read_bytes().replace(b"shop", b"market").replace(b"ext-1", b"ext-9"))

    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Preview").click()

    changed = page.get_by_role("region", name="Changed accounts").locator("tbody tr")
    expect(changed.filter(has_text="market")).to_contain_text("name")
    expect(changed.filter(has_text="ext-9")).to_contain_text("a way in")
    page.get_by_role("button", name="Import 2 changed").click()
    expect(page.get_by_role("heading", name="0 accounts added, 2 updated")).to_be_visible()
    assert set(Account.objects.values_list("name", "external_id")) == {("market", "ext-0"), ("bank", "ext-9")}


def test_two_files_at_once_are_not_taken(plain_site: str, page: Page) -> None:
    page.goto(f"{plain_site}/onboarding/import/")

    drop(page, ("a.csv", FILE), ("b.csv", FILE))

    expect(page.locator("[data-drop-said]")).to_contain_text("2 files were dropped: one at a time")
    assert page.get_by_label("File", exact=True).evaluate("input => input.files.length") == 0


def test_a_long_pasted_text_travels_as_a_file(plain_site: str, page: Page) -> None:
    page.goto(f"{plain_site}/onboarding/import/")
    lines = "".join(line(f"{number:012}", "a-name-of-some-length") for number in range(30_000))
    page.get_by_text("Paste the text instead").click()
    page.get_by_label("Text of the file").evaluate("(area, text) => { area.value = text }", f"{HEADER}\n{lines}")

    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("button", name="Import 30,000 new")).to_be_visible(timeout=SLOW)


def test_a_file_is_imported_without_javascript(live_server: LiveServer, browser: Browser, tmp_path: Path) -> None:
    User.objects.create_superuser("admin", password="correct horse")
    file = tmp_path / "estate.csv"
    file.write_text(FILE)
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/onboarding/import/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Import 2 new").click()

    expect(page.get_by_role("heading", name="2 accounts added")).to_be_visible()
    page.context.close()
