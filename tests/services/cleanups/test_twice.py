"""Two at once, and deaths in the middle: a plan is carried out once, and nothing is lost but time."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.cleanups import State
from accounts.models import Account, Cleanup, JournalEntry
from accounts.services.cleanups import claims, journal
from accounts.services.cleanups.running import advance
from accounts.services.cleanups.tending import ring_soon, tend_cleanups
from dashboard.demo.local_aws.client import LocalAws
from tests.processes import celery, wait_until, worker
from tests.services.cleanups.factories import approved_cleanup, run
from tests.services.cleanups.test_running import THREE, deletions

pytestmark = pytest.mark.django_db(transaction=True)
Cleanable = Callable[..., Account]

QUICK = {"CLEANUP_POLL_SECONDS": "0.3", "CLEANUP_RETRY_SECONDS": "0.3,0.3", "CLEANUP_LEASE_SECONDS": "3"}


def over(*cleanups: Cleanup) -> bool:
    return Cleanup.objects.filter(pk__in=[one.pk for one in cleanups], state=State.DONE).count() == len(cleanups)


def test_a_clean_up_is_claimed_once_and_again_when_its_lease_is_over(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)

    first, second = claims.claim(cleanup.pk), claims.claim(cleanup.pk)
    Cleanup.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    third = claims.claim(cleanup.pk)

    assert first and second is None and third
    assert first.lease_token != third.lease_token


def test_who_has_lost_the_lease_neither_moves_saves_nor_goes_on(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    slow = claims.claim(cleanup.pk)
    Cleanup.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert slow and claims.claim(cleanup.pk)

    with pytest.raises(claims.Lost):
        claims.hold(slow)
    with pytest.raises(claims.Lost):
        claims.save(slow, attempts=9)
    with pytest.raises(claims.Lost):
        claims.move_held(slow, State.DELETING_ROLE)

    assert not claims.release(slow, 0)
    cleanup.refresh_from_db()
    assert (cleanup.state, cleanup.attempts) == (State.APPROVED, 0) and cleanup.lease_token


def test_moves_that_the_states_do_not_know_are_refused(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)

    with pytest.raises(ValueError, match="does not move from approved to verifying"):
        claims.move(cleanup, State.VERIFYING)


def test_of_two_who_move_the_second_is_told(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    other = Cleanup.objects.get(pk=cleanup.pk)

    assert claims.move(cleanup, State.CANCELLED)
    assert not claims.move(other, State.VOID)


def test_many_threads_at_once_ask_for_each_deletion_once(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    aws.set(latency_seconds=0.02)
    cleanup = approved_cleanup(cleanable(brokers=THREE), aws)

    def hurry() -> None:
        try:
            for _ in range(60):
                advance(cleanup.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=hurry) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    run(cleanup)

    assert cleanup.state == State.DONE
    assert set(Counter(deletions(aws)).values()) == {1} and len(deletions(aws)) == 4


@pytest.mark.processes
def test_two_workers_and_two_beats_carry_every_clean_up_out_once(
    cleanable: Cleanable, aws: LocalAws, tmp_path: Path
) -> None:
    cleanups = [approved_cleanup(cleanable(brokers=THREE[:1]), aws) for _ in range(4)]
    environment = {**QUICK, "AWS_ENDPOINT_URL": aws.url, "CLEANUP_LEASE_SECONDS": "300"}

    with (
        worker(tmp_path / "a.log", "-n", "a@test", **environment),
        worker(tmp_path / "b.log", "-n", "b@test", **environment),
        celery("beat", log=tmp_path / "beat-a.log", **environment),
        celery("beat", log=tmp_path / "beat-b.log", **environment),
    ):
        for cleanup in cleanups * 3:
            ring_soon(cleanup.pk)
        wait_until(lambda: over(*cleanups), 60, "all are done")

    per_account = Counter((call["account"], call["resource"]) for call in aws.changes())
    assert len(per_account) == 8 and set(per_account.values()) == {1}


@pytest.mark.processes
def test_a_worker_killed_between_intent_and_answer_is_taken_over(
    cleanable: Cleanable, aws: LocalAws, tmp_path: Path
) -> None:
    aws.set(broker_delete_seconds=2)
    cleanup = approved_cleanup(cleanable(brokers=THREE[:1]), aws)
    slow = aws.add_fault(action="DeleteBroker", delay=5)
    environment = {**QUICK, "AWS_ENDPOINT_URL": aws.url}

    with worker(tmp_path / "first.log", **environment) as doomed:
        ring_soon(cleanup.pk)
        wait_until(lambda: cleanup.journal.filter(deletes=True).exists(), 30, "the intent is written")
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait(5)
    lost = cleanup.journal.get(deletes=True)
    assert lost.answered_at is None
    aws.remove_fault(slow)
    with worker(tmp_path / "second.log", **environment), celery("beat", log=tmp_path / "beat.log", **environment):
        wait_until(lambda: over(cleanup), 60, "it is done")

    lost.refresh_from_db()
    assert lost.answer.startswith("Rolecall was stopped before the answer came. A fresh look: the broker")
    assert not cleanup.journal.filter(answered_at__isnull=True).exists()


@pytest.mark.processes
def test_an_emptied_redis_costs_time_only(cleanable: Cleanable, aws: LocalAws, tmp_path: Path) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    ring_soon(cleanup.pk)
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    broker = redis.Redis.from_url(settings.REDIS_URL)
    assert broker.delete(*broker.scan_iter(f"{prefix}*"))
    Cleanup.objects.update(sent_at=timezone.now() - timedelta(minutes=1))

    environment = {**QUICK, "AWS_ENDPOINT_URL": aws.url}
    with worker(tmp_path / "worker.log", **environment), celery("beat", log=tmp_path / "beat.log", **environment):
        wait_until(lambda: over(cleanup), 60, "it is done")


def test_beat_rings_once_for_what_is_due_and_not_for_what_was_rung_for_just_now(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    now, later = timezone.now(), timezone.now() + timedelta(hours=1)
    approved_cleanup(cleanable(), aws)
    approved_cleanup(cleanable(), aws, next_try_at=later)
    approved_cleanup(cleanable(), aws, paused=True)
    approved_cleanup(cleanable(), aws, lease_until=later, lease_token="somebody's")
    approved_cleanup(cleanable(), aws, sent_at=now, next_try_at=now - timedelta(seconds=1))
    approved_cleanup(cleanable(), aws, sent_at=now - timedelta(minutes=20), next_try_at=now - timedelta(seconds=1))

    assert [tend_cleanups(), tend_cleanups()] == [2, 0]


def test_a_drawing_that_nobody_finished_is_rung_for_again(cleanable: Cleanable, aws: LocalAws) -> None:
    old, drafted = timezone.now() - timedelta(minutes=6), State.DRAFTED
    approved_cleanup(cleanable(), aws, state=drafted, plan_json=None, created_at=old)
    approved_cleanup(cleanable(), aws, state=drafted, plan_json=None)
    approved_cleanup(cleanable(), aws, state=drafted, plan_json=None, created_at=old, problem="The account is closed.")

    assert [tend_cleanups(), tend_cleanups()] == [1, 0]


def test_a_crash_after_the_roles_deletion_was_asked_for_finds_the_same_task(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    aws.set(role_delete_seconds=2)
    cleanup = approved_cleanup(cleanable(), aws)
    run(cleanup, until=[State.DELETING_ROLE])
    task_id = cleanup.task_id
    # As if it had died before it wrote that down.
    Cleanup.objects.update(task_id="", task_asked_at=None, attempts=0, next_try_at=None)

    run(cleanup, until=[State.DELETING_ROLE])

    assert (cleanup.task_id, cleanup.attempts) == (task_id, 1)
    assert run(cleanup).state == State.DONE


def test_a_look_that_died_with_its_worker_is_closed(cleanable: Cleanable, aws: LocalAws) -> None:
    cleanup = approved_cleanup(cleanable(), aws)
    entry = journal.intend(cleanup, journal.LOOK, "111122223333", "Looking")

    run(cleanup)

    assert JournalEntry.objects.get(pk=entry.pk).answer == "Rolecall was stopped before the answer came."
