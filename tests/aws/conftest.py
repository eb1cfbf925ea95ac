from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from accounts.aws.clients import Clients, ClientSettings
from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.gateway import Gateway
from tests.aws.scripted_aws import ScriptedAws

ACCOUNT = "111122223333"
QUICK = ClientSettings(connect_timeout=3, read_timeout=1, max_attempts=1, user_agent="rolecall/test")


def session_for(account: str, number: int = 0) -> TemporaryCredentials:
    key = f"ASIA{account}{number:04d}"
    return TemporaryCredentials(key, "the-secret", "the-token", datetime.now(UTC) + timedelta(hours=1))


class Sessions:
    """A source that hands out one session after another, and counts."""

    def __init__(self, account: str) -> None:
        self._made = itertools.count(1)
        self._account = account
        self.renewals = 0
        self._now = session_for(account)

    def current(self) -> TemporaryCredentials:
        return self._now

    def renew(self, stale: TemporaryCredentials) -> TemporaryCredentials:
        self.renewals += 1
        self._now = session_for(self._account, next(self._made))
        return self._now


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that slips past the scripted server must fail, not reach an account."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUBHUBHUBHUB")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hub-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _shared() -> Iterator[tuple[ScriptedAws, Clients]]:
    """A server and its clients for all tests: making clients anew takes longer than most tests."""
    server = ScriptedAws()
    yield server, Clients(QUICK)
    server.close()


@pytest.fixture
def aws(_shared: tuple[ScriptedAws, Clients], monkeypatch: pytest.MonkeyPatch, _no_aws: None) -> ScriptedAws:
    server, _ = _shared
    server.start_over()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    return server


@pytest.fixture
def own_aws(monkeypatch: pytest.MonkeyPatch, _no_aws: None) -> Iterator[ScriptedAws]:
    """A server of the test's own, for calls that may outlive the test."""
    server = ScriptedAws()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def clients(_shared: tuple[ScriptedAws, Clients], aws: ScriptedAws) -> Clients:
    return _shared[1]


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(ACCOUNT)


@pytest.fixture
def gateway(clients: Clients, sessions: Sessions) -> Gateway:
    return Gateway(clients, ACCOUNT, "aws", sessions)
