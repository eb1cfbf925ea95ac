"""Killed workers, an emptied Redis, two of everything: sweeps end, and no account is polled twice at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import Account, Cell, Poll, Region, RoleStatus, Sweep
from accounts.services.claims import tend_sweeps
from accounts.services.sweeps import progress_of, request_sweep
from tests.processes import celery, wait_until, worker

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
]

ACCOUNTS = 12


@pytest.fixture(scope="module")
def slow_aws() -> Iterator[str]:
    """A canned AWS that takes 150 ms an answer, so that there is a middle of the sweep to strike in."""
    command = [sys.executable, "-m", "tests.benchmarks.standin", "--latency-ms", "150"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().split()[1]
    process.terminate()
    process.wait(5)


@pytest.fixture
def accounts() -> None:
    """A dozen accounts with three regions each."""
    Region.objects.exclude(code__in=["us-east-1", "eu-west-1", "eu-west-2"]).update(polled=False)
    Account.objects.bulk_create(
        Account(
            account_id=f"{300000000000 + number}",
            name=f"crash-{number}",
            partition="aws",
            reader_role_arn=f"arn:aws:iam::{300000000000 + number}:role/R",
        )
        for number in range(ACCOUNTS)
    )


def sweep_over_everything() -> Sweep:
    return request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test")


def over(sweep: Sweep) -> bool:
    return progress_of(Sweep.objects.get(pk=sweep.pk)).finished


def every_account_answered() -> bool:
    good = RoleStatus.objects.filter(outcome="ok", regions_ok=3, brokers=1).count()
    return good == ACCOUNTS and Cell.objects.filter(outcome="ok").count() == 3 * ACCOUNTS


def as_if_leases_were_over() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Poll.objects.filter(state="running").update(lease_until=past)
    Poll.objects.filter(state="queued").update(sent_at=past - timedelta(days=1))


def test_a_worker_killed_in_mid_sweep_costs_time_and_no_account(accounts: None, slow_aws: str, tmp_path: Path) -> None:
    with worker(tmp_path / "first.log", AWS_ENDPOINT_URL=slow_aws) as doomed:
        sweep = sweep_over_everything()
        wait_until(lambda: progress_of(sweep).done >= 2, 20, "two accounts done")
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait(5)
    assert not over(sweep)

    as_if_leases_were_over()
    with worker(tmp_path / "second.log", AWS_ENDPOINT_URL=slow_aws):
        # As beat does: which messages died with the worker nobody knows until the queue has drained.
        wait_until(lambda: tend_sweeps() == 0 and over(sweep), 60, "the sweep ends")

    assert progress_of(sweep).done == ACCOUNTS
    assert every_account_answered()


def test_a_worker_told_to_stop_ends_what_it_has_begun(accounts: None, slow_aws: str, tmp_path: Path) -> None:
    with worker(tmp_path / "worker.log", AWS_ENDPOINT_URL=slow_aws) as leaving:
        sweep = sweep_over_everything()
        wait_until(lambda: progress_of(sweep).done >= 2, 20, "two accounts done")
        leaving.terminate()
        assert leaving.wait(20) == 0

    progress = progress_of(sweep)
    assert (progress.running, progress.failed) == (0, 0)
    assert 2 < progress.done < ACCOUNTS


def test_an_emptied_redis_costs_time_and_no_account(accounts: None, slow_aws: str, tmp_path: Path) -> None:
    sweep = sweep_over_everything()
    broker = redis.Redis.from_url(settings.REDIS_URL)
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    lost = [key for key in broker.scan_iter(f"{prefix}*") if broker.type(key) == b"list"]
    assert lost
    broker.delete(*lost)

    as_if_leases_were_over()
    with worker(tmp_path / "worker.log", AWS_ENDPOINT_URL=slow_aws):
        assert tend_sweeps() == ACCOUNTS
        wait_until(lambda: over(sweep), 30, "the sweep ends")

    assert every_account_answered()


def test_two_workers_two_sweeps_and_two_beats_never_poll_an_account_twice_at_once(
    accounts: None, slow_aws: str, tmp_path: Path
) -> None:
    """The unique index would refuse a second running poll; that every sweep still ends shows that it was waited for."""
    aws = {"AWS_ENDPOINT_URL": slow_aws}
    with (
        worker(tmp_path / "a.log", "-n", "a@test", **aws),
        worker(tmp_path / "b.log", "-n", "b@test", **aws),
        celery("beat", log=tmp_path / "beat-a.log", **aws),
        celery("beat", log=tmp_path / "beat-b.log", **aws),
    ):
        sweeps = [sweep_over_everything() for _ in range(2)]  # as if the pages' check for an open one were not there
        wait_until(lambda: all(over(sweep) for sweep in sweeps), 60, "both sweeps end")

    assert every_account_answered()
    assert not overlapping_polls()


def overlapping_polls() -> list[tuple[Poll, Poll]]:
    polls = list(Poll.objects.filter(started_at__isnull=False).order_by("account_id", "started_at"))
    pairs = pairwise(polls)
    return [
        (one, next_one)
        for one, next_one in pairs
        if one.account_id == next_one.account_id and one.finished_at and next_one.started_at
        if next_one.started_at < one.finished_at
    ]


def test_beat_starts_the_sweep_of_accounts_that_are_due(accounts: None, slow_aws: str, tmp_path: Path) -> None:
    with worker(tmp_path / "a.log", AWS_ENDPOINT_URL=slow_aws), celery("beat", log=tmp_path / "beat.log"):
        wait_until(every_account_answered, 60, "beat finds the due accounts")

    assert Sweep.objects.get().reason == Sweep.Reason.SCHEDULE
    assert not Account.objects.filter(next_poll_at__isnull=True).exists()
