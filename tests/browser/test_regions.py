"""What a person does with the region table: read AWS's list through a worker, take a part of it, and take it back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Region
from tests.dashboard.factories import make_account, make_cell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 30_000


def test_aws_names_a_region_that_is_taken_looked_at_and_taken_back(
    demo_site: str, sign_in: Callable[[str], None], page: Page
) -> None:
    Region.objects.filter(code="ap-east-2").delete()
    make_cell(make_account(1, "orders"), "eu-west-1", 3, outcome="throttled", code="TooManyRequestsException")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(demo_site)

    page.goto(f"{demo_site}/regions/")
    page.get_by_role("link", name="Refresh from AWS").click()
    page.get_by_role("button", name="Ask AWS").click()
    expect(page.get_by_role("heading", name="AWS’s list differs in 4 points")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("checkbox", name="Take new of ap-east-2")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Take support of us-gov-west-1")).not_to_be_checked()
    page.get_by_role("button", name="Take what is ticked").click()
    expect(page.get_by_role("status").filter(has_text="1 row taken from AWS: ap-east-2.")).to_be_visible()

    page.get_by_role("link", name="ap-east-2").click()
    expect(page.get_by_role("heading", name="Asia Pacific (Taipei)")).to_be_visible()
    expect(page.get_by_text("mq.ap-east-2.amazonaws.com")).to_be_visible()

    page.get_by_role("navigation", name="Where").get_by_role("link", name="Regions").click()
    page.get_by_role("link", name="eu-west-1", exact=True).click()
    expect(page.get_by_role("cell", name="TooManyRequestsException")).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^All \d+$")).click()
    expect(page.get_by_role("link", name=re.compile(r"Export \d+ accounts"))).to_be_visible()

    page.goto(f"{demo_site}/regions/#edits")
    page.get_by_role("button", name="Undo: take AWS's word on region: ap-east-2").click()
    expect(page.get_by_role("status").filter(has_text="Undone: ap-east-2 as before.")).to_be_visible()
    assert not Region.objects.filter(code="ap-east-2").exists()
    assert complaints == []
