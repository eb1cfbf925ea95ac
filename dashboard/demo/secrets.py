"""The secrets of one data folder: made once, readable by its owner alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from dashboard.demo.house import House, HouseError


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the embedded servers and Django are locked with."""

    secret_key: str
    credential_keys: str
    postgres_password: str
    valkey_password: str


def load_secrets(house: House) -> Secrets:
    """Read the folder's secrets, or make them. Raises HouseError when they are gone but what they opened is not."""
    path = house.root / "secrets.json"
    if not path.exists():
        if (house.root / "postgres").exists():
            raise HouseError(f"{path} is gone, and only it opens the database beside it: restore it.")
        write_private(path, json.dumps(asdict(_new_secrets())))
    try:
        return Secrets(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise HouseError(f"{path} cannot be read: restore it from a backup.") from error


def _new_secrets() -> Secrets:
    return Secrets(
        secret_key=secrets.token_urlsafe(50),
        credential_keys=Fernet.generate_key().decode(),
        postgres_password=secrets.token_urlsafe(24),
        valkey_password=secrets.token_urlsafe(24),
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; whole, or not at all."""
    half = path.with_name(path.name + ".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
