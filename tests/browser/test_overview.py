"""The overview in a real browser: the charts are read by eye, by name and as a table, and lead to their rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import DailyFigures
from accounts.services.daily_figures import write_figures
from tests.dashboard.factories import seed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]
PHONE = {"width": 390, "height": 800}


def test_the_charts_are_read_as_a_line_a_sentence_and_a_table(
    live_server: LiveServer, sign_in: Callable[[str], None], page: Page
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    User.objects.create_superuser("admin", password="correct horse")
    seed(14)
    past_days(12)
    sign_in(live_server.url)

    chart = page.get_by_role("img", name="Unused roles: at least 1 today; 12 days ago at least 1: not comparable.")
    expect(chart).to_be_visible()
    assert chart.locator("path.line").bounding_box() is not None

    page.get_by_text("As a table").click()
    table = page.get_by_role("table", name="The figures of each day as it ended, and today’s as they stand")
    expect(table.get_by_role("row")).to_have_count(1 + 13)
    expect(table.get_by_role("columnheader", name="Unused roles")).to_be_visible()

    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict there
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    page.get_by_role("link", name="Unused roles: ≥ 1").click()
    expect(page.locator("#rows tr")).to_have_count(1)
    assert complaints == []


def past_days(count: int) -> None:
    """Days like today, before today."""
    today = write_figures()
    assert today is not None
    values = {field.attname: getattr(today, field.attname) for field in DailyFigures._meta.concrete_fields}
    first = timezone.now().astimezone(UTC).date()
    days = (first - timedelta(days=back) for back in range(1, count + 1))
    DailyFigures.objects.bulk_create(DailyFigures(**{**values, "day": day}) for day in days)
