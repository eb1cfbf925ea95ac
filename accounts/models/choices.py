"""Words of the domain as Django's choices: the value and the word that people read."""

from __future__ import annotations

from enum import StrEnum


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Give an enumeration of the domain as (value, words) pairs."""
    return [(word.value, word.value.replace("_", " ")) for word in words]
