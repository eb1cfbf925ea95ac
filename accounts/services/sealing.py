"""Sealing: what is secret at rest can be read only with a key, and only in the row it was sealed for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotOpen(Exception):
    """The sealed text does not open here; each reason has a class of its own."""


class WrongKey(CannotOpen):
    """It was sealed with a key that is not among CREDENTIAL_KEYS."""


class Damaged(CannotOpen):
    """It was changed since it was sealed: its key is here, and does not open it."""


class WrongRow(CannotOpen):
    """It is whole, but was sealed for another row."""


@cache
def _sealer(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _sealer(tuple(settings.CREDENTIAL_KEYS))


@cache
def _mark(key: str) -> bytes:
    """What a sealed text begins with: it tells keys apart, and says nothing of the key itself."""
    return hashlib.sha256(b"rolecall sealing key " + key.encode()).hexdigest()[:16].encode()


def seal(secret: dict[str, str], bound_to: str) -> bytes:
    """Seal a secret with the first key, for the row that `bound_to` names."""
    return _marked(_current().encrypt(json.dumps({"for": bound_to, "secret": secret}).encode()))


def open_sealed(sealed: bytes, bound_to: str) -> dict[str, str]:
    """Open what `seal` made for this row. Raises CannotOpen."""
    content = json.loads(_with_its_key(sealed, _current().decrypt))
    if content["for"] != bound_to:
        raise WrongRow("it was sealed for another row")
    secret: dict[str, str] = content["secret"]
    return secret


def is_current(sealed: bytes) -> bool:
    """True when it bears the mark of the first key."""
    return sealed.partition(b":")[0] == _mark(settings.CREDENTIAL_KEYS[0])


def reseal(sealed: bytes) -> bytes:
    """Seal again with the first key what any key opens. Raises CannotOpen."""
    return _marked(_with_its_key(sealed, _current().rotate))


def _marked(token: bytes) -> bytes:
    return _mark(settings.CREDENTIAL_KEYS[0]) + b":" + token


def _with_its_key(sealed: bytes, use: Callable[[bytes], bytes]) -> bytes:
    mark, _, token = sealed.partition(b":")
    if mark not in map(_mark, settings.CREDENTIAL_KEYS):
        raise WrongKey("it was sealed with a key that is not among CREDENTIAL_KEYS")
    try:
        return use(token)
    except InvalidToken as error:
        raise Damaged("it was changed since it was sealed") from error
