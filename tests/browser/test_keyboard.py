"""The keyboard alone: a way past the bar, a ring that is seen, and an order that follows the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.dashboard.every_url import Objects
from tests.dashboard.whole_world import make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HELD = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));  // it is scrolled to
  const held = document.activeElement, style = getComputedStyle(held), box = held.getBoundingClientRect();
  const place = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    tag: held.outerHTML.slice(0, 120), ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && !!place && (held.contains(place) || place.contains(held)),
  };
}"""
FORWARD = "[...document.querySelectorAll('[tabindex]')].every(one => one.tabIndex <= 0)"
STEPS = 40


@pytest.fixture
def world(live_server: LiveServer, sign_in: Callable[[str], None]) -> Objects:
    person = User.objects.create_superuser("admin", password="correct horse")
    world = make_world(person)
    sign_in(live_server.url)
    return world


def test_the_first_stop_leads_past_the_bar(world: Objects, live_server: LiveServer, page: Page) -> None:
    page.goto(f"{live_server.url}/accounts/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("name", ["/", "/matrix/", "/accounts/", "/accounts/{account_id}/", "/cleanups/{cleanup}/"])
def test_whoever_tabs_through_a_page_sees_where_they_are(
    world: Objects, live_server: LiveServer, page: Page, name: str
) -> None:
    page.goto(live_server.url + name.format(account_id=world["account_id"][0], cleanup=world["cleanup number"][0]))
    assert page.evaluate(FORWARD)

    for _ in range(STEPS):
        page.keyboard.press("Tab")
        held = page.evaluate(HELD)
        if held["tag"].startswith("<body"):  # round once
            return
        assert held["ring"] and held["seen"], held["tag"]
