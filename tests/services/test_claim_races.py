"""Two at once, in real transactions: whoever comes second must see what the first one did."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from accounts.models import Account, Poll, Sweep
from accounts.services.claims import Refusal, claim
from accounts.services.sweeps import request_sweep

pytestmark = pytest.mark.django_db(transaction=True)


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def test_two_workers_that_claim_at_the_same_moment_do_not_both_get_the_poll(
    make_account: Callable[..., Account],
) -> None:
    make_account()
    sweep = request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test", send=False)
    poll_pk = sweep.polls.get().pk
    answers: list[Poll | Refusal] = []

    def come_second() -> None:
        answers.append(claim(poll_pk))
        connection.close()

    second = threading.Thread(target=come_second)
    with transaction.atomic():
        first = claim(poll_pk)
        second.start()
        for _ in range(100):
            if somebody_waits_for_us():
                break
            time.sleep(0.05)
        assert somebody_waits_for_us()
    second.join(10)

    assert isinstance(first, Poll)
    assert answers == [Refusal.OVER]
