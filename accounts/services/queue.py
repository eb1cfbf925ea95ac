"""Ringing the workers. What is rung for stands in PostgreSQL already, so a lost ring costs time and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

POLL_TASK = "accounts.poll_account"
URGENT_QUEUE = "now"
SCHEDULED_QUEUE = "polls"


def send_polls_on_commit(poll_pks: Iterable[int], queue: str) -> None:
    """Hand polls to the workers once the rows are there for them to find."""
    transaction.on_commit(partial(send_polls, tuple(poll_pks), queue))


def send_polls(poll_pks: Iterable[int], queue: str, countdown: float | None = None) -> None:
    """Hand polls to the workers now. Without a broker they wait in PostgreSQL until `tend_sweeps` sends them again."""
    ring(POLL_TASK, poll_pks, queue, countdown)


def ring(task: str, pks: Iterable[int | str], queue: str, countdown: float | None = None) -> None:
    """Ask the workers to look at these rows. Without a broker the rows wait until whoever tends them rings again."""
    try:
        with current_app.producer_or_acquire() as producer:
            for pk in pks:
                current_app.send_task(task, args=[pk], queue=queue, countdown=countdown, producer=producer, retry=False)
    except OperationalError:
        logger.warning("The broker does not answer: %s waits in PostgreSQL and is sent again later", task)


def length(queue: str) -> int:
    """How many messages wait in a queue; 0 when the broker does not answer."""
    with current_app.connection_or_acquire() as connection:
        try:
            with connection.channel() as channel:
                # Not passive: kombu looks for a passive queue without the prefix of its key, and never finds it.
                return int(channel.queue_declare(queue).message_count)
        except (OperationalError, *connection.connection_errors):
            return 0
