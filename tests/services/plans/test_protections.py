"""Every rule that forbids a deletion, met through real HTTP: the plan is drawn, shown, and cannot be confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.protection import Freeze, Rule
from accounts.models import Account, Cleanup
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.gates import accept_regions, approve, confirm, refusals_now
from dashboard.demo.local_aws.client import LocalAws
from tests.services.plans.conftest import CLASSIC, ORDERS, Cleanable, Drawn

pytestmark = pytest.mark.django_db

DENIED: dict[str, Any] = {"status": 403, "code": "AccessDeniedException"}


def protect(settings: Settings, **changes: Any) -> None:
    settings.CLEANUP_PROTECTION = replace(settings.CLEANUP_PROTECTION, **changes)


def assert_refused(cleanup: Cleanup, *rules: Rule) -> str:
    """The plan says so, and neither a confirmation nor an approval is taken. Gives the details."""
    assert [refusal["rule"] for refusal in cleanup.refusals] == list(rules)
    assert [refusal.rule for refusal in refusals_now(cleanup)] == list(rules)
    assert cleanup.plan
    with pytest.raises(Refused) as confirmed:
        confirm(cleanup, "asker", cleanup.plan.phrase, cleanup.plan_sha256)
    with pytest.raises(Refused) as approved:
        approve(cleanup, "second", cleanup.plan_sha256)
    assert (
        [one.rule for one in confirmed.value.refusals] == [one.rule for one in approved.value.refusals] == list(rules)
    )
    cleanup.refresh_from_db()
    assert cleanup.state == "drafted" and not cleanup.confirmed_by and not cleanup.approved_by
    return str(confirmed.value)


def test_a_flagged_account(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable(brokers=[ORDERS])
    Account.objects.update(protected=True)
    account.refresh_from_db()

    assert "Its page has the switch" in assert_refused(drawn(account), Rule.PROTECTED_ACCOUNT)


@pytest.mark.parametrize("state", ["SUSPENDED", "GONE"])
def test_an_account_that_is_not_active_in_its_organization(cleanable: Cleanable, drawn: Drawn, state: str) -> None:
    account = cleanable()
    Account.objects.update(organization_state=state)
    account.refresh_from_db()

    assert "in its organization" in assert_refused(drawn(account), Rule.RESTING_ACCOUNT)


def test_an_account_of_the_list(cleanable: Cleanable, drawn: Drawn, settings: Settings) -> None:
    account = cleanable()
    protect(settings, account_ids=frozenset({account.account_id}))

    assert "CLEANUP_PROTECTED_ACCOUNTS" in assert_refused(drawn(account), Rule.PROTECTED_ACCOUNT)


@pytest.mark.parametrize("name", ["prod-eu", "orders live"])
def test_a_protected_name(cleanable: Cleanable, drawn: Drawn, name: str) -> None:
    account = cleanable()
    account.name = name
    account.save()

    assert "CLEANUP_PROTECTED_NAMES" in assert_refused(drawn(account), Rule.PROTECTED_NAME)


@pytest.mark.parametrize("name", ["nonprod", "productivity"])
def test_a_name_that_only_looks_like_it_is_free(cleanable: Cleanable, drawn: Drawn, name: str) -> None:
    account = cleanable()
    account.name = name
    account.save()

    assert drawn(account).refusals == []


def test_a_protected_tag(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable(brokers=[{**ORDERS, "tags": {"Environment": "Production"}}])

    assert "Environment=Production" in assert_refused(drawn(account), Rule.PROTECTED_TAG)


@pytest.mark.parametrize("fault", [DENIED, {"status": 500}, {"reset": True}, {"body": '{"brokerId": "b-1"}'}])
def test_tags_that_cannot_be_read(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn, fault: dict[str, Any]
) -> None:
    account = cleanable(brokers=[ORDERS])
    local_aws.add_fault(account=account.account_id, service="mq", action="^DescribeBroker$", **fault)

    assert "The tags of orders in eu-west-1 could not be read" in assert_refused(drawn(account), Rule.TAGS_UNREADABLE)


def test_a_missing_permission_is_named(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable(brokers=[ORDERS], denials=[{"action": "mq:DescribeBroker"}])

    assert "mq:DescribeBroker" in assert_refused(drawn(account), Rule.TAGS_UNREADABLE)


def test_too_many_brokers(cleanable: Cleanable, drawn: Drawn, settings: Settings) -> None:
    account = cleanable(brokers=[ORDERS, {**ORDERS, "name": "stock"}, CLASSIC])
    protect(settings, max_brokers=1)

    assert "2 brokers are more than one plan may delete" in assert_refused(drawn(account), Rule.TOO_MANY_BROKERS)


def test_a_state_that_nobody_knows(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable(brokers=[{**ORDERS, "state": "HIBERNATING"}])

    assert "HIBERNATING" in assert_refused(drawn(account), Rule.UNKNOWN_STATE)


def test_a_paired_broker(cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn) -> None:
    account = cleanable(brokers=[{**CLASSIC, "replication_mode": "CRDR"}])
    arn = local_aws.account(account.account_id)["regions"]["us-east-1"]["brokers"][0]["arn"]

    assert "unpair it" in assert_refused(drawn(account, (arn,)), Rule.PAIRED_BROKER)


def test_a_freeze(cleanable: Cleanable, drawn: Drawn, settings: Settings) -> None:
    account = cleanable()
    now = timezone.now()
    protect(settings, freezes=(Freeze(now - timedelta(days=1), datetime(2099, 1, 4, 6, tzinfo=UTC)),))

    assert "until 2099-01-04 06:00 UTC. The setting is CLEANUP_FREEZE" in assert_refused(drawn(account), Rule.FREEZE)


def test_an_account_without_a_cleaner_role(watched: Cleanable, drawn: Drawn) -> None:
    assert "cleaner_role_arn" in assert_refused(drawn(watched()), Rule.NO_CLEANER_ROLE)


def test_an_account_without_the_role_loses_no_broker(cleanable: Cleanable, drawn: Drawn) -> None:
    cleanup = drawn(cleanable(role=None, brokers=[ORDERS]))

    assert cleanup.plan and cleanup.plan.arns == ()
    assert_refused(cleanup, Rule.NOTHING_TO_DELETE)


@pytest.mark.parametrize("fault", [{"status": 403, "code": "AccessDenied"}, {"html": True, "status": 404}])
def test_a_role_that_cannot_be_read(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn, fault: dict[str, Any]
) -> None:
    account = cleanable()
    local_aws.add_fault(account=account.account_id, service="iam", action="^GetRole$", **fault)

    assert_refused(drawn(account), Rule.ROLE_UNKNOWN)


def test_a_role_of_that_name_that_is_not_awss(cleanable: Cleanable, drawn: Drawn) -> None:
    assert "/mine/" in assert_refused(drawn(cleanable(role={"path": "/mine/"})), Rule.NOT_AWS_ROLE)


def test_a_broker_that_aws_does_not_list(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable()
    arn = f"arn:aws:mq:eu-west-1:{account.account_id}:broker:orders:b-1"

    assert arn in assert_refused(drawn(account, (arn,)), Rule.UNKNOWN_BROKER)


@pytest.mark.parametrize("fault", [DENIED, {"status": 500}, {"reset": True}, {"truncate": True}])
def test_an_unread_region(cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn, fault: dict[str, Any]) -> None:
    account = cleanable(brokers=[ORDERS])
    local_aws.add_fault(account=account.account_id, service="mq", region="eu-west-1", **fault)

    assert "eu-west-1 could not be read" in assert_refused(drawn(account), Rule.REGION_UNREADABLE)


@pytest.fixture
def with_unread_region(cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn) -> Cleanup:
    account = cleanable()
    local_aws.add_fault(account=account.account_id, service="mq", region="sa-east-1", **DENIED)
    return drawn(account)


def test_a_second_person_may_accept_an_unread_region(with_unread_region: Cleanup) -> None:
    cleanup = accept_regions(with_unread_region, "second", ["sa-east-1"], "closed by SCP since 2019")

    assert cleanup.plan
    taken = cleanup.accepted_regions["sa-east-1"]
    assert (taken["by"], taken["why"], cleanup.refusals) == ("second", "closed by SCP since 2019", [])
    assert confirm(cleanup, "asker", cleanup.plan.phrase, cleanup.plan_sha256).confirmed_by == "asker"


def test_whoever_accepted_a_region_does_not_confirm_too(with_unread_region: Cleanup) -> None:
    """Else one person would do with a plan that somebody else, or a script, has merely asked for."""
    cleanup = accept_regions(with_unread_region, "second", ["sa-east-1"], "closed by SCP since 2019")

    assert cleanup.plan
    with pytest.raises(Refused, match="somebody else has to confirm"):
        confirm(cleanup, "second", cleanup.plan.phrase, cleanup.plan_sha256)


@pytest.mark.parametrize(
    ("person", "regions", "why", "said"),
    [
        ("asker", ["sa-east-1"], "I say so", "somebody else has to accept"),
        ("second", ["eu-west-1"], "it is fine", "not among the regions"),
        ("second", ["sa-east-1"], "  ", "say why"),
        ("second", [], "it is fine", "Name the regions"),
    ],
)
def test_an_unread_region_is_not_accepted_lightly(
    with_unread_region: Cleanup, person: str, regions: list[str], why: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        accept_regions(with_unread_region, person, regions, why)

    with_unread_region.refresh_from_db()
    assert with_unread_region.accepted_regions == {}


def test_protection_of_now_counts_not_that_of_the_drawing(
    cleanable: Cleanable, drawn: Drawn, settings: Settings
) -> None:
    cleanup = drawn(cleanable(brokers=[ORDERS]))
    Account.objects.update(protected=True)
    protect(settings, max_brokers=0)

    assert cleanup.plan and cleanup.refusals == []
    with pytest.raises(Refused) as refused:
        confirm(cleanup, "asker", cleanup.plan.phrase, cleanup.plan_sha256)
    assert [one.rule for one in refused.value.refusals] == [Rule.PROTECTED_ACCOUNT, Rule.TOO_MANY_BROKERS]
