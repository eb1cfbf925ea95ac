"""Accounts that are taken from an organization while somebody imports them: nobody's word is overwritten unseen."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from accounts.domain.organization import Kind, MemberState
from accounts.models import Account, Organization, OrganizationMember, OrganizationTake
from accounts.services.importing import AccountRow, import_accounts
from accounts.services.organization_changes import WorldMoved, take, take_by_itself
from dashboard.demo.local_aws.client import LocalAws
from tests.services.test_region_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SHOP = "222233330001"


@pytest.fixture
def organization() -> Organization:
    made = Organization.objects.create(partition="aws", chosen=True)
    OrganizationMember.objects.create(organization=made, account_id=SHOP, name="shop", state=MemberState.ACTIVE)
    return made


def bring_in() -> None:
    role = f"arn:aws:iam::{SHOP}:role/Ours"
    import_accounts([AccountRow(SHOP, "ours", "aws", role, "", "an-external-id", {})], "ana")


def test_an_account_that_is_imported_at_this_moment_is_not_taken_over_it(organization: Organization) -> None:
    with pytest.raises(WorldMoved):
        at_once(bring_in, lambda: take(organization, [Kind.NEW], "bo"))

    assert Account.objects.get().name == "ours"
    assert not OrganizationTake.objects.exists()


def test_by_itself_the_rest_of_the_reading_stands(organization: Organization) -> None:
    at_once(bring_in, lambda: take_by_itself(organization))

    assert Account.objects.get().name == "ours"


def test_the_command_says_that_the_world_has_moved(organization: Organization, local_aws: LocalAws) -> None:
    local_aws.put_account(SHOP, name="shop", unit="Sandbox")

    with pytest.raises(CommandError, match="Nothing was taken: look again"):
        at_once(bring_in, lambda: call_command("sync_organization", "--take"))

    assert Account.objects.get().name == "ours"
