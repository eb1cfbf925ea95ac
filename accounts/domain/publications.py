"""Telling "AWS changed the policy" from "this account differs": what most accounts have alike was not done to one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from accounts.domain.role import DOCUMENTED_VERSION

# One or two accounts that agree may be one team's doing; three of a majority that agree to the letter are AWS's.
LEAST_ACCOUNTS: Final = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """One document as the default version of the role's policy, and in how many accounts of a partition it is.

    `drifted` says that the document is not what is documented.
    """

    version: str
    sha256: str
    drifted: bool
    accounts: int

    @property
    def is_baseline(self) -> bool:
        """True for the documented version with what is documented."""
        return self.version == DOCUMENTED_VERSION and not self.drifted


@dataclass(frozen=True, slots=True)
class Publication:
    """A policy that AWS must have published itself: `accounts` of the `of` accounts with the role have it."""

    version: str
    sha256: str
    accounts: int
    of: int

    @property
    def is_new_version(self) -> bool:
        """False when the version is the documented one and only the document is another."""
        return self.version != DOCUMENTED_VERSION


def publication_in(sightings: Iterable[Sighting], with_role: int) -> Publication | None:
    """The one new policy that at least half of the accounts with the role have, at least three; else None.

    Accounts whose policy could not be read count among `with_role`: they are no reason to believe in a majority.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for one in sightings:
        if not one.is_baseline:
            counts[one.version, one.sha256] += one.accounts
    if not counts:
        return None
    # Two halves may differ: the later version is the news.
    (version, sha256), most = max(counts.items(), key=lambda item: (item[1], _number(item[0][0]), item[0]))
    if most < LEAST_ACCOUNTS or 2 * most < with_role:
        return None
    return Publication(version, sha256, most, with_role)


def _number(version: str) -> int:
    digits = re.fullmatch(r"v([0-9]+)", version)
    return int(digits[1]) if digits else 0
