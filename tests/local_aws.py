"""The local AWS for tests that talk to it: fixtures, and the shortest way to an account in both worlds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from accounts.models import Account
from accounts.services.credentials import client_settings, hub_of, shared_clients
from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY
from dashboard.demo.local_aws.client import LocalAws, start_local_aws


@pytest.fixture(scope="session")
def local_aws_process() -> Iterator[LocalAws]:
    """One process for all tests of this worker."""
    with start_local_aws("empty") as aws:
        yield aws


def hub_environment(aws: LocalAws) -> dict[str, str]:
    """What makes botocore speak to the local AWS as the hub identity."""
    return {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": HUB_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": HUB_SECRET_ACCESS_KEY,
        "AWS_REGION": "us-east-1",
    }


def forget_clients() -> None:
    """Clients keep the endpoint they were made with."""
    for cached in (client_settings, shared_clients, hub_of):
        cached.cache_clear()


def wait_for_stragglers() -> None:
    """Questions that a survey gave up on go on until their time-outs: the next test's log must not have them."""
    for thread in threading.enumerate():
        if thread.name.startswith("survey-"):
            thread.join(timeout=40)


@pytest.fixture
def local_aws(local_aws_process: LocalAws, monkeypatch: pytest.MonkeyPatch, _no_real_aws: None) -> Iterator[LocalAws]:
    """An empty world, and this process as its hub."""
    local_aws_process.reset("empty")
    for name, value in hub_environment(local_aws_process).items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield local_aws_process
    wait_for_stragglers()
    forget_clients()


@pytest.fixture
def watched(local_aws: LocalAws, make_account: Callable[..., Account]) -> Callable[..., Account]:
    """Make an account that is there in AWS (as described) and watched by Rolecall."""

    def make(**description: object) -> Account:
        account = make_account()
        known = {"name": account.name, "external_id": account.external_id, "role": {}}
        local_aws.put_account(account.account_id, **{**known, **description})
        return account

    return make
