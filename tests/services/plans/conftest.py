from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import redis
from pytest_django.fixtures import Settings

from accounts.models import Account, Cleanup
from accounts.services.cleanups.drawing import draw, request_plan
from accounts.services.queue import URGENT_QUEUE
from tests.dashboard.cleanup_factories import give_cleaner

ORDERS = {"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}
CLASSIC = {"region": "us-east-1", "name": "classic", "engine": "ActiveMQ"}
Cleanable = Callable[..., Account]
Drawn = Callable[..., Cleanup]


@pytest.fixture(autouse=True)
def _one_try(settings: Settings) -> None:
    settings.AWS_MAX_ATTEMPTS = 1


@pytest.fixture
def cleanable(watched: Callable[..., Account]) -> Cleanable:
    """Make an account, there in AWS and watched, that has a cleaner role."""

    def make(**description: Any) -> Account:
        account = watched(**description)
        give_cleaner(account)
        return account

    return make


@pytest.fixture
def drawn() -> Drawn:
    """Draw the plan of an account as `asker`."""

    def make(account: Account, include_arns: tuple[str, ...] = (), person: str = "asker") -> Cleanup:
        asked = request_plan(account, person, include_arns, send=False)
        draw(asked.pk)
        return Cleanup.objects.get(pk=asked.pk)

    return make


@pytest.fixture
def rung(settings: Settings) -> Callable[[], list[tuple[str, list[int]]]]:
    """Read what waits for the workers in the queue for what a person waits for, and take it out."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    broker, key = redis.Redis.from_url(settings.REDIS_URL), f"{prefix}{URGENT_QUEUE}"

    def read() -> list[tuple[str, list[int]]]:
        messages = [json.loads(message) for message in broker.lrange(key, 0, -1)]
        broker.delete(key)
        return [(one["headers"]["task"], json.loads(base64.b64decode(one["body"]))[0]) for one in messages]

    return read
