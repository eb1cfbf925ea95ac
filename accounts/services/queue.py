"""Ringing the workers. What is rung for stands in PostgreSQL already, so a lost ring costs time and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

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
    try:
        with current_app.producer_or_acquire() as producer:
            for pk in poll_pks:
                current_app.send_task(
                    POLL_TASK, args=[pk], queue=queue, countdown=countdown, producer=producer, retry=False
                )
    except OperationalError:
        logger.warning("The broker does not answer: polls wait in PostgreSQL and are sent again later")


def messages_in(queue: str) -> int | None:
    """How many messages wait in a queue of the broker; None when the broker does not answer."""
    with current_app.connection_for_read() as connection:
        # Which exceptions a broken connection raises is the transport's to say.
        faults: tuple[type[Exception], ...] = (OperationalError, *connection.connection_errors)  # type: ignore[arg-type]
        try:
            connection.ensure_connection(max_retries=1, timeout=2)
            declared: Any = current_app.amqp.queues[queue](connection.default_channel).queue_declare()
            return int(declared.message_count)
        except faults:
            logger.warning("The broker does not answer: polls wait in PostgreSQL and are sent again later")
            return None
