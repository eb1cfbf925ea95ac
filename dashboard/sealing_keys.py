"""The keys that seal credentials: read from the environment or a file, and refused when somebody else may have them."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

MAKE_ONE = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
# Printed in Fernet's specification, and copied from there ever since.
KNOWN_KEYS = frozenset({"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="})
# Of 32 random bytes some 30 differ; fewer than 20 come by chance once in 10^13 keys.
LEAST_DIFFERENT_BYTES = 20


def sealing_keys(listed: str, file: str, secret_key: str) -> list[str]:
    """Give the keys, the sealing one first. Raises ImproperlyConfigured with what to do."""
    name, text = _source(listed.strip(), file.strip())
    keys = [key.strip() for key in text.replace("\n", ",").split(",") if key.strip()]
    if not keys:
        raise ImproperlyConfigured(
            f"{name} has no key: it needs one Fernet key, or several with commas between. Make one: {MAKE_ONE}"
        )
    for number, key in enumerate(keys, start=1):
        if problem := _problem(key, secret_key):
            raise ImproperlyConfigured(f"{name}: key {number} {problem}. Make a new one: {MAKE_ONE}")
    return keys


def _source(listed: str, file: str) -> tuple[str, str]:
    if listed and file:
        raise ImproperlyConfigured("CREDENTIAL_KEYS and CREDENTIAL_KEYS_FILE are both set: keep one of them")
    if not file:
        return "CREDENTIAL_KEYS", listed
    try:
        return "CREDENTIAL_KEYS_FILE", Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ImproperlyConfigured(f"CREDENTIAL_KEYS_FILE={file} cannot be read: {reason}") from error


def _problem(key: str, secret_key: str) -> str:
    try:
        Fernet(key)
    except ValueError:
        return "is not a Fernet key (32 bytes, base64)"
    if key == secret_key:
        return "is the SECRET_KEY: each needs its own"
    raw = base64.urlsafe_b64decode(key)
    if key in KNOWN_KEYS or len(set(raw)) < LEAST_DIFFERENT_BYTES or all(32 <= byte < 127 for byte in raw):
        return "is an example that others know, or was typed by hand"
    return ""
