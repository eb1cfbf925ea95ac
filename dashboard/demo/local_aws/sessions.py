"""Credentials: the hub's long-lived key, and temporary ones that carry their own session, so that none is stored.

A session token holds the account, role, session policy and expiry, sealed with a key that is no secret: nobody is
kept out by it, but a token that was altered or made up is refused, and a restart of the process invalidates none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.demo.local_aws.wire import AwsError

HUB_ACCESS_KEY_ID = "AKIAROLECALLHUBDEMO0"
HUB_ACCOUNT_ID = "999900001111"
HUB_USER = "rolecall"
_SEAL = b"the local AWS guards nothing"


@dataclass(frozen=True, slots=True)
class Session:
    """What AssumeRole gave: who may act, as what, how narrowed and until when (seconds since 1970)."""

    key_id: str
    account_id: str
    partition: str
    role_name: str
    session_name: str
    expires: float
    policy: Any = None

    @property
    def arn(self) -> str:
        """The assumed role's ARN, as AWS names the caller in its messages."""
        return f"arn:{self.partition}:sts::{self.account_id}:assumed-role/{self.role_name}/{self.session_name}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. The hub has no session."""

    account_id: str
    arn: str
    session: Session | None = None


class Unrecognized(AwsError):
    """The credentials are good for nothing here; each service has its own word for that."""

    def __init__(self, service: str) -> None:
        if service in ("sts", "iam"):
            super().__init__(403, "InvalidClientTokenId", "The security token included in the request is invalid")
        else:
            status = 400 if service in ("organizations", "ssm") else 403
            text = "The security token included in the request is invalid."
            super().__init__(status, "UnrecognizedClientException", text)


class Expired(AwsError):
    """The session is over; each service has its own word for that."""

    def __init__(self, service: str) -> None:
        code = "ExpiredToken" if service in ("sts", "iam") else "ExpiredTokenException"
        status = 400 if service in ("organizations", "ssm") else 403
        super().__init__(status, code, "The security token included in the request is expired")


def new_key_id() -> str:
    """A key id as STS gives it."""
    return "ASIA" + base64.b32encode(secrets.token_bytes(10)).decode()


def token_of(session: Session) -> str:
    """The session token that carries this session."""
    payload = json.dumps(asdict(session), separators=(",", ":")).encode()
    return base64.b64encode(_digest(payload) + payload).decode()


def caller_of(key_id: str, token: str, service: str) -> Caller:
    """Who holds these credentials. Raises Unrecognized or Expired."""
    if key_id == HUB_ACCESS_KEY_ID:
        return Caller(HUB_ACCOUNT_ID, f"arn:aws:iam::{HUB_ACCOUNT_ID}:user/{HUB_USER}")
    session = _read_token(token)
    if session is None or session.key_id != key_id:
        raise Unrecognized(service)
    if session.expires <= time.time():
        raise Expired(service)
    return Caller(session.account_id, session.arn, session)


def account_of_key(key_id: str, token: str) -> str:
    """The account behind a key, for the log; empty when nobody knows it. Never raises."""
    session = _read_token(token)
    return HUB_ACCOUNT_ID if key_id == HUB_ACCESS_KEY_ID else session.account_id if session else ""


def _digest(payload: bytes) -> bytes:
    return hmac.digest(_SEAL, payload, hashlib.sha256)


def _read_token(token: str) -> Session | None:
    try:
        raw = base64.b64decode(token, validate=True)
    except ValueError:
        return None
    seal, payload = raw[:32], raw[32:]
    return Session(**json.loads(payload)) if hmac.compare_digest(seal, _digest(payload)) else None
