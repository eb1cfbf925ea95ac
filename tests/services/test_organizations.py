"""An organization connected, read over real HTTP, chosen from, taken and followed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.domain.organization import Kind
from accounts.domain.role_policies import organization_permissions
from accounts.models import Account, AccountEdit, AuditEntry, Organization, OrganizationTake, Sweep
from accounts.services.organization_changes import WorldMoved, difference, fingerprint, take
from accounts.services.organization_undo import CannotUndo, undo
from accounts.services.organizations import (
    AlreadyConnected,
    connect,
    disconnect,
    read_now,
    request_reading,
    save_rules,
    tend_organizations,
)
from accounts.services.sweeps import poll_due_accounts, request_sweep
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.factories import make_status

pytestmark = pytest.mark.django_db
SHOP, OPS = "222233330001", "222233330002"


def organization(**fields: Any) -> Organization:
    return connect(Organization(partition="aws", **fields), "ana")


def read(one: Organization) -> Organization:
    request_reading(one, "ana", send=False)
    assert read_now(one.pk)
    one.refresh_from_db()
    return one


def put(aws: LocalAws, account_id: str = SHOP, **fields: Any) -> str:
    aws.put_account(account_id, **{"name": f"name-{account_id[-1]}", "unit": "Workloads/Prod", **fields})
    return account_id


def told(one: Organization) -> list[tuple[str, str]]:
    return [(change.kind.value, change.account_id) for change in difference(one)]


def take_all(one: Organization, kinds: Collection[Kind] = tuple(Kind)) -> OrganizationTake:
    taken = take(one, kinds, "ana", leave=["new:999900001111"])
    assert taken is not None
    return taken


def without_the_hub(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [change for change in found if change[1] != "999900001111"]


def test_new_accounts_are_taken_with_roles_unit_and_tags(local_aws: LocalAws) -> None:
    put(local_aws, tags={"env": "prod"})
    one = read(organization(cleaner_role="MqSlrCleaner"))

    take_all(one)

    account = Account.objects.get()
    assert (account.account_id, account.name, account.unit) == (SHOP, "name-1", "Workloads/Prod")
    assert account.reader_role_arn == f"arn:aws:iam::{SHOP}:role/MqSlrReader"
    assert account.cleaner_role_arn == f"arn:aws:iam::{SHOP}:role/MqSlrCleaner"
    assert account.external_id.endswith(f"-{SHOP}")
    assert (account.tags, account.environment) == ({"env": "prod"}, "prod")
    assert account.organization_state == "ACTIVE"
    assert AuditEntry.objects.filter(action="add account", actor="ana").count() == 1


def test_random_external_ids_are_each_accounts_own(local_aws: LocalAws) -> None:
    put(local_aws), put(local_aws, OPS)

    take_all(read(organization(external_ids="random")))

    assert len(set(Account.objects.values_list("external_id", flat=True))) == 2


def test_only_the_chosen_are_new(local_aws: LocalAws) -> None:
    put(local_aws), put(local_aws, OPS, unit="Sandbox")

    one = read(organization(include_units=["Sandbox"]))

    assert told(one) == [("new", OPS)]


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("AccessDeniedException", "User: x is not authorized to perform: organizations:ListAccounts", "denies"),
        ("TooManyRequestsException", "", "refused 2 tries in a row"),
    ],
)
def test_a_reading_that_fails_in_mid_paging_changes_nothing_and_says_why(
    local_aws: LocalAws, settings: Any, code: str, message: str, said: str
) -> None:
    settings.AWS_ORGANIZATION_ATTEMPTS = 2
    put(local_aws)
    one = read(organization())
    before = (told(one), one.read_at)
    for number in range(30):
        put(local_aws, f"2222444400{number:02d}")
    rule = local_aws.add_fault(
        service="organizations", action="^ListAccounts$", after=1, status=400, code=code, message=message
    )

    failed = read(one)

    assert (told(failed), failed.read_at) == before
    assert said in failed.problem
    assert bool(failed.statement) == (code == "AccessDeniedException")
    local_aws.remove_fault(rule)
    assert read(one).problem == ""
    assert len(told(one)) == len(before[0]) + 30


def test_a_rename_a_move_and_tags_are_asked_for_and_taken(local_aws: LocalAws) -> None:
    put(local_aws, tags={"env": "dev"})
    one = read(organization())
    take_all(one)
    Account.objects.update(tags={"env": "dev", "note": "ours"})
    put(local_aws, name="shop", unit="Sandbox", tags={"env": "prod"})

    read(one)

    assert without_the_hub(told(one)) == [("renamed", SHOP), ("moved", SHOP), ("tags", SHOP)]
    take_all(one, {Kind.RENAMED, Kind.TAGS})
    account = Account.objects.get()
    assert (account.name, account.unit, account.tags) == ("shop", "Workloads/Prod", {"env": "prod", "note": "ours"})
    assert without_the_hub(told(one)) == [("moved", SHOP)]
    kept = {edit.entry.action: (edit.before, edit.after) for edit in AccountEdit.objects.filter(before__isnull=False)}
    assert kept["take: renamed in AWS"] == ({"name": "name-1"}, {"name": "shop"})
    assert (AccountEdit.objects.get(before__isnull=True).after or {})["name"] == "name-1"


def test_a_suspended_account_is_kept_and_not_polled_until_it_is_back(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    put(local_aws, state="SUSPENDED")

    take_all(read(one))
    rests = Account.objects.get()
    sweep = poll_due_accounts()
    by_hand = request_sweep(Account.objects.all(), Sweep.Reason.PAGE, "ana", send=False)

    assert (rests.organization_state, rests.rests) == ("SUSPENDED", True)
    assert (sweep, by_hand.polls.count()) == (None, 0)
    put(local_aws, state="ACTIVE")
    assert without_the_hub(told(read(one))) == [("back", SHOP)]
    take_all(one)
    assert poll_due_accounts() is not None


def test_a_gone_account_is_marked_and_never_removed(local_aws: LocalAws) -> None:
    put(local_aws), put(local_aws, OPS)
    one = read(organization())
    take_all(one)
    local_aws.delete_account(SHOP)

    read(one)

    assert without_the_hub(told(one)) == [("gone", SHOP)]
    take_all(one)
    assert Account.objects.get(account_id=SHOP).organization_state == "GONE"
    assert without_the_hub(told(read(one))) == []


def test_an_account_that_moved_to_another_organization_is_not_gone(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    other = organization(access_role_arn="arn:aws:iam::888800001111:role/x")
    other.members.create(account_id=SHOP, name="name-1", state="ACTIVE", unit="Workloads/Prod", tags={})
    local_aws.delete_account(SHOP)
    put(local_aws, OPS)

    read(one)

    assert ("gone", SHOP) not in told(one)


def test_the_same_number_in_another_partition_is_another_account(local_aws: LocalAws, make_account: Any) -> None:
    make_account(account_id=SHOP, partition="aws-us-gov")
    put(local_aws)

    one = read(organization())

    assert without_the_hub(told(one)) == []


def test_what_a_person_has_deleted_is_not_new(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    Account.objects.update(archived_at=timezone.now(), archived_by="ana")

    assert without_the_hub(told(read(one))) == []


def test_what_was_not_seen_is_not_taken(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    seen = fingerprint(difference(one))
    put(local_aws, OPS)
    read(one)

    with pytest.raises(WorldMoved):
        take(one, set(Kind), "ana", seen=seen)

    assert not Account.objects.exists()


def test_by_itself_it_takes_what_a_person_has_chosen(local_aws: LocalAws) -> None:
    put(local_aws)
    one = organization(takes_changes=True, interval_seconds=3600)
    read(one)
    assert not Account.objects.exists()  # nobody has said yet which accounts are wanted

    save_rules(one, "ana")
    read(one)

    assert Account.objects.filter(account_id=SHOP).exists()
    assert OrganizationTake.objects.get().actor == "Rolecall"


def test_by_itself_it_stops_polling_few_accounts_and_asks_for_many(local_aws: LocalAws) -> None:
    ids = [f"2222444400{number:02d}" for number in range(8)]
    for account_id in ids:
        put(local_aws, account_id)
    one = organization(takes_changes=True)
    save_rules(one, "ana")
    read(one)

    for account_id in ids[:6]:
        put(local_aws, account_id, state="SUSPENDED")
    read(one)

    assert Account.objects.filter(organization_state="SUSPENDED").count() == 0
    assert AuditEntry.objects.filter(action="leave to a person").exists()
    assert [kind for kind, _ in told(one)] == ["suspended"] * 6


def test_a_taking_is_undone_as_long_as_nothing_has_happened(local_aws: LocalAws) -> None:
    put(local_aws), put(local_aws, OPS)
    one = read(organization())
    first = take_all(one)
    make_status(Account.objects.get(account_id=OPS))

    done = undo(first, "ana")

    assert (done.undone, done.kept) == (1, 1)
    entry = AuditEntry.objects.get(account_number=SHOP, action="undo taking")
    edit = entry.edits.get()
    assert ((edit.before or {})["name"], edit.after) == ("name-1", None)
    assert not AuditEntry.objects.filter(account_number=OPS, action="undo taking").exists()
    assert list(Account.objects.values_list("account_id", flat=True)) == [OPS]
    assert ("new", SHOP) in told(one)
    with pytest.raises(CannotUndo):
        undo(first, "ana")


def test_an_undone_rename_leaves_what_a_person_has_changed_since(local_aws: LocalAws) -> None:
    put(local_aws), put(local_aws, OPS)
    one = read(organization())
    take_all(one)
    put(local_aws, name="shop"), put(local_aws, OPS, name="ops")
    taken = take_all(read(one))
    Account.objects.filter(account_id=OPS).update(name="our ops")

    done = undo(taken, "ana")

    assert (done.undone, done.kept) == (1, 1)
    assert dict(Account.objects.values_list("account_id", "name")) == {SHOP: "name-1", OPS: "our ops"}
    edit = AuditEntry.objects.get(account_number=SHOP, action="undo taking").edits.get()
    assert (edit.before, edit.after) == ({"name": "shop"}, {"name": "name-1"})
    assert ("renamed", SHOP) in told(one)


def test_an_account_that_was_here_before_keeps_what_was_said_of_it(local_aws: LocalAws, make_account: Any) -> None:
    make_account(account_id=SHOP, name="name-1", unit="Workloads/Prod", tags={"note": "ours"})
    put(local_aws)

    one = read(organization())

    assert without_the_hub(told(one)) == []
    assert Account.objects.get().organization_state == "ACTIVE"


def test_a_role_that_opens_without_its_external_id_is_refused(local_aws: LocalAws) -> None:
    put(local_aws)
    access = {"name": "Org", "external_id": "", "permissions": organization_permissions()}
    local_aws.put_account("888800001111", name="payer", access=[access])
    local_aws.organization(management_account="888800001111")

    one = read(organization(access_role_arn="arn:aws:iam::888800001111:role/Org", external_id="ext-1"))

    assert "without the right external id" in one.problem
    assert one.read_at is None


def test_a_way_in_that_leads_to_another_organization_changes_nothing(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    Organization.objects.update(organization_id="o-another")

    read(one)

    assert "leads to organization o-rolecall0demo now, not to o-another" in one.problem
    assert without_the_hub(told(one)) == []


def test_one_way_in_is_connected_once(local_aws: LocalAws) -> None:
    organization()

    with pytest.raises(AlreadyConnected):
        organization()


def test_disconnected_its_accounts_stay_and_are_polled_again(local_aws: LocalAws) -> None:
    put(local_aws)
    one = read(organization())
    take_all(one)
    put(local_aws, state="SUSPENDED")
    take_all(read(one))

    disconnect(one, "ana")

    assert Account.objects.get().organization_state == ""
    assert not Organization.objects.exists()


def test_the_schedule_begins_readings_and_lost_ones_are_sent_again(local_aws: LocalAws, settings: Any) -> None:
    one = read(organization(interval_seconds=3600))
    assert one.next_read_at is not None
    Organization.objects.update(next_read_at=timezone.now() - timedelta(seconds=1))

    tend_organizations()

    one.refresh_from_db()
    assert one.waits
    assert one.requested_by == "Rolecall"
    Organization.objects.update(sent_at=timezone.now() - timedelta(seconds=settings.POLL_RESEND_SECONDS + 1))
    assert (tend_organizations(), tend_organizations()) == (1, 0)


def test_two_workers_do_not_read_at_once(local_aws: LocalAws) -> None:
    one = organization()
    Organization.objects.update(lease_until=timezone.now() + timedelta(minutes=5), lease_token="other")

    assert not read_now(one.pk)


def test_a_thousand_accounts_are_read_and_taken(local_aws: LocalAws, django_assert_max_num_queries: Any) -> None:
    for number in range(1000):
        put(local_aws, f"22220000{number:04d}")
    one = read(organization(reads_tags=False))

    with django_assert_max_num_queries(40):
        take_all(one)

    assert Account.objects.count() == 1000
    assert without_the_hub(told(one)) == []
