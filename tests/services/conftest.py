"""Queues that hold what this test has sent, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from pytest_django.fixtures import Settings

from accounts.services.queue import SCHEDULED_QUEUE, URGENT_QUEUE


@pytest.fixture(autouse=True)
def _empty_queues(settings: Settings) -> Iterator[None]:
    """What killed workers of other tests left in the broker must not be counted here, nor the other way round."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    broker, keys = redis.Redis.from_url(settings.REDIS_URL), [f"{prefix}{URGENT_QUEUE}", f"{prefix}{SCHEDULED_QUEUE}"]
    broker.delete(*keys)
    yield
    broker.delete(*keys)
