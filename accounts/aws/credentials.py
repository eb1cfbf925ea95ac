"""A temporary session of an account, and where one comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """What AssumeRole hands out. Its secrets are left out of the repr, so that no log or traceback shows them."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime


class CredentialSource(Protocol):
    """Where a gateway gets its session from. Called by many threads at once; both methods may raise AwsError."""

    def current(self) -> TemporaryCredentials:
        """Give a session that should still be valid."""
        ...

    def renew(self, stale: TemporaryCredentials) -> TemporaryCredentials:
        """Give a session newer than `stale`, which AWS called expired; many threads may ask for the same one."""
        ...
