"""What bounds a poll: the order of the limits, a black-hole region, and AssumeRole's pace over all workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import ceil

import pytest
import redis
from django.conf import settings as configured
from pytest_django.fixtures import Settings

from accounts.models import Account, Cell, Poll, Region, Sweep
from accounts.services import sts_budget
from accounts.services.polling import PATIENCE_SECONDS, run_poll
from accounts.services.sts_budget import seconds_to_wait
from accounts.services.sweeps import request_sweep
from dashboard.demo.local_aws.client import LocalAws
from tests.local_aws import forget_clients

OTHERS = 33  # polled regions of the partition aws, without the one that hangs
Watched = Callable[..., Account]


def test_each_limit_leaves_room_for_the_one_within_it() -> None:
    """A message handed out again, or a lease taken over, while the first worker still runs would poll twice."""
    visibility = configured.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    hard, soft = configured.CELERY_TASK_TIME_LIMIT, configured.CELERY_TASK_SOFT_TIME_LIMIT

    assert visibility > configured.POLL_LEASE_SECONDS > hard > soft > configured.POLL_BUDGET_SECONDS
    assert configured.POLL_BUDGET_SECONDS > configured.POLL_PROBE_SECONDS
    assert soft > configured.POLL_BUDGET_SECONDS + PATIENCE_SECONDS


def test_the_budget_lasts_even_when_every_region_is_a_black_hole() -> None:
    waits = sum(2**number for number in range(configured.AWS_MAX_ATTEMPTS - 1))  # botocore's longest between tries
    call = configured.AWS_MAX_ATTEMPTS * configured.AWS_READ_TIMEOUT + waits

    assert ceil(34 / configured.POLL_THREADS) * call < configured.POLL_BUDGET_SECONDS


@pytest.mark.django_db
def test_a_black_hole_region_costs_its_own_cell_and_not_the_sweep(
    watched: Watched, local_aws: LocalAws, settings: Settings
) -> None:
    """eu-west-2 takes the connection and never answers."""
    settings.AWS_READ_TIMEOUT, settings.AWS_MAX_ATTEMPTS, settings.POLL_BUDGET_SECONDS = 1, 2, 20
    forget_clients()
    Region.objects.filter(partition="aws").update(polled=True)
    account = watched(regions=dict.fromkeys(Region.objects.polled_codes("aws"), "ENABLED"))
    local_aws.add_fault(account=account.account_id, region="eu-west-2", service="mq", delay=30)
    began = time.monotonic()

    sweep = request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test", send=False)
    run_poll(sweep.polls.get().pk)

    assert time.monotonic() - began < settings.POLL_BUDGET_SECONDS
    assert dict(Cell.objects.exclude(outcome="ok").values_list("region", "outcome")) == {"eu-west-2": "unreachable"}
    assert Cell.objects.filter(outcome="ok").count() == OTHERS
    assert_the_poll_says_so(sweep.polls.get())


def assert_the_poll_says_so(poll: Poll) -> None:
    assert (poll.state, poll.outcomes, poll.failing) == (
        "done",
        {"ok": OTHERS, "unreachable": 1},
        {"eu-west-2": "unreachable"},
    )
    assert (poll.slowest_region, poll.retries) == ("eu-west-2", 1)
    assert (poll.slowest_seconds or 0) > 2


@pytest.fixture
def turns(settings: Settings) -> Iterator[None]:
    """Ten AssumeRoles a second, nobody in the row."""
    settings.STS_CALLS_PER_SECOND = 10
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": "rolecall-test-turns:"}
    rows = redis.Redis.from_url(settings.REDIS_URL)
    rows.delete("rolecall-test-turns:sts:aws")
    sts_budget.own_share.cache_clear()
    yield
    rows.delete("rolecall-test-turns:sts:aws")
    sts_budget.own_share.cache_clear()


def test_those_who_assume_at_once_stand_in_one_row(turns: None) -> None:
    waits = [seconds_to_wait("aws") for _ in range(11)]

    assert waits[0] == 0
    assert 0.8 < waits[-1] <= 1


def test_the_row_is_in_redis_and_not_in_the_process(turns: None) -> None:
    seconds_to_wait("aws")
    sts_budget._redis.cache_clear()  # as another process would begin

    assert seconds_to_wait("aws") > 0


def test_each_partition_has_a_row_of_its_own(turns: None) -> None:
    seconds_to_wait("aws")

    assert seconds_to_wait("aws-cn") == 0


def test_without_redis_a_process_keeps_to_its_own_share(turns: None, settings: Settings) -> None:
    settings.REDIS_URL, settings.CELERY_WORKER_CONCURRENCY = "redis://127.0.0.1:9/0", 5

    waits = [seconds_to_wait("aws") for _ in range(3)]

    assert waits[0] == 0
    assert 0.8 < waits[2] <= 1  # a fifth of ten a second
