"""What people and the clock may do to a clean-up that is due or running: protect, freeze, pause, cancel, expire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.cleanups import ENDS, State
from accounts.domain.protection import Freeze
from accounts.models import Account, AuditEntry, Campaign, Cleanup
from accounts.services.cleanups import journal
from accounts.services.cleanups.campaigns import settle
from accounts.services.cleanups.looking import world_now
from accounts.services.cleanups.running import advance
from accounts.services.cleanups.so_far import done_so_far
from dashboard.demo.local_aws.client import LocalAws
from tests.processes import wait_until
from tests.services.cleanups.factories import approved_cleanup, run
from tests.services.cleanups.test_running import THREE, deletions

pytestmark = pytest.mark.django_db
Cleanable = Callable[..., Account]


def freeze(settings: Settings, **lasts: float) -> None:
    now = timezone.now()
    freezes = (Freeze(now - timedelta(hours=1), now + timedelta(**lasts)),)
    settings.CLEANUP_PROTECTION = replace(settings.CLEANUP_PROTECTION, freezes=freezes)


def half_done(account: Account, aws: LocalAws) -> Cleanup:
    """One whose brokers have been asked to go; the role is next."""
    aws.set(broker_delete_seconds=2)
    cleanup = run(approved_cleanup(account, aws), until=[State.DELETING_BROKERS])
    assert len(deletions(aws)) == 3, cleanup.reason
    return cleanup


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"expires_at": None},
    ],
    ids=["expired", "without an end"],
)
def test_an_expired_plan_is_void_before_it_begins(cleanable: Cleanable, aws: LocalAws, fields: dict[str, Any]) -> None:
    cleanup = run(approved_cleanup(cleanable(), aws, **fields))

    assert cleanup.state == State.VOID and "expired" in cleanup.reason
    assert deletions(aws) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"approved_at": timezone.now() - timedelta(hours=13)},
        {"approved_by": "", "approved_at": None},
    ],
    ids=["too old", "missing"],
)
def test_an_approval_that_does_not_hold_any_more_is_asked_for_again(
    cleanable: Cleanable, aws: LocalAws, fields: dict[str, Any]
) -> None:
    cleanup = approved_cleanup(cleanable(brokers=THREE), aws, **fields)

    run(cleanup, until=[State.AWAITING_APPROVAL])

    assert (cleanup.approved_by, cleanup.approved_at, deletions(aws)) == ("", None, [])


def test_nothing_begins_that_nobody_has_confirmed(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws, confirmed_by="", confirmed_at=None)

    run(cleanup, until=[State.APPROVED])

    assert aws.log() == []


def test_an_account_that_is_protected_meanwhile_is_not_begun(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws)
    Account.objects.filter(pk=account.pk).update(protected=True)

    run(cleanup)

    assert cleanup.state == State.FAILED and "marked as protected" in cleanup.reason
    assert deletions(aws) == []


def test_an_account_that_is_protected_in_mid_run_keeps_its_role(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=THREE)
    cleanup = half_done(account, aws)
    Account.objects.filter(pk=account.pk).update(protected=True)

    run(cleanup)

    assert cleanup.state == State.FAILED and "marked as protected" in cleanup.reason
    assert aws.account(account.account_id)["role_present"] and len(deletions(aws)) == 3


def test_an_account_that_is_suspended_in_mid_run_keeps_its_role(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=THREE)
    cleanup = half_done(account, aws)
    Account.objects.filter(pk=account.pk).update(organization_state="SUSPENDED")

    run(cleanup)

    assert cleanup.state == State.FAILED and "suspended in its organization" in cleanup.reason
    assert aws.account(account.account_id)["role_present"] and len(deletions(aws)) == 3


def test_a_freeze_that_begins_in_mid_run_is_waited_out(cleanable: Cleanable, aws: LocalAws, settings: Settings) -> None:
    cleanup = half_done(cleanable(brokers=THREE), aws)
    freeze(settings, hours=5)

    run(cleanup, until=[State.WAITING])

    assert cleanup.step == State.DELETING_ROLE and "CLEANUP_FREEZE" in cleanup.reason
    assert cleanup.next_try_at and cleanup.next_try_at > timezone.now() + timedelta(hours=4)
    assert len(deletions(aws)) == 3


def test_after_a_freeze_it_goes_on_by_itself(cleanable: Cleanable, aws: LocalAws, settings: Settings) -> None:
    freeze(settings, seconds=1)
    cleanup = run(approved_cleanup(cleanable(), aws), until=[State.WAITING])
    assert deletions(aws) == []

    assert run(cleanup).state == State.DONE


def test_a_paused_clean_up_asks_for_nothing_until_it_is_resumed(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = half_done(cleanable(brokers=THREE), aws)
    Cleanup.objects.filter(pk=cleanup.pk).update(paused=True)
    aws.clear_log()

    run(cleanup, until=[State.DELETING_BROKERS])
    assert aws.log() == []
    Cleanup.objects.filter(pk=cleanup.pk).update(paused=False)

    assert run(cleanup).state == State.DONE


@pytest.mark.parametrize("also", [{}, {"paused": True}, {"next_try_at": timezone.now() + timedelta(hours=1)}])
def test_a_cancelled_clean_up_ends_and_says_what_was_done(
    cleanable: Cleanable, aws: LocalAws, also: dict[str, Any]
) -> None:
    account = cleanable(brokers=THREE)
    cleanup = half_done(account, aws)
    Cleanup.objects.filter(pk=cleanup.pk).update(cancel_wanted_by="operator", **also)

    advance(cleanup.pk)

    cleanup.refresh_from_db()
    assert cleanup.state == State.CANCELLED and cleanup.reason.startswith("Cancelled by operator.")
    assert "Being deleted by AWS, which cannot be called back: 3. The role was not touched." in cleanup.reason
    assert AuditEntry.objects.get(action="clean-up cancelled").actor == "operator"
    assert aws.account(account.account_id)["role_present"]


def carry_on(cleanup_pk: int) -> None:
    try:
        advance(cleanup_pk)
    finally:
        connection.close()  # the thread's own


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_protected_during_the_last_look_keeps_its_role(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws, state=State.DELETING_ROLE)
    aws.add_fault(account=account.account_id, region="us-west-2", action="ListBrokers", delay=2)

    worker = threading.Thread(target=carry_on, args=[cleanup.pk])
    worker.start()
    wait_until(lambda: cleanup.journal.filter(action="look").exists(), 20, "the look has begun")
    Account.objects.filter(pk=account.pk).update(protected=True)
    worker.join(20)

    cleanup.refresh_from_db()
    assert (cleanup.state, deletions(aws)) == (State.FAILED, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wanted", [{"paused": True}, {"cancel_wanted_by": "operator"}])
def test_what_is_wanted_while_the_cleaner_signs_in_stops_the_call(
    cleanable: Cleanable, aws: LocalAws, wanted: dict[str, Any]
) -> None:
    """The lease is renewed last, and that renewal asks whether anybody has said stop."""
    account = cleanable(brokers=THREE[:1])
    world_now(account)  # from here on the reader has its session: the one AssumeRole to come is the cleaner's
    cleanup = approved_cleanup(account, aws)
    aws.add_fault(account=account.account_id, action="AssumeRole", delay=1.5)

    worker = threading.Thread(target=carry_on, args=[cleanup.pk])
    worker.start()
    wait_until(lambda: cleanup.journal.filter(deletes=True).exists(), 20, "the intent is written")
    Cleanup.objects.filter(pk=cleanup.pk).update(**wanted)
    worker.join(20)

    cleanup.refresh_from_db()
    assert deletions(aws) == []
    assert cleanup.journal.get(deletes=True).code == "NotSent"
    assert not cleanup.lease_token


def test_a_clean_up_of_a_campaign_waits_for_its_turn(cleanable: Cleanable, aws: LocalAws) -> None:
    campaign = Campaign.objects.create(name="all", state=Campaign.State.STOPPED, requested_by="operator")
    cleanup = approved_cleanup(cleanable(), aws, campaign=campaign)

    for _ in range(3):
        run(cleanup, until=[State.APPROVED])
    assert aws.log() == []
    Campaign.objects.update(state=Campaign.State.RUNNING)
    settle(campaign.pk)

    assert run(cleanup).state == State.DONE


@pytest.mark.parametrize("state", sorted(ENDS))
def test_what_is_over_is_not_carried_on(cleanable: Cleanable, aws: LocalAws, state: State) -> None:
    cleanup = approved_cleanup(cleanable(), aws, state=state)

    advance(cleanup.pk)

    cleanup.refresh_from_db()
    assert (cleanup.state, aws.log()) == (state, [])


def test_a_plan_of_another_version_ends_it_without_a_call(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    Cleanup.objects.update(plan_json={"version": 99})

    run(cleanup)

    assert cleanup.state == State.FAILED and "Rolecall itself failed" in cleanup.reason
    assert aws.log() == []


@pytest.mark.parametrize(
    "fields",
    [{}, {"state": State.DELETING_ROLE}, {"state": State.VERIFYING, "task_id": "task/1"}],
    ids=["before it begins", "before the role", "while the deletion is followed"],
)
def test_a_plan_of_the_account_in_another_partition_is_void(
    cleanable: Cleanable, aws: LocalAws, fields: dict[str, Any]
) -> None:
    """There the role of the plan is missing, of course: that is no proof that it is gone here."""
    account = cleanable(brokers=THREE[:1])
    cleanup = approved_cleanup(account, aws, **fields)
    Account.objects.filter(pk=account.pk).update(partition="aws-us-gov")

    run(cleanup)

    assert cleanup.state == State.VOID and "imported anew as one in aws-us-gov" in cleanup.differences[0]
    assert aws.log() == []


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_protected_while_the_cleaner_signs_in_keeps_its_broker(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    account = cleanable(brokers=THREE[:1])
    world_now(account)
    cleanup = approved_cleanup(account, aws)
    aws.add_fault(account=account.account_id, action="AssumeRole", delay=1.5)

    worker = threading.Thread(target=carry_on, args=[cleanup.pk])
    worker.start()
    wait_until(lambda: cleanup.journal.filter(deletes=True).exists(), 20, "the intent is written")
    Account.objects.filter(pk=account.pk).update(protected=True)
    worker.join(20)

    cleanup.refresh_from_db()
    assert (cleanup.state, deletions(aws)) == (State.FAILED, [])
    assert cleanup.journal.get(deletes=True).code == "NotSent"
    assert cleanup.reason.endswith("Nothing was deleted.")


def test_a_region_that_was_read_and_is_off_by_now_is_not_taken_for_an_empty_one(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    account = cleanable(regions={"af-south-1": "ENABLED"})
    cleanup = approved_cleanup(account, aws)
    aws.put_account(account.account_id, external_id=account.external_id, regions={"af-south-1": "DISABLED"}, role={})

    run(cleanup)

    assert cleanup.state == State.FAILED and "af-south-1: It was read when the plan was drawn" in cleanup.reason
    assert deletions(aws) == []


def test_a_deletion_that_got_lost_is_not_told_as_never_asked_for(cleanable: Cleanable, aws: LocalAws) -> None:
    """A worker died between the request and the answer, and a person cancels before another one has looked."""
    cleanup = approved_cleanup(cleanable(brokers=THREE), aws, state=State.DELETING_BROKERS)
    lost = cleanup.targets.all()[0].arn
    journal.intend(cleanup, "mq:DeleteBroker", lost, "Deleting orders", deletes=True)
    Cleanup.objects.filter(pk=cleanup.pk).update(cancel_wanted_by="operator")

    run(cleanup)

    said = "Brokers gone: 0 of 3. Perhaps being deleted by AWS, whose answer is not known: 1. The role was not touched."
    assert said in cleanup.reason and done_so_far(cleanup) == said


def test_a_role_whose_deletion_may_have_been_asked_for_is_not_told_as_untouched(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    cleanup = approved_cleanup(cleanable(), aws, state=State.DELETING_ROLE)
    assert cleanup.plan
    journal.intend(cleanup, "iam:DeleteServiceLinkedRole", cleanup.plan.role_arn, "Deleting the role", deletes=True)
    Cleanup.objects.filter(pk=cleanup.pk).update(cancel_wanted_by="operator")

    assert run(cleanup).reason.endswith("Whether AWS has taken on the role's deletion is not known.")


@pytest.mark.parametrize("until", [State.WAITING, State.FAILED])
def test_a_deletion_that_aws_has_refused_is_not_told_as_going_on(
    cleanable: Cleanable, aws: LocalAws, until: State
) -> None:
    cleanup = run(approved_cleanup(cleanable(deletion={"fail_times": 9}), aws), until=[until])

    assert done_so_far(cleanup) == "The role's deletion has been asked for, and AWS has not carried it out so far."


def test_a_deletion_that_goes_on_is_told_so_after_the_end_too(cleanable: Cleanable, aws: LocalAws) -> None:
    aws.set(role_delete_seconds=5)
    cleanup = run(approved_cleanup(cleanable(), aws), until=[State.DELETING_ROLE])
    run(cleanup, until=[State.DELETING_ROLE])
    assert cleanup.task_id
    Cleanup.objects.filter(pk=cleanup.pk).update(cancel_wanted_by="operator")

    run(cleanup)

    assert "asked for and cannot be called back" in cleanup.reason
    assert "asked for and cannot be called back" in done_so_far(cleanup)
