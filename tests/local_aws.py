"""The local AWS for tests that talk to it: fixtures, and the shortest way to an account in both worlds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings

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


_made_for: list[object] = []


def forget_clients() -> None:
    """Clients keep the endpoint and the settings they were made with: a test that changes these has to say so."""
    _made_for.clear()
    for cached in (client_settings, shared_clients, hub_of):
        cached.cache_clear()


def keep_clients_of(aws: LocalAws) -> None:
    """Use the last test's clients if they fit: making them takes longer than most tests."""
    wanted = [aws.url, client_settings.__wrapped__(), settings.HUB_PROFILES]
    if _made_for != wanted:
        forget_clients()
        _made_for.extend(wanted)


@pytest.fixture(autouse=True)
def _no_clients_of_others(request: pytest.FixtureRequest) -> None:
    """A test that slips past the local AWS must fail, and not reach it by the last test's clients."""
    if "local_aws" not in request.fixturenames:
        forget_clients()


def wait_for_stragglers() -> None:
    """Questions that a survey gave up on go on until their time-outs: the next test's log must not have them."""
    for thread in threading.enumerate():
        if thread.name.startswith("survey-"):
            thread.join(timeout=40)


@contextmanager
def hub_of_this_process(aws: LocalAws) -> Iterator[None]:
    """Ask this AWS, as its hub, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in hub_environment(aws).items():
            patch.setenv(name, value)
        keep_clients_of(aws)
        yield
        wait_for_stragglers()


@pytest.fixture
def local_aws(local_aws_process: LocalAws, _no_real_aws: None) -> Iterator[LocalAws]:
    """An empty world, and this process as its hub."""
    local_aws_process.reset("empty")
    with hub_of_this_process(local_aws_process):
        yield local_aws_process


@pytest.fixture
def watched(local_aws: LocalAws, make_account: Callable[..., Account]) -> Callable[..., Account]:
    """Make an account that is there in AWS (as described) and watched by Rolecall."""

    def make(**description: object) -> Account:
        account = make_account()
        known = {"name": account.name, "external_id": account.external_id, "role": {}}
        local_aws.put_account(account.account_id, **{**known, **description})
        return account

    return make
