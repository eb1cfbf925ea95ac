"""Keys that others may have do not start Rolecall."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from dashboard.checks import keys_are_kept_close
from dashboard.sealing_keys import sealing_keys

ONE, TWO = (Fernet.generate_key().decode() for _ in range(2))
TYPED = base64.urlsafe_b64encode(b"rolecall development key 32 byte").decode()


def test_keys_come_from_a_list_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{ONE}\n{TWO}\n")

    assert sealing_keys(f"{ONE}, {TWO}", "", "s") == [ONE, TWO]
    assert sealing_keys("", str(file), "s") == [ONE, TWO]


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("", "CREDENTIAL_KEYS has no key"),
        (" , ", "CREDENTIAL_KEYS has no key"),
        ("cw_0x,x", "key 1 is not a Fernet key"),
        ("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "an example that others know"),
        ("A" * 43 + "=", "an example that others know"),
        (TYPED, "typed by hand"),
        ("ééé", "is not a Fernet key"),
    ],
)
def test_a_missing_known_or_typed_key_is_refused(listed: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        sealing_keys(listed, "", "s")


def test_the_secret_key_is_no_sealing_key() -> None:
    with pytest.raises(ImproperlyConfigured, match="each needs its own"):
        sealing_keys(ONE, "", ONE)


def test_no_message_quotes_a_key() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        sealing_keys(f"{TYPED}", "", "s")

    assert TYPED not in str(refused.value)


def test_two_sources_are_one_too_many_and_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="keep one of them"):
        sealing_keys(ONE, "/keys", "s")
    with pytest.raises(ImproperlyConfigured, match="nowhere cannot be read: No such file"):
        sealing_keys("", str(tmp_path / "nowhere"), "s")


@pytest.mark.parametrize(("mode", "warnings"), [(0o400, 0), (0o640, 0), (0o644, 1), (0o660, 1)])
def test_a_file_that_others_may_read_or_change_is_warned_of(
    tmp_path: Path, settings: Settings, mode: int, warnings: int
) -> None:
    file = tmp_path / "keys"
    file.write_text(ONE)
    file.chmod(mode)
    settings.CREDENTIAL_KEYS_FILE = str(file)

    assert len(keys_are_kept_close(None)) == warnings
