"""Times: in the reader's own zone where there is JavaScript, in UTC where there is none, and always the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from dashboard.words import ago
from tests.dashboard.factories import make_account, make_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AGES = (0, 4, 7, 59, 61, 3599, 3700, 86399, 90000, 86400 * 50, 86400 * 70, 86400 * 366, 86400 * 800, -90, -7200)
SAY = """ages => ages.map(then => {
  const time = document.createElement("time");
  time.dateTime = then; time.dataset.ago = "";
  document.querySelector("main").append(time);
  document.dispatchEvent(new Event("htmx:afterSettle"));
  return time.textContent;
})"""


@pytest.fixture
def site(live_server: LiveServer) -> str:
    User.objects.create_superuser("admin", password="correct horse")
    make_status(make_account(1, "orders"), checked_at=datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC))
    return live_server.url


@pytest.fixture
def away(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser somewhere else."""
    context = browser.new_context(**request.param)
    yield context
    context.close()


def enter(context: BrowserContext, site: str) -> Page:
    page = context.new_page()
    page.goto(f"{site}/accounts/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    return page


@pytest.mark.parametrize("away", [{"timezone_id": "Asia/Tokyo", "locale": "de-DE"}], indirect=True)
def test_a_time_is_told_in_the_readers_zone_and_in_utc(site: str, away: BrowserContext) -> None:
    page = enter(away, site)

    expect(page.locator("time[data-ago]").first).to_have_attribute(
        "title", "1 Jul 2026, 21:00:05 GMT+9 · 2026-07-01 12:00:05 UTC"
    )
    expect(page.locator("[data-zone]")).to_contain_text("Times are those of Asia/Tokyo")


@pytest.mark.parametrize("away", [{"timezone_id": "Asia/Tokyo"}], indirect=True)
def test_exact_times_stay_chosen_from_page_to_page(site: str, away: BrowserContext) -> None:
    page = enter(away, site)
    expect(page.locator("time[data-ago]").first).to_contain_text("ago")

    page.get_by_role("button", name="Show exact times").click()
    page.reload()

    expect(page.locator("time[data-ago]").first).to_have_text("1 Jul 2026, 21:00:05")
    expect(page.get_by_role("button", name="Show ages")).to_be_visible()


@pytest.mark.parametrize("away", [{"java_script_enabled": False, "timezone_id": "Asia/Tokyo"}], indirect=True)
def test_without_javascript_times_are_utc_and_say_so(site: str, away: BrowserContext) -> None:
    page = enter(away, site)

    expect(page.locator("time").first).to_have_attribute("title", "2026-07-01 12:00:05 UTC")
    expect(page.locator("[data-zone]")).to_contain_text("Times are UTC")
    expect(page.get_by_role("button", name="Show exact times")).to_be_hidden()


def test_the_browser_tells_an_age_in_the_servers_words(site: str, sign_in: Callable[[str], None], page: Page) -> None:
    sign_in(site)
    now = timezone.now()
    moments = [now - timedelta(seconds=age) for age in AGES]

    said = page.evaluate(SAY, [moment.isoformat() for moment in moments])

    meanwhile = [now + timedelta(seconds=0.5 * step) for step in range(-2, 2 * int((timezone.now() - now).seconds) + 3)]
    wrong = [
        (words, ago(moment, now))
        for words, moment in zip(said, moments, strict=True)
        if words not in {ago(moment, then) for then in meanwhile}
    ]
    assert wrong == []
