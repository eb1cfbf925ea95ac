"""Patterns with `*` and `?`, as IAM has them in actions and resources: does one cover another, do they overlap?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WILDCARDS = re.compile(r"[*?]{2,}")


def canonical(pattern: str) -> str:
    """Write runs of wildcards in one way, so that `*?*` and `?**` both read `?*`."""
    return _WILDCARDS.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)


def covers(wide: str, narrow: str) -> bool:
    """True when every word that `narrow` matches is matched by `wide` too; exact for every pair of patterns.

    A character that stands in neither pattern (here: None) is the hardest that a wildcard of `narrow` can stand for, so
    it alone need be tried. A state is a place in `narrow` with the set of places that `wide` may have reached.
    """
    wide, narrow = canonical(wide), canonical(narrow)
    if wide in ("*", narrow):
        return True
    if "*" not in wide and "?" not in wide:
        return False
    places = _Places.of(wide)
    seen: set[tuple[int, int]] = set()
    todo = [(0, places.spread(1))]
    while todo:
        place, reached = state = todo.pop()
        if place == len(narrow) and not reached >> len(wide) & 1:
            return False
        if place < len(narrow) and state not in seen:
            seen.add(state)
            todo += _next_states(places, narrow[place], place, reached)
    return True


def _next_states(places: _Places, sign: str, place: int, reached: int) -> Iterator[tuple[int, int]]:
    if sign == "*":
        yield place + 1, reached
        yield place, places.step(reached, None)
    else:
        yield place + 1, places.step(reached, None if sign == "?" else sign)


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of a canonical pattern as sets of bits, so that even a pattern made to be slow costs little."""

    stars: int
    questions: int
    letters: dict[str, int]

    @classmethod
    def of(cls, pattern: str) -> _Places:
        bits: dict[str, int] = {}
        for place, sign in enumerate(pattern):
            bits[sign] = bits.get(sign, 0) | 1 << place
        return cls(stars=bits.pop("*", 0), questions=bits.pop("?", 0), letters=bits)

    def step(self, reached: int, letter: str | None) -> int:
        """The places that one more letter leads to."""
        passed = self.questions if letter is None else self.questions | self.letters.get(letter, 0)
        return self.spread(reached & self.stars | (reached & passed) << 1)

    def spread(self, reached: int) -> int:
        """Add the place behind each `*` reached, since it may stand for nothing; no two stand side by side."""
        return reached | (reached & self.stars) << 1


def overlap(one: str, other: str) -> bool:
    """True when some word is matched by both patterns."""
    one, other = canonical(one), canonical(other)
    row = [True] + [False] * len(other)
    for column, sign in enumerate(other, start=1):
        row[column] = sign == "*" and row[column - 1]
    for sign in one:
        row = _overlap_row(sign, other, row)
    return row[-1]


def _overlap_row(sign: str, other: str, above: list[bool]) -> list[bool]:
    """Say for each beginning of `other` whether it shares a word with the beginning of `one` that ends with `sign`."""
    row = [sign == "*" and above[0]]
    for column, opposite in enumerate(other, start=1):
        if "*" in (sign, opposite):
            met = above[column] or row[column - 1]
        else:
            met = above[column - 1] and (sign == opposite or "?" in (sign, opposite))
        row.append(met)
    return row
