"""Every page, light and dark, empty and full: axe finds no violation of WCAG 2.2 level AA."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import BrowserContext, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.dashboard.every_url import NOTHING, Objects, addresses
from tests.dashboard.whole_world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL_RULES = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
# What the colours of a page decide; the dark page has the same elements as the light one.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    **{"resultTypes": ["violations"]},
}
TAG = re.compile(rb'<\w+(?: class="[^"]*")?')
REFUSALS = {
    "/audit/": "Not open to you",
    "/nowhere/": "Not here",
    "/matrix/?_export=xml": "This address makes no sense",
    "/broken/": "Rolecall failed",
}
# Two frames later the colours of another scheme are on the page.
RUN = """async options => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  return (await axe.run(options)).violations;
}"""
# A person has one menu open at a time: here all are, so none may lie over another.
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach(one => { one.open = true });
  const over = document.querySelectorAll('details.menu > :not(summary), details.menu .button');
  over.forEach(one => { one.style.position = 'static' });
}"""


def violations(page: Page, options: dict[str, Any]) -> Iterator[str]:
    """What axe finds on the page as it stands, one line for each element."""
    for found in page.evaluate(RUN, options):
        for node in found["nodes"]:
            why = node["failureSummary"].splitlines()[-1].strip()
            yield f"{found['id']}: {node['html'][:160]} — {why[:200]}"


def examined(page: Page, url: str) -> list[str]:
    """The violations of one address, light and dark, with all its menus open: closed, it has nothing more."""
    page.emulate_media(color_scheme="light")
    page.goto(url, wait_until="domcontentloaded")
    page.evaluate(AXE_SCRIPT)
    page.evaluate(OPEN_ALL)
    said = [f"{url}: {line}" for line in violations(page, ALL_RULES)]
    page.emulate_media(color_scheme="dark")
    return said + [f"{url}, dark: {line}" for line in violations(page, COLOURS)]


@pytest.fixture(autouse=True)
def _hush(caplog: pytest.LogCaptureFixture) -> None:
    """Addresses that only take forms say so to whoever asks: not worth a line each."""
    caplog.set_level(logging.CRITICAL, "django.request")


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin", password="correct horse")


def open_page(context: BrowserContext, site: str, client: Client) -> Page:
    """A page that has the client's session."""
    if session := client.cookies.get("sessionid"):
        context.add_cookies([{"name": "sessionid", "value": session.value, "url": site}])
    return context.new_page()


def pages_of(client: Client, objects: Objects) -> list[str]:
    """The addresses that answer with a whole page; the others are acts, files and parts of pages.

    Of one address with many objects, only those whose page has a sort of element that was not there yet.
    """
    seen: dict[str, set[bytes]] = {}
    pages = []
    for one in addresses(objects):
        sorts = set(TAG.findall(html_of(client, one.url)))
        if not sorts <= seen.setdefault(one.name, set()):
            seen[one.name] |= sorts
            pages.append(one.url)
    return pages


def html_of(client: Client, url: str) -> bytes:
    """The whole page at an address, or nothing."""
    response = client.get(url)
    html = b"".join(response) if response.status_code == 200 else b""
    return html if b"<html" in html[:200] else b""


def test_axe_finds_nothing_on_any_page(
    context: BrowserContext, live_server: LiveServer, admin: User, client: Client
) -> None:
    client.post("/sign-in/", {"username": "admin", "password": "correct horse"})
    world = make_world(admin)
    pages, page = pages_of(client, world), open_page(context, live_server.url, client)

    found = [line for url in pages for line in examined(page, live_server.url + url)]

    cleanup, campaign = world["cleanup number"][0], world["campaign number"][0]
    assert {f"/cleanups/{cleanup}/confirm/", f"/campaigns/{campaign}/confirm/", "/help/"} <= set(pages)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_an_empty_installation(
    context: BrowserContext, live_server: LiveServer, admin: User, client: Client
) -> None:
    client.post("/sign-in/", {"username": "admin", "password": "correct horse"})
    pages, page = pages_of(client, NOTHING), open_page(context, live_server.url, client)

    found = [line for url in pages for line in examined(page, live_server.url + url)]

    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_the_pages_that_say_no(
    context: BrowserContext, live_server: LiveServer, client: Client, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.browser.failing_urls"
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get(name="viewer"))
    found = examined(open_page(context, live_server.url, client), f"{live_server.url}/sign-in/")
    client.force_login(viewer)
    page = open_page(context, live_server.url, client)

    for address, title in REFUSALS.items():
        found += examined(page, live_server.url + address)
        assert page.get_by_role("heading", level=1).inner_text() == title

    assert not found, "\n".join(found)
