"""The door by AWS Organizations in a real browser: connect, read, choose live, take, undo; and denied in mid-paging."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account, HubIdentity
from dashboard.demo.estate import STACKSET_PREFIX
from dashboard.demo.local_aws.client import LocalAws

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]
NOT_AUTHORIZED = "User: hub is not authorized to perform: organizations:ListAccounts on resource: *"


@pytest.fixture
def door(demo_site: str, sign_in: Callable[[str], None], page: Page) -> Page:
    """Signed in, before the door, with the StackSet's roles made in the demo's newcomers."""
    HubIdentity.objects.update_or_create(partition="aws", defaults={"external_id_prefix": STACKSET_PREFIX})
    sign_in(demo_site)
    page.get_by_role("link", name="Onboarding").click()
    page.get_by_text("Add accounts ▾").click()
    page.get_by_role("link", name="From AWS Organizations").click()
    return page


def test_accounts_of_the_organization_are_chosen_taken_and_put_back(door: Page) -> None:
    complaints: list[str] = []
    door.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    door.on("pageerror", lambda error: complaints.append(str(error)))
    watched = Account.objects.count()

    door.get_by_role("button", name="Connect and read").click()
    door.get_by_role("link", name="Choose from 45 accounts").click(timeout=30_000)
    expect(door.locator("#choice")).to_contain_text("6 new accounts")
    door.get_by_label("Take Workloads", exact=True).check()
    expect(door.locator("#choice")).to_contain_text("3 new accounts")
    door.get_by_label("Names or ids").fill("!*-dev")
    expect(door.locator("#choice")).to_contain_text("2 new accounts")
    door.get_by_role("button", name="Keep this choice").click()

    expect(door.locator("main")).to_contain_text("2 accounts in the organization and not watched")
    door.get_by_label("Leave out mobile-backend-prod").check()
    door.get_by_role("button", name="Take what is ticked").click()

    expect(door.get_by_role("status").first).to_contain_text("Taken: 1 new")
    assert Account.objects.count() == watched + 1
    taken = Account.objects.get(name="returns-prod")
    assert (taken.unit, taken.external_id) == ("Workloads/Prod", f"{STACKSET_PREFIX}-{taken.account_id}")
    assert Account.objects.get(name="dormant-poc").organization_state == "SUSPENDED"
    door.get_by_role("button", name="Undo").click()
    expect(door.get_by_role("status").first).to_contain_text("put back as they were")
    assert Account.objects.count() == watched
    assert complaints == []


def test_denied_in_mid_paging_nothing_is_kept_and_the_statement_is_shown(door: Page, demo_aws: LocalAws) -> None:
    rule = demo_aws.add_fault(
        service="organizations", action="^ListAccounts$", after=1, code="AccessDeniedException", message=NOT_AUTHORIZED
    )

    door.get_by_role("button", name="Connect and read").click()

    expect(door.get_by_role("alert")).to_contain_text("AWS denies organizations:ListAccounts", timeout=30_000)
    expect(door.get_by_role("alert")).to_contain_text("Nothing of it was kept.")
    expect(door.locator("main")).to_contain_text("RolecallReadsOrganization")
    demo_aws.remove_fault(rule)
    door.get_by_role("button", name="Read again").click()
    expect(door.get_by_role("link", name="Choose from 45 accounts")).to_be_visible(timeout=30_000)
