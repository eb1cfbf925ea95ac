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
    missing = next(count for since, count in JOINED if back >= since)
    share = (today.accounts - missing) / today.accounts
    cells, throttled = round(today.cells * share), THROTTLED.get(back, 0)
    failing = round(today.failing * share) + throttled
    disabled = round(today.disabled * share)
    extra = sum(back > gone for gone in CLEANED_UP)
    drifted = max(0, today.drifted - sum(back > began for began in DRIFTED))
    in_use = round(today.in_use * share)
    return DailyFigures(
        day=today.day - timedelta(days=back),
        written_at=today.written_at - timedelta(days=back),
        accounts=today.accounts - missing,
        looked_at=max(0, today.looked_at - missing),
        roles_read=round(today.roles_read * share),
        policies_read=round(today.policies_read * share),
        judged=round(today.judged * share),
        cells=cells,
        answered=cells - disabled - failing - round(today.never * share),
        disabled=disabled,
        roles=round(today.roles * share) + extra,
        in_use=in_use,
        unused=round(today.unused * share) + extra,
        drifted=round(drifted * share),
        brokers=None if today.brokers is None else round(today.brokers * share) - back // 7,
        failing=failing,
    )
