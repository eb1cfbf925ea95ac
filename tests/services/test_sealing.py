"""A sealed secret opens with a key, in its own row, untampered; nothing else opens it."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django.fixtures import Settings

from accounts.services.sealing import CannotOpen, Damaged, WrongKey, WrongRow, is_current, open_sealed, reseal, seal

SECRET = {"secret_access_key": "wJalr-very-secret"}


def test_what_was_sealed_opens_again_and_is_not_readable_before() -> None:
    sealed = seal(SECRET, "1/reader")

    assert open_sealed(sealed, "1/reader") == SECRET
    assert b"wJalr" not in sealed


def test_a_ciphertext_copied_to_another_row_does_not_open() -> None:
    with pytest.raises(WrongRow):
        open_sealed(seal(SECRET, "1/reader"), "2/reader")


@pytest.mark.parametrize("place", [17, 40, -1])
def test_a_tampered_text_does_not_open(place: int) -> None:
    sealed = bytearray(seal(SECRET, "1/reader"))
    sealed[place] ^= 1

    with pytest.raises(Damaged):
        open_sealed(bytes(sealed), "1/reader")


def test_a_key_that_is_not_here_is_told_from_a_damaged_text(settings: Settings) -> None:
    sealed = seal(SECRET, "1/reader")
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(WrongKey, match="not among CREDENTIAL_KEYS"):
        open_sealed(sealed, "1/reader")


def test_the_mark_of_a_key_says_nothing_of_the_key() -> None:
    mark = seal(SECRET, "1/reader").partition(b":")[0]

    assert len(mark) == 16
    assert mark == seal({"other": "secret"}, "2/reader").partition(b":")[0]


def test_rotation_lets_the_old_key_go(settings: Settings) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.CREDENTIAL_KEYS = [old]
    sealed = seal(SECRET, "1/reader")

    settings.CREDENTIAL_KEYS = [new, old]
    again = reseal(sealed)
    settings.CREDENTIAL_KEYS = [new]

    assert open_sealed(again, "1/reader") == SECRET
    assert (is_current(again), is_current(sealed)) == (True, False)
    with pytest.raises(CannotOpen):
        open_sealed(sealed, "1/reader")
