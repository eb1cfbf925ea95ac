"""A past for the demo: ninety days of figures that lead to what its first sweep has found. Made up, and only here.

The story: the accounts came under watch in steps, brokers were added, roles that nothing used were cleaned up, one bad
week of throttling, and two days on which Rolecall was switched off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from accounts.models import DailyFigures
from accounts.services.daily_figures import write_figures

DAYS = 89  # before today
OFF = frozenset({33, 34})  # days ago
# Days ago on which so many accounts were not watched yet, the earliest first.
JOINED = ((72, 9), (51, 5), (40, 2), (0, 0))
THROTTLED = {64: 5, 63: 19, 62: 27, 61: 22, 60: 8, 18: 4, 17: 7}
CLEANED_UP = (80, 66, 47, 29, 12)  # days ago a role that nothing used went
SCALED = (
    *("looked_at", "roles_read", "policies_read", "judged", "cells", "answered", "disabled", "failing"),
    *("roles", "in_use", "unused", "drifted", "brokers"),
)
DRIFTED = (58, 21, 9)  # days ago a policy began to differ


def make_up_a_past() -> bool:
    """Write today's figures and a past that fits them; False when there is a past already, or nothing to fit."""
    today = write_figures()
    if today is None or DailyFigures.objects.exclude(day=today.day).exists():
        return False
    DailyFigures.objects.bulk_create(_days(today))
    return True


def _days(today: DailyFigures) -> Iterator[DailyFigures]:
    for back in range(1, DAYS + 1):
        if back not in OFF:
            yield _day(today, back)


def _day(today: DailyFigures, back: int) -> DailyFigures:
    """Today's figures with what had not happened yet taken back; what answers to nobody today did not do so then."""
    accounts = today.accounts - today.accounts * next(count for since, count in JOINED if back >= since) // 40
    then = {name: (getattr(today, name) or 0) * accounts // today.accounts for name in SCALED}
    throttled = min(THROTTLED.get(back, 0), then["answered"])
    still_there = min(sum(back > gone for gone in CLEANED_UP), accounts - then["roles"])
    not_yet = sum(back > began for began in DRIFTED)
    return DailyFigures(
        day=today.day - timedelta(days=back),
        written_at=today.written_at - timedelta(days=back),
        accounts=accounts,
        **then
        | {
            "answered": then["answered"] - throttled,
            "failing": then["failing"] + throttled,
            "roles": then["roles"] + still_there,
            "unused": then["unused"] + still_there,
            "drifted": max(0, then["drifted"] - not_yet),
            "brokers": None if today.brokers is None else max(0, then["brokers"] - back // 7),
        },
    )
