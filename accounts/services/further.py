"""What other apps keep for a time: they say here how it is forgotten, since this one may not import them."""

from __future__ import annotations

from collections.abc import Callable

_forget: set[Callable[[], None]] = set()


def also_forget(forget: Callable[[], None]) -> None:
    """Have `retention.forget_old` call this, too. Apps say so when they start, so nothing else is imported here."""
    _forget.add(forget)


def forget_further() -> None:
    """Forget what has been named."""
    for forget in _forget:
        forget()
