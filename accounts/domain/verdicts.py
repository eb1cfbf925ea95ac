"""The verdict on an account: may its role go? What could not be read is never "empty"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.domain.outcomes import Outcome, Presence, Verdict


@dataclass(frozen=True, slots=True)
class RegionStanding:
    """A region as last known: the last probe's outcome, how many brokers use the role, and when they were counted.

    Both are None where that was never known.
    """

    outcome: Outcome
    role_users: int | None
    counted_at: datetime | None = None


def judge(presence: Presence, role_outcome: Outcome, regions: Iterable[RegionStanding]) -> Verdict:
    """Say whether the role is in use, unused, absent, or cannot be told.

    `unused` needs a role that was read just now and every region settled; old good news does not outlive lost access.
    A broker that was seen once counts until its region answers without it.
    """
    standings = tuple(regions)
    if role_outcome is Outcome.OK and presence is Presence.ABSENT:
        return Verdict.ABSENT
    if presence is Presence.PRESENT and any(region.role_users for region in standings):
        return Verdict.IN_USE
    if presence is not Presence.PRESENT or role_outcome is not Outcome.OK or not standings:
        return Verdict.UNKNOWN
    return Verdict.UNUSED if all(map(settled, standings)) else Verdict.UNKNOWN


def last_seen_in_use(role_read_at: datetime | None, regions: Iterable[RegionStanding]) -> datetime | None:
    """Until when `in_use` was seen and not remembered: the role was read, and some broker that uses it was listed."""
    seen = [region.counted_at for region in regions if region.role_users and region.counted_at]
    return min(role_read_at, max(seen)) if role_read_at and seen else None


def settled(region: RegionStanding) -> bool:
    """True when the region answered with a count, or AWS says that it is off in this account.

    Switching a region off deletes nothing in it. But no broker is known there, or `judge` would have said
    `in_use`, and IAM, which sees every region, refuses to delete a role that a broker uses.
    """
    if region.outcome is Outcome.REGION_DISABLED:
        return True
    return region.outcome is Outcome.OK and region.role_users is not None
