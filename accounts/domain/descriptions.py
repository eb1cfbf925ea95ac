"""What IAM takes as the description of a role: the one thing of the service-linked role that a customer may change."""

from __future__ import annotations

import re
from typing import Final

MOST: Final = 1000
# IAM's own pattern: tab, line ends, printable ASCII, and Latin-1 without its control characters.
_OTHER: Final = re.compile(r"[^\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]")


def check_description(text: str) -> str:
    """Give a description back as IAM takes it, with plain line ends. Raises ValueError with what is wrong."""
    plain = text.replace("\r\n", "\n").strip()
    if found := _OTHER.search(plain):
        bad = found.group()
        sign = f"“{bad}” (U+{ord(bad):04X})" if bad.isprintable() else f"U+{ord(bad):04X}"
        raise ValueError(f"IAM does not take the character {sign}: use Latin letters, digits and common signs.")
    if len(plain) > MOST:
        raise ValueError(f"The description has {len(plain):,} characters; IAM takes at most {MOST:,}.")
    return plain
