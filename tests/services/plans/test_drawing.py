"""Plans drawn through real HTTP from every region: what goes, what stays, what nobody could see."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.domain.plans import iso
from accounts.models import Account, AuditEntry, Cleanup, Region
from accounts.services.cleanups.drawing import draw, redraw, request_plan
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.looking import IAM, all_regions, world_now
from accounts.services.cleanups.reports import plan_object
from accounts.tasks import draw_plan
from dashboard.demo.local_aws.client import LocalAws
from tests.services.plans.conftest import CLASSIC, ORDERS, Cleanable, Drawn
from tests.services.test_polling import poll

pytestmark = pytest.mark.django_db


def names(brokers: Any) -> list[str]:
    return [broker.name for broker in brokers]


def test_rabbitmq_goes_activemq_stays_and_the_role_is_last(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable(brokers=[ORDERS, CLASSIC, {**ORDERS, "region": "us-east-1", "name": "stock"}])

    cleanup = drawn(account)

    plan = cleanup.plan
    assert plan and (sorted(names(plan.deletes)), names(plan.keeps)) == (["orders", "stock"], ["classic"])
    assert plan.arns[-1].endswith("AWSServiceRoleForAmazonMQ") and plan.role_id.startswith("AROA")
    assert (cleanup.refusals, plan.unknown, cleanup.state) == ([], {}, "drafted")
    assert sorted(cleanup.targets.values_list("name", flat=True)) == ["orders", "stock"]
    assert cleanup.plan_sha256 == plan.sha256
    assert cleanup.expires_at and cleanup.expires_at > timezone.now() + timedelta(hours=23)


def test_a_broker_of_the_plan_is_described_with_its_tags(cleanable: Cleanable, drawn: Drawn) -> None:
    cleanup = drawn(cleanable(brokers=[{**ORDERS, "tags": {"team": "orders"}, "instance_type": "mq.m7g.large"}]))

    assert cleanup.plan
    (broker,) = cleanup.plan.deletes
    assert (broker.tags, broker.instance_type, broker.engine_version) == ({"team": "orders"}, "mq.m7g.large", "3.13")
    assert broker.created_at.endswith("Z")


def test_a_last_connection_is_told_where_cloudwatch_tells_it(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn
) -> None:
    lately = (timezone.now() - timedelta(days=2)).replace(microsecond=0)
    idle = {**ORDERS, "name": "idle"}
    account = cleanable(brokers=[{**ORDERS, "connected": lately.isoformat()}, idle, {**ORDERS, "region": "us-east-1"}])
    local_aws.add_fault(account=account.account_id, service="monitoring", region="us-east-1", status=403)

    cleanup = drawn(account)

    assert cleanup.plan and cleanup.refusals == []
    told = {(b.name, b.region): (b.last_connection_known, b.last_connection_at) for b in cleanup.plan.deletes}
    assert told[("orders", "eu-west-1")] == (True, iso(lately))
    assert told[("idle", "eu-west-1")] == (True, "")
    assert told[("orders", "us-east-1")] == (False, "")
    assert any("orders in eu-west-1 had a connection on" in warning for warning in cleanup.warnings)


def test_an_unused_role_is_one_step_that_needs_nobody_else(cleanable: Cleanable, drawn: Drawn) -> None:
    cleanup = drawn(cleanable())

    assert cleanup.plan and cleanup.plan.arns == (cleanup.plan.role_arn,)
    assert (cleanup.warnings, cleanup.refusals, cleanup.approval_needed) == ([], [], False)


def test_the_look_covers_regions_that_the_table_does_not_poll(cleanable: Cleanable, drawn: Drawn) -> None:
    Region.objects.update(polled=False)

    cleanup = drawn(cleanable(brokers=[ORDERS]))

    assert cleanup.plan and names(cleanup.plan.deletes) == ["orders"]
    assert {*cleanup.plan.looked, *cleanup.plan.disabled} == set(all_regions("aws"))
    assert len(all_regions("aws")) >= 34


def test_an_activemq_broker_goes_when_the_admin_adds_it(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn
) -> None:
    account = cleanable(brokers=[CLASSIC])
    arn = local_aws.account(account.account_id)["regions"]["us-east-1"]["brokers"][0]["arn"]

    cleanup = drawn(account, (arn,))

    assert cleanup.plan and cleanup.plan.arns[0] == arn
    assert any("no RabbitMQ" in warning for warning in cleanup.warnings)


def test_an_activemq_broker_that_iam_has_named_is_proposed(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable(brokers=[CLASSIC])
    former = drawn(account)
    assert former.plan and former.plan.deletes == ()
    usage = [{"region": "us-east-1", "named_region": "us-east-1", "resource": former.plan.keeps[0].arn}]
    Cleanup.objects.filter(pk=former.pk).update(state="failed", usage=usage)

    cleanup = drawn(account)

    assert cleanup.plan and names(cleanup.plan.deletes) == ["classic"]


def test_what_iam_named_before_it_deleted_the_role_all_the_same_is_not_proposed(
    cleanable: Cleanable, drawn: Drawn
) -> None:
    account = cleanable(brokers=[CLASSIC])
    former = drawn(account)
    assert former.plan
    usage = [{"region": "us-east-1", "named_region": "us-east-1", "resource": former.plan.keeps[0].arn}]
    done = {"state": "done", "confirmed_at": timezone.now(), "attempts": 2, "usage": usage}
    Cleanup.objects.filter(pk=former.pk).update(**done)

    cleanup = drawn(account)

    assert cleanup.plan and cleanup.plan.deletes == ()


def test_an_answer_that_cannot_be_stored_ends_the_look_and_says_so(cleanable: Cleanable, drawn: Drawn) -> None:
    cleanup = drawn(cleanable(brokers=[{**ORDERS, "tags": {"team": "a\0b"}}]))

    assert cleanup.plan is None and "Rolecall itself failed" in cleanup.problem


def test_a_broker_on_its_way_out_is_left_to_whoever_deletes_it(cleanable: Cleanable, drawn: Drawn) -> None:
    cleanup = drawn(cleanable(brokers=[{**ORDERS, "state": "DELETION_IN_PROGRESS"}]))

    assert cleanup.plan and (cleanup.plan.deletes, names(cleanup.plan.keeps)) == ((), ["orders"])
    assert "being deleted already" in cleanup.warnings[0]


def test_a_broker_that_goes_between_the_two_looks_is_no_part_of_the_plan(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn
) -> None:
    account = cleanable(brokers=[ORDERS])
    gone = {"status": 404, "code": "NotFoundException"}
    local_aws.add_fault(account=account.account_id, action="^DescribeBroker$", service="mq", **gone)

    cleanup = drawn(account)

    assert cleanup.plan and (cleanup.plan.deletes, cleanup.plan.keeps) == ((), ())


def test_a_region_that_is_off_is_unknown_once_brokers_were_seen_there(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn
) -> None:
    account = cleanable(brokers=[{**ORDERS, "region": "af-south-1"}], regions={"af-south-1": "ENABLED"})
    poll(account)
    local_aws.put_account(account.account_id, name=account.name, external_id=account.external_id, role={})

    cleanup = drawn(account)

    assert cleanup.plan and list(cleanup.plan.unknown) == ["af-south-1"]
    assert "af-south-1" not in cleanup.plan.disabled and "ap-east-1" in cleanup.plan.disabled
    assert any("once saw 1 broker there" in warning for warning in cleanup.warnings)


def test_an_account_that_lets_nobody_in_has_no_plan_and_says_why(cleanable: Cleanable, drawn: Drawn) -> None:
    cleanup = drawn(cleanable(external_id="somebody-else"))

    assert cleanup.plan is None and cleanup.state == "drafted"
    assert "external id" in cleanup.problem
    assert plan_object(cleanup)["refusals"] == [{"rule": "role_unknown", "detail": cleanup.problem}]


def test_a_fault_of_our_own_ends_the_look_and_says_so(cleanable: Cleanable, drawn: Drawn, settings: Any) -> None:
    account = cleanable()
    settings.POLL_THREADS = 0  # no such pool

    assert "Rolecall itself failed: ValueError" in drawn(account).problem


def test_a_plan_is_drawn_once_however_often_it_is_rung_for(
    cleanable: Cleanable, local_aws: LocalAws, drawn: Drawn
) -> None:
    account = cleanable(brokers=[ORDERS])
    first = drawn(account)
    local_aws.add_broker(account.account_id, "eu-west-1", "new")

    draw_plan(first.pk)

    assert Cleanup.objects.get().plan_sha256 == first.plan_sha256


def test_a_new_drawing_replaces_one_that_nobody_has_acted_on(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable()
    first = drawn(account)

    second = redraw(first, "somebody")

    first.refresh_from_db()
    assert (first.state, first.reason) == ("void", f"Replaced by clean-up {second.pk}")
    assert second.requested_by == "somebody" and second.state == "drafted"


def test_a_replaced_drawing_that_comes_late_changes_nothing(cleanable: Cleanable) -> None:
    account = cleanable()
    first = request_plan(account, "asker", send=False)
    request_plan(account, "asker", send=False)

    draw(first.pk)

    first.refresh_from_db()
    assert (first.state, first.plan_json) == ("void", None)


@pytest.mark.django_db(transaction=True)
def test_a_drawing_that_is_replaced_while_it_looks_stays_without_a_plan(
    cleanable: Cleanable, local_aws: LocalAws
) -> None:
    account = cleanable(brokers=[ORDERS])
    first = request_plan(account, "asker", send=False)
    local_aws.add_fault(account=account.account_id, service="iam", action="^GetRole$", delay=1.5)
    look = Thread(target=_draw_and_hang_up, args=[first.pk])
    look.start()
    while not any(call["action"] == "AssumeRole" for call in local_aws.log()):
        time.sleep(0.05)

    request_plan(account, "asker", send=False)

    look.join(timeout=30)
    first.refresh_from_db()
    assert (first.state, first.plan_json, first.targets.count()) == ("void", None, 0)


def _draw_and_hang_up(pk: int) -> None:
    try:
        draw(pk)
    finally:
        connection.close()


@pytest.mark.parametrize("state", ["awaiting_approval", "approved"])
def test_a_clean_up_that_somebody_has_acted_on_is_not_replaced(cleanable: Cleanable, drawn: Drawn, state: str) -> None:
    account = cleanable()
    open_one = drawn(account)
    Cleanup.objects.filter(pk=open_one.pk).update(state=state)

    with pytest.raises(Refused, match=f"Clean-up {open_one.pk}"):
        request_plan(account, "asker")

    assert Cleanup.objects.count() == 1


def test_the_table_holds_one_open_clean_up_per_account(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable()
    drawn(account)

    with pytest.raises(IntegrityError):
        Cleanup.objects.create(account=account, requested_by="another way in")


@pytest.mark.parametrize(
    "arn",
    [
        "orders",
        "arn:aws:mq:eu-west-1:999988887777:broker:orders:b-1",
        "arn:aws:iam::{account}:role/x",
        "arn:aws:mq:eu-west-1:{account}:configuration:c-1",
    ],
)
def test_what_is_no_broker_of_the_account_is_refused_at_once(cleanable: Cleanable, arn: str) -> None:
    account = cleanable()

    with pytest.raises(Refused, match=r"ARN|not a broker"):
        request_plan(account, "asker", [arn.format(account=account.account_id)])

    assert not Cleanup.objects.exists()


def test_who_asked_and_why_is_in_the_audit(cleanable: Cleanable) -> None:
    request_plan(cleanable(), "asker", send=False, why="ticket 4711")

    entry = AuditEntry.objects.get(action="plan clean-up")
    assert entry.actor == "asker" and "ticket 4711" in entry.detail


def test_a_world_without_a_word_on_the_role_says_so(cleanable: Cleanable, local_aws: LocalAws) -> None:
    account = cleanable()
    local_aws.add_fault(
        account=account.account_id, service="iam", action="^GetRole$", status=500, code="ServiceFailure"
    )
    shut = cleanable(external_id="somebody-else")

    assert (world_now(account).role_id, list(world_now(account).unknown)) == ("", [IAM])
    assert list(world_now(shut).unknown) == [IAM]


def test_the_world_is_what_the_plan_was_drawn_from(cleanable: Cleanable, drawn: Drawn) -> None:
    account: Account = cleanable(brokers=[ORDERS, CLASSIC])
    plan = drawn(account).plan

    world = world_now(account)

    assert plan and world.role_id == plan.role_id
    assert world.brokers == {broker.arn: "RUNNING" for broker in (*plan.deletes, *plan.keeps)}
