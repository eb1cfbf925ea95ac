"""The verdict on an account: may its role go? What could not be read is never "empty"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.domain.outcomes import Outcome, Presence, Verdict


@dataclass(frozen=True, slots=True)
class RegionStanding:
    """A region as last known: the last probe's outcome, and how many brokers use the role (None: never known)."""

    outcome: Outcome
    role_users: int | None


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


def settled(region: RegionStanding) -> bool:
    """True when the region answered with a count, or AWS says that it is off in this account.

    Switching a region off deletes nothing in it. But no broker is known there, or `judge` would have said
    `in_use`, and IAM, which sees every region, refuses to delete a role that a broker uses.
    """
    if region.outcome is Outcome.REGION_DISABLED:
        return True
    return region.outcome is Outcome.OK and region.role_users is not None
