"""What people type."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text without control characters: tables do not hold all of them, and no page shows any."""
    return "".join(filter(str.isprintable, text)).strip()
