"""What ends a poll that hangs in a worker on greenlets, where there is no soft time limit: the hard one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import Account, Poll, Region, Sweep
from accounts.services.queue import URGENT_QUEUE
from accounts.services.sweeps import request_sweep
from dashboard.celery import app
from dashboard.demo.local_aws.client import LocalAws
from tests.processes import wait_until, worker

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

STUCK = 10  # more than a worker has database connections: one that was lost with each would be missed by the next poll


def test_a_poll_that_hangs_is_ended_and_leaves_its_worker_whole(
    watched: Callable[..., Account], local_aws: LocalAws, tmp_path: Path
) -> None:
    Region.objects.exclude(code="us-east-1").update(polled=False)  # a good poll is well within the limit
    good, log = watched(), tmp_path / "worker.log"
    stuck = [watched().pk for _ in range(STUCK)]
    local_aws.add_fault(service="sts", delay=4.0, times=STUCK)

    with worker(log):
        sweep = request_sweep(Account.objects.filter(pk__in=stuck), Sweep.Reason.COMMAND, "test", send=False)
        for pk in sweep.polls.values_list("pk", flat=True):
            app.send_task("accounts.poll_account", [pk], queue=URGENT_QUEUE, time_limit=2)  # as the setting has 270
        ended = "Hard time limit"
        wait_until(lambda: log.read_text().count(ended) >= STUCK, 40, f"every poll is ended, see {log}")
        local_aws.clear_faults()
        request_sweep(Account.objects.filter(pk=good.pk), Sweep.Reason.COMMAND, "test")
        polled = Poll.objects.filter(account=good, state=Poll.State.DONE)
        wait_until(polled.exists, 20, f"the next is polled, see {log}")
