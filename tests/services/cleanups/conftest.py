from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Account
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.cleanup_factories import give_cleaner

SLOW = {"broker_create_seconds": 3.0, "broker_delete_seconds": 3.0, "role_delete_seconds": 2.0, "latency_seconds": 0.0}


@pytest.fixture(autouse=True)
def _no_long_waits(settings: Settings) -> None:
    """The same waits as ever, in hundredths of a second."""
    settings.CLEANUP_POLL_SECONDS = 0.05
    settings.CLEANUP_RETRY_SECONDS = (0.05, 0.05)
    settings.CLEANUP_UNKNOWN_TRIES = 3
    settings.AWS_MAX_ATTEMPTS = 1


@pytest.fixture
def aws(local_aws: LocalAws) -> Iterator[LocalAws]:
    """An AWS whose deletions take a moment."""
    local_aws.set(broker_delete_seconds=0.5, role_delete_seconds=0.1)
    yield local_aws
    local_aws.set(**SLOW)


@pytest.fixture
def cleanable(watched: Callable[..., Account], aws: LocalAws) -> Callable[..., Account]:
    """Make an account, there in AWS and watched, that has a cleaner role."""

    def make(**description: Any) -> Account:
        account = watched(**description)
        give_cleaner(account)
        return account

    return make
