"""Names as people make them, on every page: a hundred letters without a space, and from right to left."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Account
from tests.browser.test_accessible import open_page, pages_of
from tests.dashboard.every_url import Objects
from tests.dashboard.factories import make_account, make_status
from tests.dashboard.whole_world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNBROKEN = "W" * 100
HEBREW = "חשבון הייצור של שירותי התשלומים"
WIDTHS = (390, 768, 1440)
# Every text that has the name, but does not stand in a box that takes its direction from it.
MISLED = """name => {
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const wrong = [];
  for (let text; (text = walker.nextNode());) {
    const said = text.data.trimStart(), box = text.parentElement;
    if (!said.startsWith(name) || box.closest('title, option, textarea, [hidden]')) continue;
    const style = getComputedStyle(box);
    if (style.direction === 'rtl' || style.unicodeBidi === 'plaintext') continue;
    wrong.push(`${box.outerHTML.slice(0, 120)} in ${box.parentElement.outerHTML.slice(0, 80)}`);
  }
  return wrong;
}"""
WIDER = """() => {
  const page = document.documentElement, wide = page.scrollWidth - page.clientWidth;
  if (wide <= 0) return '';
  const out = one => one.getBoundingClientRect().right > page.clientWidth + 1;
  const all = [...document.querySelectorAll('main *')].filter(one => out(one) && !one.closest('.sheet, .filters, pre'));
  return `${wide} px: ${all.slice(0, 2).map(one => one.outerHTML.slice(0, 100)).join(' and ')}`;
}"""


@pytest.fixture(autouse=True)
def _hush(caplog: pytest.LogCaptureFixture) -> None:
    """Addresses that only take forms say so to whoever asks: not worth a line each."""
    caplog.set_level(logging.CRITICAL, "django.request")


@pytest.fixture
def admin(db: None, client: Client) -> User:
    person = User.objects.create_superuser("admin", password="correct horse")
    client.post("/sign-in/", {"username": "admin", "password": "correct horse"})
    return person


def named(person: User, name: str) -> Objects:
    """The estate with everything called so."""
    world = make_world(person, count=6, name=name)
    for account in Account.objects.all():
        Account.objects.filter(pk=account.pk).update(tags={"team": name, "unit": name[:40]})
    return world


def test_no_page_scrolls_sideways_for_a_name_without_a_space(
    context: BrowserContext, live_server: LiveServer, admin: User, client: Client
) -> None:
    pages, page = pages_of(client, named(admin, UNBROKEN)), open_page(context, live_server.url, client)

    wide = [f"{width} {url}: {said}" for url in pages for width, said in scrolling(page, live_server.url + url)]

    assert not wide, "\n".join(wide)


def scrolling(page: Page, url: str) -> list[tuple[int, str]]:
    """The widths at which a page is wider than its window, and what sticks out."""
    page.goto(url, wait_until="domcontentloaded")
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [(width, said)] if (said := str(page.evaluate(WIDER))) else []
    return found


def test_a_name_from_right_to_left_is_read_so_on_every_page(
    context: BrowserContext, live_server: LiveServer, admin: User, client: Client
) -> None:
    pages, page = pages_of(client, named(admin, HEBREW)), open_page(context, live_server.url, client)
    misled = []

    for url in pages:
        page.goto(live_server.url + url, wait_until="domcontentloaded")
        misled += [f"{url}: {said}" for said in page.evaluate(MISLED, HEBREW)]

    assert not misled, "\n".join(misled)


def test_a_name_from_right_to_left_is_cut_where_it_ends(
    page: Page, live_server: LiveServer, context: BrowserContext, admin: User, client: Client
) -> None:
    make_status(make_account(1, HEBREW))
    page = open_page(context, live_server.url, client)
    page.goto(f"{live_server.url}/matrix/")

    first, last, box = page.locator("tbody .name").first.evaluate(
        """link => {
          const at = place => {
            const range = document.createRange();
            range.setStart(link.firstChild, place); range.setEnd(link.firstChild, place + 1);
            return range.getBoundingClientRect();
          };
          const { left, right } = link.getBoundingClientRect();
          return [at(0).right, at(link.firstChild.length - 1).left, { left, right }];
        }"""
    )

    assert first <= box["right"] + 1, "its first letter is seen"
    assert last < box["left"], "what does not fit is its end"
