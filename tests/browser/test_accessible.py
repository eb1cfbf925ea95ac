"""Every page, light and dark, empty and full: axe finds no violation of WCAG 2.2 level AA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.dashboard.every_url import UNKNOWN, addresses
from tests.dashboard.whole_world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "options => axe.run(options).then(found => found.violations)"
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


def violations(page: Page) -> Iterator[str]:
    """What axe finds on the page as it stands, one line for each element."""
    for found in page.evaluate(RUN, OPTIONS):
        for node in found["nodes"]:
            yield f"{found['id']}: {node['html'][:160]} — {node['failureSummary'].splitlines()[-1].strip()[:200]}"


def examined(page: Page, url: str) -> list[str]:
    """The violations of one address, light and dark, each with its menus closed and open."""
    page.emulate_media(color_scheme="light")
    page.goto(url, wait_until="domcontentloaded")
    page.evaluate(AXE_SCRIPT)
    said = [f"light {url} {line}" for line in violations(page)]
    page.emulate_media(color_scheme="dark")
    said += [f"dark {url} {line}" for line in violations(page)]
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    return said + [f"open {url} {line}" for line in violations(page)]


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("admin", password="correct horse")


@pytest.fixture
def signed_in(live_server: LiveServer, browser: Browser, admin: User) -> Iterator[tuple[Client, Page]]:
    """The same session in a quick client, which finds the pages, and in a browser, which opens them."""
    client = Client()
    client.force_login(admin)
    context = browser.new_context(reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    yield client, context.new_page()
    context.close()


def is_page(client: Client, url: str) -> bool:
    """True for an address that answers with a whole page of its own."""
    response = client.get(url)
    return response.status_code == 200 and "<html" in b"".join(response)[:200].decode()  # type: ignore[arg-type]


def test_axe_finds_nothing_on_any_page(signed_in: tuple[Client, Page], live_server: LiveServer, admin: User) -> None:
    client, page = signed_in
    pages = [one.url for one in addresses(make_world(admin)) if is_page(client, one.url)]

    found = [line for url in pages for line in examined(page, live_server.url + url)]

    assert len(pages) > 40
    assert found == []
