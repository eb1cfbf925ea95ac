"""Takes the documentation's pictures from a running `./run`; the password is asked for, or read from ROLECALL_PASSWORD.

A clean-up is among them, so the demo has one role less afterwards: `./run` on another `--data` folder has it again.

.venv/bin/python -m tests.browser.screenshots http://127.0.0.1:8000/
"""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1440, "height": 900}
TALL = {"width": 1440, "height": 1230}  # down to where the policies differ
WITH_BROKERS, UNUSED = "payments-staging", "payments-dev"  # one needs a second person, the other does not
SLOW = 60_000
DRIFTED = "messaging-hub-dev"  # of the demo estate: its policy lacks an action


def main(site: str) -> None:
    """Sign in as admin and save one picture per page."""
    password = os.environ.get("ROLECALL_PASSWORD") or getpass("Password of admin: ")
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM") or None
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = signed_in(browser, site.rstrip("/"), password)
        take(page, site.rstrip("/"))
        take_cleanup(page, site.rstrip("/"))
        browser.close()


def signed_in(browser: Browser, site: str, password: str) -> Page:
    """A light page of the pictures' size, signed in. Raises playwright's timeout when the password is wrong."""
    page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]  # a TypedDict there
    page.goto(site)
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for(timeout=10_000)
    return page


def take(page: Page, site: str) -> None:
    """Save the matrix, and the page of an account whose policy drifted."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.goto(f"{site}/matrix/")
    page.screenshot(path=FOLDER / "matrix.png")
    page.get_by_role("link", name=DRIFTED).click()
    page.get_by_role("heading", name=DRIFTED).wait_for()
    page.set_viewport_size(TALL)  # type: ignore[arg-type]
    page.screenshot(path=FOLDER / "account.png")


def take_cleanup(page: Page, site: str) -> None:
    """Save a plan that deletes brokers, and the confirmation and the end of one that deletes an unused role."""
    plan(page, site, WITH_BROKERS)
    page.screenshot(path=FOLDER / "cleanup-plan.png")
    plan(page, site, UNUSED)
    page.get_by_role("link", name="Confirm…").click()
    page.get_by_label("to confirm").press_sequentially(page.locator(".typed").inner_text())
    page.screenshot(path=FOLDER / "cleanup-confirm.png")
    page.get_by_role("button", name="Delete the role").click()
    page.locator(".rail .end").wait_for(timeout=SLOW)
    page.screenshot(path=FOLDER / "cleanup-follow.png")


def plan(page: Page, site: str, name: str) -> None:
    """Draw a plan for an account of the demo estate, and wait for it."""
    page.goto(f"{site}/accounts/?q={name}")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name="Plan clean-up").click()
    page.get_by_role("heading", name=f"in {name}").wait_for(timeout=SLOW)
    page.set_viewport_size(SIZE)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
