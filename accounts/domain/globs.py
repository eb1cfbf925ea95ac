"""Patterns with `*` and `?`, as IAM has them in actions and resources: does one cover another, do they overlap?"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    seen: set[tuple[int, int]] = set()
    todo = [(0, _spread(wide, 1))]
    while todo:
        place, reached = state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        if place == len(narrow):
            if not reached >> len(wide) & 1:
                return False
            continue
        todo += _next_states(wide, narrow, place, reached)
    return True


def _next_states(wide: str, narrow: str, place: int, reached: int) -> Iterator[tuple[int, int]]:
    sign = narrow[place]
    if sign == "*":
        yield place + 1, reached
        yield place, _step(wide, reached, None)
    else:
        yield place + 1, _step(wide, reached, None if sign == "?" else sign)


def _step(wide: str, reached: int, letter: str | None) -> int:
    """The places of `wide` (a bit each) that one more letter leads to."""
    after = 0
    for place, sign in enumerate(wide):
        if not reached >> place & 1:
            continue
        if sign == "*":
            after |= 1 << place
        elif sign in ("?", letter):
            after |= 2 << place
    return _spread(wide, after)


def _spread(wide: str, reached: int) -> int:
    """Add the places behind each `*` reached, since it may stand for nothing."""
    for place, sign in enumerate(wide):
        if sign == "*" and reached >> place & 1:
            reached |= 2 << place
    return reached


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
