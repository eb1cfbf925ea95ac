"""Sealing: what is secret at rest can be read only with a key, and only in the row it was sealed for."""

from __future__ import annotations

import json
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotOpen(Exception):
    """The sealed text was made with another key, was tampered with, or belongs to another row."""


@cache
def _sealer(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _sealer(tuple(settings.CREDENTIAL_KEYS))


def seal(secret: dict[str, str], bound_to: str) -> bytes:
    """Seal a secret with the first key, for the row that `bound_to` names."""
    return _current().encrypt(json.dumps({"for": bound_to, "secret": secret}).encode())


def open_sealed(sealed: bytes, bound_to: str) -> dict[str, str]:
    """Open what `seal` made for this row. Raises CannotOpen."""
    try:
        content = json.loads(_current().decrypt(sealed))
    except InvalidToken as error:
        raise CannotOpen("no key of CREDENTIAL_KEYS opens it") from error
    if content["for"] != bound_to:
        raise CannotOpen("it was sealed for another row")
    secret: dict[str, str] = content["secret"]
    return secret


def reseal(sealed: bytes) -> bytes:
    """Seal again with the first key what any key opens. Raises CannotOpen."""
    try:
        return _current().rotate(sealed)
    except InvalidToken as error:
        raise CannotOpen("no key of CREDENTIAL_KEYS opens it") from error
