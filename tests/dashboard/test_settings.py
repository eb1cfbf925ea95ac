"""A setting that makes no sense is refused with one sentence that names it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard.settings import log_level, whole_number


@pytest.mark.parametrize("text", ["", "x", "0", "-5", "--5", "²", "1.5", "1" * 5000])
def test_what_is_no_whole_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("POLL_THREADS", text)

    with pytest.raises(ImproperlyConfigured, match=r"POLL_THREADS=.*use a whole number of at least 1"):
        whole_number("POLL_THREADS", 12)


def test_a_whole_number_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLL_THREADS", " 7 ")

    assert whole_number("POLL_THREADS", 12) == 7


def test_a_level_is_read_whatever_its_case_and_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert log_level() == "DEBUG"

    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL=LOUD: use DEBUG"):
        log_level()
