"""What people do to accounts beside what their organization says of them: neither undoes the other unseen."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Account, AuditEntry, Organization
from accounts.services.deleting import restore_accounts
from accounts.services.organization_undo import undo
from accounts.services.organizations import disconnect, save_rules, what_would_differ
from accounts.services.protection import set_protected
from dashboard.demo.local_aws.client import LocalAws
from tests.services.test_organizations import OPS, SHOP, organization, put, read, take_all, told, without_the_hub

pytestmark = pytest.mark.django_db


def test_an_archived_account_of_a_forgotten_organization_is_polled_when_it_comes_back(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    Account.objects.update(organization_state="SUSPENDED", archived_at=timezone.now())

    disconnect(one, "ana")
    restore_accounts(Account.every.all(), "ana")

    assert not Account.objects.get().rests


def test_an_account_that_was_gone_when_it_was_archived_is_polled_when_nobody_says_so_any_more(
    local_aws: LocalAws,
) -> None:
    put(local_aws), put(local_aws, OPS)
    one = read(organization())
    take_all(one)
    Account.objects.filter(account_id=SHOP).update(organization_state="GONE", archived_at=timezone.now())
    local_aws.delete_account(SHOP)
    read(one)

    restore_accounts(Account.every.filter(account_id=SHOP), "ana")
    disconnect(one, "ana")

    assert not Account.objects.get(account_id=SHOP).rests


def test_an_undone_taking_leaves_a_new_account_that_a_person_has_changed_since(local_aws: LocalAws) -> None:
    put(local_aws), put(local_aws, OPS)
    first = take_all(read(organization()))
    set_protected(Account.objects.get(account_id=OPS), True, "bo")

    done = undo(first, "ana")

    assert (done.undone, done.kept) == (1, 1)
    assert Account.objects.get().account_id == OPS


def test_by_itself_no_new_name_ends_a_protection(local_aws: LocalAws) -> None:
    put(local_aws, name="shop-prod"), put(local_aws, OPS)
    one = organization(takes_changes=True)
    save_rules(one, "ana")
    read(one)
    put(local_aws, name="shop"), put(local_aws, OPS, name="ops")

    read(one)

    assert set(Account.objects.values_list("name", flat=True)) >= {"shop-prod", "ops"}
    assert without_the_hub(told(one)) == [("renamed", SHOP)]


def test_an_undone_state_has_its_entry_and_is_no_field_that_people_set(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    put(local_aws, state="SUSPENDED")

    undo(take_all(read(one)), "ana")

    entry = AuditEntry.objects.get(account_number=SHOP, action="undo taking")
    assert "SUSPENDED → ACTIVE" in entry.detail
    assert not entry.edits.exists()


def test_looking_alone_lists_everything_and_keeps_nothing(local_aws: LocalAws) -> None:
    put(local_aws)
    one = organization(takes_changes=True)
    save_rules(one, "ana")
    read(one)
    before = Organization.objects.values().get()
    put(local_aws, OPS)
    local_aws.delete_account(SHOP)

    found = what_would_differ(one)

    assert [(change.kind.value, change.account_id) for change in found] == [("new", OPS), ("gone", SHOP)]
    assert Organization.objects.values().get() == before
    assert not one.members.filter(account_id=OPS).exists()
    assert not Account.objects.filter(account_id=OPS).exists()
