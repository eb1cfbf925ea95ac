"""Who may say yes to what, in which order, and until when; what a pause and a cancellation do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, AuditEntry, Cleanup
from accounts.services.cleanups.drawing import request_plan
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.gates import approve, cancel, confirm, pause, resume, void_expired
from accounts.services.cleanups.tending import RUN_TASK
from tests.services.plans.conftest import ORDERS, Cleanable, Drawn

pytestmark = pytest.mark.django_db


@pytest.fixture
def unused(cleanable: Cleanable, drawn: Drawn) -> Cleanup:
    """A plan that deletes the role alone."""
    return drawn(cleanable())


@pytest.fixture
def blocked(cleanable: Cleanable, drawn: Drawn) -> Cleanup:
    """A plan that deletes a broker, too, and so needs a second person."""
    return drawn(cleanable(brokers=[ORDERS]))


def say_yes(cleanup: Cleanup, person: str = "asker") -> Cleanup:
    assert cleanup.plan
    return confirm(cleanup, person, cleanup.plan.phrase, cleanup.plan_sha256)


def change(cleanup: Cleanup, **fields: Any) -> Cleanup:
    Cleanup.objects.filter(pk=cleanup.pk).update(**fields)
    cleanup.refresh_from_db()
    return cleanup


def due(cleanup: Cleanup) -> bool:
    return Cleanup.objects.due(timezone.now()).filter(pk=cleanup.pk).exists()


def test_a_confirmation_alone_begins_an_unused_role(unused: Cleanup) -> None:
    done = say_yes(unused)

    assert (done.state, done.confirmed_by, due(done)) == ("approved", "asker", True)


def test_brokers_wait_for_a_second_person(blocked: Cleanup) -> None:
    waiting = say_yes(blocked)
    assert (waiting.state, due(waiting)) == ("awaiting_approval", False)

    approved = approve(waiting, "second", waiting.plan_sha256)

    assert (approved.state, approved.approved_by, due(approved)) == ("approved", "second", True)


def test_the_second_person_may_be_the_first_to_act(blocked: Cleanup) -> None:
    approved = approve(blocked, "second", blocked.plan_sha256)
    assert (approved.state, due(approved)) == ("approved", False)

    assert due(say_yes(approved, "third"))


@pytest.mark.parametrize(("policy", "state"), [("always", "awaiting_approval"), ("never", "approved")])
def test_the_setting_says_when_a_second_person_is_asked(
    cleanable: Cleanable, drawn: Drawn, settings: Settings, policy: str, state: str
) -> None:
    settings.CLEANUP_APPROVAL = policy
    brokers = [ORDERS] if policy == "never" else []

    assert say_yes(drawn(cleanable(brokers=brokers))).state == state


def test_a_setting_made_stricter_holds_for_plans_that_are_drawn_already(
    cleanable: Cleanable, drawn: Drawn, settings: Settings
) -> None:
    settings.CLEANUP_APPROVAL = "never"
    cleanup = drawn(cleanable(brokers=[ORDERS]))
    settings.CLEANUP_APPROVAL = "brokers"

    waiting = say_yes(cleanup)

    assert (waiting.state, waiting.approval_needed, due(waiting)) == ("awaiting_approval", True, False)


def test_the_requester_cannot_approve(blocked: Cleanup) -> None:
    with pytest.raises(Refused, match="You have asked for"):
        approve(say_yes(blocked, "another"), "asker", blocked.plan_sha256)


def test_whoever_confirmed_cannot_approve_and_the_other_way_round(blocked: Cleanup) -> None:
    with pytest.raises(Refused, match="You have confirmed"):
        approve(say_yes(blocked, "one"), "one", blocked.plan_sha256)

    again = change(blocked, state="drafted", confirmed_by="", confirmed_at=None)
    with pytest.raises(Refused, match="You have approved"):
        say_yes(approve(again, "one", again.plan_sha256), "one")


def test_nobody_says_yes_twice(blocked: Cleanup, unused: Cleanup) -> None:
    with pytest.raises(Refused, match="confirmed already, by asker"):
        say_yes(say_yes(blocked), "another")
    approve(blocked, "second", blocked.plan_sha256)
    with pytest.raises(Refused, match="approved already, by second"):
        approve(blocked, "third", blocked.plan_sha256)
    with pytest.raises(Refused, match="needs no second person"):
        approve(unused, "second", unused.plan_sha256)


@pytest.mark.parametrize("phrase", ["", "delete 1", "Delete 2 from account-001", "delete 2 from account-0011"])
def test_a_wrong_phrase_is_refused_and_the_right_one_is_shown(blocked: Cleanup, phrase: str) -> None:
    with pytest.raises(Refused, match="Type exactly: delete 2 from account-001"):
        confirm(blocked, "asker", phrase, blocked.plan_sha256)


def test_another_plan_than_the_one_seen_is_refused(blocked: Cleanup) -> None:
    assert blocked.plan
    with pytest.raises(Refused, match="not the plan that you saw"):
        confirm(blocked, "asker", blocked.plan.phrase, "0" * 64)
    with pytest.raises(Refused, match="not the plan that you saw"):
        approve(blocked, "second", "")


def test_an_expired_plan_is_void_whoever_comes(blocked: Cleanup) -> None:
    change(blocked, expires_at=timezone.now())

    with pytest.raises(Refused, match=r"is void\. The plan expired"):
        say_yes(blocked)

    blocked.refresh_from_db()
    assert blocked.state == "void" and blocked.finished_at


@pytest.mark.parametrize("acted", ["nobody", "confirmed", "approved"])
def test_an_expired_plan_is_void_when_nobody_comes(blocked: Cleanup, acted: str) -> None:
    if acted == "confirmed":
        say_yes(blocked)
    if acted == "approved":
        approve(blocked, "second", blocked.plan_sha256)
    assert void_expired() == 0
    change(blocked, expires_at=timezone.now())

    assert [void_expired(), void_expired()] == [1, 0]

    blocked.refresh_from_db()
    assert blocked.state == "void" and "The plan expired" in blocked.reason
    assert AuditEntry.objects.get(action="clean-up void").actor == "Rolecall"


@pytest.mark.parametrize("state", ["deleting_brokers", "deleting_role", "verifying", "waiting"])
def test_what_has_begun_is_carried_to_its_end_beyond_the_expiry_of_its_plan(blocked: Cleanup, state: str) -> None:
    now = timezone.now()
    change(blocked, state=state, confirmed_at=now, started_at=now, expires_at=now)

    assert void_expired() == 0


def test_an_approval_that_came_too_early_is_asked_for_again(blocked: Cleanup, settings: Settings) -> None:
    approve(blocked, "second", blocked.plan_sha256)
    change(blocked, approved_at=timezone.now() - timedelta(hours=settings.CLEANUP_APPROVAL_HOURS, seconds=1))

    again = say_yes(blocked)

    assert (again.state, again.approved_by, again.approved_at) == ("awaiting_approval", "", None)


def test_a_plan_that_is_being_looked_at_cannot_be_confirmed(cleanable: Cleanable) -> None:
    cleanup = Cleanup.objects.create(account=cleanable(), requested_by="asker")

    with pytest.raises(Refused, match="still being looked at"):
        confirm(cleanup, "asker", "anything", "")


def test_a_plan_of_the_account_in_another_partition_cannot_be_confirmed(unused: Cleanup) -> None:
    Account.objects.update(partition="aws-us-gov")

    with pytest.raises(Refused, match="imported anew as one in aws-us-gov"):
        say_yes(unused)


def test_a_plan_that_an_older_rolecall_drew_is_drawn_anew(unused: Cleanup) -> None:
    assert unused.plan_json is not None
    change(unused, plan_json={**unused.plan_json, "version": 0})

    with pytest.raises(Refused, match="draw it anew"):
        confirm(unused, "asker", "anything", unused.plan_sha256)


def test_a_clean_up_at_work_can_be_paused_and_resumed(unused: Cleanup) -> None:
    say_yes(unused)

    assert pause(unused, "asker").paused and not due(unused)
    assert not resume(unused, "asker").paused and due(unused)
    assert list(AuditEntry.objects.values_list("action", flat=True)[:2]) == ["resume clean-up", "pause clean-up"]


def test_there_is_nothing_to_pause_before_the_beginning(blocked: Cleanup) -> None:
    with pytest.raises(Refused, match="nothing to pause"):
        pause(blocked, "asker")


@pytest.mark.parametrize("confirmed", [False, True])
def test_what_has_not_begun_is_cancelled_at_once(unused: Cleanup, confirmed: bool) -> None:
    if confirmed:
        say_yes(unused)

    assert cancel(unused, "asker") == "Nothing was deleted."

    unused.refresh_from_db()
    assert (unused.state, due(unused)) == ("cancelled", False)
    with pytest.raises(Refused, match="nothing to cancel"):
        cancel(unused, "asker")


def test_what_has_begun_is_told_to_stop_even_when_paused(blocked: Cleanup) -> None:
    now = timezone.now()
    change(blocked, state="deleting_brokers", confirmed_by="asker", confirmed_at=now, started_at=now, paused=True)
    blocked.targets.update(state="deleting", asked_at=now)
    blocked.journal.create(action="mq:DeleteBroker", deletes=True, intent="Delete orders")

    told = cancel(blocked, "second")

    blocked.refresh_from_db()
    assert (blocked.state, blocked.cancel_wanted_by, due(blocked)) == ("deleting_brokers", "second", True)
    assert "cannot be called back" in told


def test_every_act_is_in_the_audit(blocked: Cleanup) -> None:
    say_yes(blocked)
    approve(blocked, "second", blocked.plan_sha256)
    cancel(blocked, "third")

    acts = AuditEntry.objects.order_by("pk").values_list("actor", "action", "subject")
    words = [("asker", "plan"), ("asker", "confirm"), ("second", "approve"), ("third", "cancel")]
    assert list(acts) == [(actor, f"{word} clean-up", str(blocked)) for actor, word in words]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_is_too_late(drawn: Drawn, cleanable: Cleanable) -> None:
    cleanup = drawn(cleanable())
    outcomes = list(at_once(lambda person: say_yes(Cleanup.objects.get(pk=cleanup.pk), person), "one", "two"))

    cleanup.refresh_from_db()
    assert sorted(outcomes) == ["done", "refused"]
    assert AuditEntry.objects.filter(action="confirm clean-up").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_both_leave_one_open_plan(cleanable: Cleanable) -> None:
    account: Account = cleanable()

    assert list(at_once(lambda person: request_plan(account, person, send=False), "one", "two")) == ["done", "done"]

    assert sorted(Cleanup.objects.values_list("state", flat=True)) == ["drafted", "void"]


def at_once(act: Any, *people: str) -> Iterator[str]:
    """Let each person act in a thread of their own, all at the same moment."""
    start, outcomes = Barrier(len(people)), []

    def run(person: str) -> None:
        try:
            start.wait(timeout=10)
            act(person)
            outcomes.append("done")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=run, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    yield from outcomes


@pytest.mark.django_db(transaction=True)
def test_a_confirmed_plan_rings_the_workers_once_it_is_stored(drawn: Drawn, cleanable: Cleanable, rung: Any) -> None:
    cleanup = drawn(cleanable())

    say_yes(cleanup)

    assert rung() == [(RUN_TASK, [cleanup.pk])]
