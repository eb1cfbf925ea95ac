from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Account, Cleanup
from accounts.services.cleanups.drawing import draw, request_plan

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
        account.cleaner_role_arn = f"arn:aws:iam::{account.account_id}:role/MqSlrCleaner"
        account.save()
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
