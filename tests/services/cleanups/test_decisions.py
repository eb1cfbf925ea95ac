"""The decision table: whatever IAM says of the role's deletion, by real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.cleanups import State
from accounts.models import Account, Cleanup
from dashboard.demo.local_aws.client import LocalAws
from tests.services.cleanups.factories import approved_cleanup, plan_of, run
from tests.services.cleanups.test_running import deletions

pytestmark = pytest.mark.django_db
Cleanable = Callable[..., Account]

ROLE = "AWSServiceRoleForAmazonMQ"
STATUS = "GetServiceLinkedRoleDeletionStatus"


def test_failed_waits_and_is_asked_again_with_a_look_between(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(deletion={"fail_times": 1}), aws)

    run(cleanup, until=[State.WAITING])
    assert "The role is in use" in cleanup.reason and cleanup.next_try_at and cleanup.step == "deleting_role"
    run(cleanup)

    assert (cleanup.state, cleanup.attempts, deletions(aws)) == (State.DONE, 2, [ROLE, ROLE])
    assert [entry.action for entry in cleanup.journal.all() if entry.action != "follow"] == [
        *("look", "look", "iam:DeleteServiceLinkedRole", "look", "iam:DeleteServiceLinkedRole", "end")
    ]


def test_failed_without_reason_and_usage_is_normal_and_said(cleanable: Cleanable, aws: LocalAws) -> None:
    habits = {"fail_times": 1, "no_reason": True, "no_usage_list": True}
    cleanup = approved_cleanup(cleanable(deletion=habits), aws)

    run(cleanup, until=[State.WAITING])

    assert (cleanup.reason, cleanup.usage) == ("AWS refused the deletion and gave no reason.", [])
    assert run(cleanup).state == State.DONE


def test_failed_for_the_last_time_ends_it_with_awss_words(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(deletion={"fail_times": 9})

    cleanup = run(approved_cleanup(account, aws))

    assert (cleanup.state, cleanup.attempts) == (State.FAILED, 3)  # as many as waits, and the first one
    assert "in 3 tries" in cleanup.reason and "The role is in use" in cleanup.reason
    assert aws.account(account.account_id)["role_present"]


def test_the_waits_between_tries_are_those_of_the_setting(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    settings.CLEANUP_RETRY_SECONDS = (120.0, 300.0)
    cleanup = approved_cleanup(cleanable(deletion={"fail_times": 9}), aws)

    for wait in settings.CLEANUP_RETRY_SECONDS:
        run(cleanup, until=[State.WAITING])
        assert cleanup.next_try_at
        assert abs(cleanup.next_try_at - timezone.now() - timedelta(seconds=wait)) < timedelta(seconds=10)
        Cleanup.objects.filter(pk=cleanup.pk).update(next_try_at=timezone.now())

    assert run(cleanup, until=[State.FAILED]).attempts == 3


def test_a_running_broker_that_the_plan_does_not_hold_stops_it(cleanable: Cleanable, aws: LocalAws) -> None:
    """The plan keeps a broker that, it turns out, uses the role."""
    account = cleanable(brokers=[{"region": "eu-west-1", "name": "kept", "engine": "RabbitMQ"}])

    cleanup = run(approved_cleanup(account, aws, plan_of(account, aws, keeps=["kept"])))

    [broker] = aws.account(account.account_id)["regions"]["eu-west-1"]["brokers"]
    assert cleanup.state == State.FAILED and "Rolecall will not touch it" in cleanup.reason
    assert cleanup.usage == [{"region": "eu-west-1", "named_region": "eu-west-1", "resource": broker["arn"]}]
    assert (broker["state"], deletions(aws)) == ("RUNNING", [ROLE])


def test_the_arns_region_rules_where_iam_names_another(cleanable: Cleanable, aws: LocalAws) -> None:
    brokers = [{"region": "eu-west-1", "name": "kept", "engine": "RabbitMQ"}]
    account = cleanable(brokers=brokers, deletion={"usage_region": "eu-north-1"})

    cleanup = run(approved_cleanup(account, aws, plan_of(account, aws, keeps=["kept"])))

    [used] = cleanup.usage
    assert (used["region"], used["named_region"]) == ("eu-west-1", "eu-north-1")
    assert "Rolecall will not touch it" in cleanup.reason


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param("arn:aws:mq:xx-moon-1:{}:broker:far:b-1", id="a region that nobody knows"),
        pytest.param("arn:aws:mq:eu-west-1:999988887777:broker:theirs:b-1", id="a broker of another account"),
        pytest.param("arn:aws:lambda:eu-west-1:{}:function:f", id="no broker"),
        pytest.param("not-an-arn", id="no ARN"),
        pytest.param("arn:aws:mq:eu-west-1:{}:broker:gone:b-1", id="a broker that is gone"),
    ],
)
def test_other_resources_are_shown_and_waited_for(cleanable: Cleanable, aws: LocalAws, resource: str) -> None:
    account = cleanable()
    named = resource.format(account.account_id)
    world = {"external_id": account.external_id, "role": {}}
    aws.put_account(account.account_id, **world, deletion={"fail_times": 1, "usage": {"eu-west-1": [named]}})
    cleanup = approved_cleanup(account, aws)

    run(cleanup, until=[State.WAITING])

    assert cleanup.usage[0]["resource"] == named
    assert run(cleanup).state == State.DONE


def test_a_try_that_names_nothing_does_not_take_back_what_aws_has_named(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    settings.CLEANUP_RETRY_SECONDS = (120.0, 120.0)
    account = cleanable()
    named = f"arn:aws:mq:xx-moon-1:{account.account_id}:broker:far:b-1"
    world = {"external_id": account.external_id, "role": {}}
    aws.put_account(account.account_id, **world, deletion={"fail_times": 2, "usage": {"xx-moon-1": [named]}})
    cleanup = run(approved_cleanup(account, aws), until=[State.WAITING])
    aws.add_fault(account=account.account_id, action=STATUS, status=404, code="NoSuchEntity")
    Cleanup.objects.filter(pk=cleanup.pk).update(next_try_at=timezone.now())

    run(cleanup, until=[State.VERIFYING])
    Cleanup.objects.filter(pk=cleanup.pk).update(task_asked_at=timezone.now() - timedelta(seconds=901))
    run(cleanup, until=[State.WAITING])

    assert "IAM knows nothing of the deletion" in cleanup.reason
    assert [used["resource"] for used in cleanup.usage] == [named]


def test_a_named_broker_that_nobody_can_look_at_is_waited_for(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[{"region": "eu-west-1", "name": "kept", "engine": "RabbitMQ"}])
    cleanup = approved_cleanup(account, aws, plan_of(account, aws, keeps=["kept"]))
    aws.add_fault(account=account.account_id, action="DescribeBroker", status=503)

    run(cleanup, until=[State.WAITING])

    assert "The role is in use" in cleanup.reason


def test_a_task_that_vanished_is_settled_by_get_role(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = run(approved_cleanup(cleanable(deletion={"purge_task": True}), aws))

    assert (cleanup.state, cleanup.attempts) == (State.DONE, 1)
    assert cleanup.journal.get(action="follow").answer == "VANISHED. The role is deleted."


def test_a_task_that_is_not_visible_yet_is_no_failure(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    aws.add_fault(action=STATUS, times=3, status=404, code="NoSuchEntity")

    run(cleanup)

    assert (cleanup.state, cleanup.attempts) == (State.DONE, 1)


def test_succeeded_is_no_proof_while_get_role_still_shows_the_role(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(deletion={"role_visible_reads": 4}), aws)

    run(cleanup, until=[State.VERIFYING])
    assert cleanup.task_succeeded_at
    run(cleanup)

    assert (cleanup.state, cleanup.attempts) == (State.DONE, 1)


def test_succeeded_with_the_role_still_there_for_long_is_tried_again(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    settings.CLEANUP_RETRY_SECONDS = (120.0,)
    cleanup = approved_cleanup(cleanable(deletion={"role_visible_reads": 30}), aws)
    run(cleanup, until=[State.VERIFYING])
    Cleanup.objects.filter(pk=cleanup.pk).update(task_succeeded_at=timezone.now() - timedelta(seconds=121))

    run(cleanup, until=[State.WAITING])

    assert "SUCCEEDED, and yet the role is still there" in cleanup.reason


def test_a_role_made_anew_meanwhile_is_done_and_said_plainly(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(deletion={"recreate": True})

    cleanup = run(approved_cleanup(account, aws))

    assert cleanup.state == State.DONE and "made anew meanwhile" in cleanup.reason
    assert aws.account(account.account_id)["role_present"] and deletions(aws) == [ROLE]


def test_a_task_that_never_starts_is_left_to_get_role_in_time(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(deletion={"never_starts": True}), aws)
    run(cleanup, until=[State.DELETING_ROLE])
    assert cleanup.task_id and cleanup.state == State.DELETING_ROLE
    Cleanup.objects.filter(pk=cleanup.pk).update(task_asked_at=timezone.now() - timedelta(seconds=901))

    run(cleanup, until=[State.WAITING])

    assert cleanup.reason == "IAM calls the deletion NOT_STARTED, for too long."


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "code": "Throttling", "message": "Rate exceeded"},
        {"status": 500, "code": "ServiceFailure"},
        {"reset": True},
        {"truncate": True},
    ],
    ids=["throttled", "service failure", "reset", "truncated"],
)
@pytest.mark.parametrize("action", [STATUS, "^GetRole$", "DeleteServiceLinkedRole", "AssumeRole"])
def test_what_passes_is_asked_again(cleanable: Cleanable, aws: LocalAws, action: str, fault: dict[str, object]) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    aws.add_fault(action=action, times=2, **fault)

    run(cleanup)

    assert (cleanup.state, cleanup.misses) == (State.DONE, 0)


def test_a_limit_on_deletions_is_waited_for(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    aws.add_fault(action="DeleteServiceLinkedRole", times=1, status=409, code="LimitExceeded")

    run(cleanup, until=[State.WAITING])

    assert run(cleanup).state == State.DONE


def test_a_refused_deletion_names_the_missing_permission(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = run(approved_cleanup(cleanable(denials=[{"action": "iam:DeleteServiceLinkedRole"}]), aws))

    assert cleanup.state == State.FAILED and "iam:DeleteServiceLinkedRole" in cleanup.reason
    assert cleanup.journal.get(deletes=True).code == "AccessDenied"


def test_a_cleaner_role_that_cannot_be_assumed_ends_it_before_anything_is_sent(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws)
    aws.add_fault(account=account.account_id, action="AssumeRole", status=403, code="AccessDenied")
    Account.objects.filter(pk=account.pk).update(cleaner_role_arn=f"arn:aws:iam::{account.account_id}:role/None")
    aws.clear_faults()

    run(cleanup)

    assert cleanup.state == State.FAILED and "assume the account's role" in cleanup.reason
    assert cleanup.reason.endswith("Nothing was deleted.") and deletions(aws) == []
    assert cleanup.journal.get(deletes=True).code == "NotSent"
