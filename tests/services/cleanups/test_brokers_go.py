"""The brokers' part of a clean-up: each looked at again right before it is asked to go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.cleanups import State
from accounts.models import Account, Cell, Cleanup, Target
from dashboard.demo.local_aws.client import LocalAws
from tests.services.cleanups.factories import approved_cleanup, run
from tests.services.cleanups.test_running import THREE, deletions

pytestmark = pytest.mark.django_db
Cleanable = Callable[..., Account]

HERE = "eu-west-1"
ORDERS = {"region": HERE, "name": "orders", "engine": "RabbitMQ"}


def asked_for_the_first(cleanup: Cleanup, aws: LocalAws) -> None:
    """Carry it on to where brokers are being deleted, and no further."""
    run(cleanup, until=[State.DELETING_BROKERS])
    assert deletions(aws)


@pytest.mark.parametrize("engine", ["RabbitMQ", "ActiveMQ"])
def test_a_new_broker_before_the_first_deletion_voids_the_plan(
    cleanable: Cleanable, aws: LocalAws, engine: str
) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws)
    new = aws.add_broker(account.account_id, "us-west-2", "new", engine)

    run(cleanup)

    assert (cleanup.state, cleanup.differences) == (State.VOID, [f"New since the plan: {new}"])
    assert cleanup.reason.endswith("Nothing was deleted.") and deletions(aws) == []


def test_a_new_broker_on_its_way_out_is_nobodys_surprise(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws)
    aws.add_broker(account.account_id, HERE, "going", "ActiveMQ", state="DELETION_IN_PROGRESS")

    assert run(cleanup).state == State.DONE


def test_a_new_broker_in_the_region_of_a_broker_voids_the_plan_in_mid_run(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws, state=State.DELETING_BROKERS)
    aws.add_broker(account.account_id, HERE, "new")

    run(cleanup)

    assert (cleanup.state, deletions(aws)) == (State.VOID, [])


def test_a_new_broker_before_the_roles_deletion_voids_the_plan_and_says_what_was_done(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws)
    asked_for_the_first(cleanup, aws)
    aws.add_broker(account.account_id, "us-west-2", "new")

    run(cleanup)

    assert cleanup.state == State.VOID and aws.account(account.account_id)["role_present"]
    assert "Brokers gone: 1 of 1. The role was not touched." in cleanup.reason
    assert len(deletions(aws)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tags": {"environment": "prod"}}, "environment=prod"),
        ({"state": "HIBERNATING"}, "HIBERNATING"),
        ({"replication_mode": "CRDR"}, "paired"),
    ],
    ids=["protected by a tag", "in an unknown state", "paired"],
)
def test_a_broker_that_has_become_untouchable_is_not_touched(
    cleanable: Cleanable, aws: LocalAws, change: dict[str, Any], said: str
) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws)
    aws.add_broker(account.account_id, HERE, "orders", **change)

    run(cleanup)

    assert cleanup.state == State.FAILED and said in cleanup.reason
    assert deletions(aws) == []


def test_a_broker_of_another_engine_under_the_same_id_voids_the_plan(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws)
    aws.add_broker(account.account_id, HERE, "orders", "ActiveMQ")

    run(cleanup)

    assert (cleanup.state, deletions(aws)) == (State.VOID, [])


@pytest.mark.parametrize("action", ["DescribeBroker", "ListBrokers"])
def test_a_region_that_keeps_silent_in_mid_run_is_waited_for_and_then_given_up(
    cleanable: Cleanable, aws: LocalAws, action: str
) -> None:
    account = cleanable(brokers=[ORDERS], denials=[])
    cleanup = approved_cleanup(account, aws, state=State.DELETING_BROKERS)
    aws.add_fault(account=account.account_id, region=HERE, action=action, status=403, code="AccessDeniedException")

    run(cleanup, until=[State.WAITING])
    assert f"mq:{action} in {HERE}" in cleanup.reason and "Tried 1 of 3 times." in cleanup.reason
    run(cleanup)

    assert cleanup.state == State.FAILED and "Asked 3 times in a row." in cleanup.reason
    assert deletions(aws) == []


def test_a_role_made_anew_since_keeps_the_brokers(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws, state=State.DELETING_BROKERS)
    anew = {"external_id": account.external_id, "role": {"role_id": "AROAMADEANEW"}, "brokers": [ORDERS]}
    aws.put_account(account.account_id, **anew)

    run(cleanup)

    assert (cleanup.state, deletions(aws)) == (State.VOID, [])
    assert cleanup.differences == ["The role is not the plan's: it was deleted and made anew since."]


@pytest.mark.parametrize("state", [State.APPROVED, State.DELETING_ROLE])
def test_a_region_that_cannot_be_listed_stops_the_role_from_being_deleted(
    cleanable: Cleanable, aws: LocalAws, state: State
) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws, state=state)
    aws.add_fault(account=account.account_id, region="us-west-2", action="ListBrokers", status=503)

    run(cleanup)

    assert cleanup.state == State.FAILED and "us-west-2" in cleanup.reason
    assert deletions(aws) == []
    assert cleanup.journal.filter(action="look", code="Unanswered").count() == 3


def test_a_region_that_answers_again_in_time_costs_time_only(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws)
    aws.add_fault(account=account.account_id, region="us-west-2", action="ListBrokers", times=2, status=503)

    run(cleanup)

    assert (cleanup.state, cleanup.misses) == (State.DONE, 0)


def test_a_disabled_region_in_which_a_cell_knows_brokers_is_not_empty(cleanable: Cleanable, aws: LocalAws) -> None:
    account, now = cleanable(), timezone.now()
    counts = {"brokers": 1, "rabbitmq": 1, "activemq": 0}
    Cell.objects.create(account=account, region_id="eu-south-1", checked_at=now, last_ok_at=now, **counts)

    run(cleanup := approved_cleanup(account, aws))

    assert cleanup.state == State.FAILED and "eu-south-1" in cleanup.reason
    assert deletions(aws) == []


def test_a_broker_in_the_wrong_state_is_asked_again_when_its_state_has_changed(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    account = cleanable(brokers=[{**ORDERS, "state": "REBOOT_IN_PROGRESS"}])
    cleanup = approved_cleanup(account, aws)
    for _ in range(3):
        run(cleanup, until=[State.DELETING_BROKERS])
    target = cleanup.targets.get()
    assert "can't be deleted while in state [REBOOT_IN_PROGRESS]" in target.detail
    assert len(deletions(aws)) == 1  # not once for every look
    aws.add_broker(account.account_id, HERE, "orders")

    run(cleanup)

    assert (cleanup.state, len(deletions(aws))) == (State.DONE, 3)


def test_a_broker_in_the_wrong_state_for_too_long_ends_it_with_awss_words(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(brokers=[{**ORDERS, "state": "CREATION_IN_PROGRESS"}]), aws)
    asked_for_the_first(cleanup, aws)
    Target.objects.update(asked_at=timezone.now() - timedelta(hours=2))

    run(cleanup)

    assert cleanup.state == State.FAILED
    assert "can't be deleted while in state [CREATION_IN_PROGRESS]" in cleanup.reason


def test_one_broker_in_the_wrong_state_does_not_hold_up_the_others(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(brokers=[{**THREE[0], "state": "REBOOT_IN_PROGRESS"}, *THREE[1:]]), aws)

    run(cleanup, until=[State.DELETING_BROKERS])

    first, *others = cleanup.targets.order_by("pk").values_list("state", flat=True)
    assert first == "planned" and set(others) <= {"deleting", "gone"}  # which the others are is a matter of moments


def test_a_broker_that_does_not_go_is_given_up_in_time(cleanable: Cleanable, aws: LocalAws) -> None:
    aws.set(broker_delete_seconds=600)
    cleanup = approved_cleanup(cleanable(brokers=[ORDERS]), aws)
    asked_for_the_first(cleanup, aws)
    Target.objects.update(asked_at=timezone.now() - timedelta(hours=2))

    run(cleanup)

    assert cleanup.state == State.FAILED and "is not gone after 60 minutes" in cleanup.reason
    assert "Being deleted by AWS, which cannot be called back" in cleanup.reason


def test_a_refused_deletion_of_a_broker_names_the_missing_permission(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = run(approved_cleanup(cleanable(brokers=THREE, denials=[{"action": "mq:DeleteBroker"}]), aws))

    assert cleanup.state == State.FAILED and "mq:DeleteBroker" in cleanup.reason
    assert len(deletions(aws)) == 1  # the first refusal is the last request


def test_a_lost_permission_to_look_does_not_read_as_gone(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    aws.set(broker_delete_seconds=600)
    cleanup = approved_cleanup(account, aws)
    asked_for_the_first(cleanup, aws)
    aws.add_fault(account=account.account_id, action="DescribeBroker", status=403, code="ForbiddenException")

    run(cleanup)

    assert cleanup.state == State.FAILED and cleanup.targets.get().state == "deleting"
    assert aws.account(account.account_id)["role_present"]


@pytest.mark.parametrize(
    "fault", [{"status": 429}, {"status": 500, "code": "InternalServerErrorException"}, {"reset": True}]
)
def test_a_deletion_that_was_not_answered_is_looked_after_and_asked_again(
    cleanable: Cleanable, aws: LocalAws, fault: dict[str, Any]
) -> None:
    cleanup = approved_cleanup(cleanable(brokers=[ORDERS]), aws)
    aws.add_fault(action="DeleteBroker", times=1, **fault)

    run(cleanup)

    assert (cleanup.state, len(deletions(aws))) == (State.DONE, 3)


def test_an_answer_that_got_lost_is_found_by_the_next_look(cleanable: Cleanable, aws: LocalAws) -> None:
    """The deletion arrived, its answer did not: nothing is asked twice."""
    aws.set(broker_delete_seconds=1)
    cleanup = approved_cleanup(cleanable(brokers=[ORDERS]), aws)
    aws.add_fault(action="DeleteBroker", times=1, truncate=True)

    run(cleanup)

    assert (cleanup.state, len(deletions(aws))) == (State.DONE, 2)


def test_a_broker_of_the_plan_that_is_still_listed_goes_before_the_role(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = approved_cleanup(account, aws, state=State.DELETING_ROLE)
    Target.objects.update(state=Target.State.GONE)

    run(cleanup)

    assert cleanup.state == State.DONE
    assert deletions(aws)[0].startswith("b-") and len(deletions(aws)) == 2


def test_nothing_is_deleted_without_the_names_that_the_plan_holds(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    """Brokers of the same account that the plan keeps are there before and after."""
    kept = [{"region": region, "name": "kept", "engine": "ActiveMQ"} for region in (HERE, "us-east-1")]
    account = cleanable(brokers=[*THREE, *kept])

    run(approved_cleanup(account, aws))

    regions = aws.account(account.account_id)["regions"].values()
    assert [broker["name"] for region in regions for broker in region["brokers"]] == ["kept", "kept"]
