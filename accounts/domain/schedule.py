"""When an account is asked again: its interval, longer while it keeps refusing, and a little off the beat."""

from __future__ import annotations

from typing import Final

from accounts.domain.outcomes import Outcome

# What the account itself says, and goes on saying until somebody changes something in AWS. `unreachable` and `failed`
# come from the network, the hub or AWS, hit every account at once and heal by themselves: asking less often would
# only make the matrix old.
REFUSALS: Final = frozenset({Outcome.ASSUME_DENIED, Outcome.DENIED, Outcome.THROTTLED})
# 2^20 intervals are beyond any cap; without a limit the power of a long row of failures would be a huge number.
MOST_DOUBLINGS: Final = 20


def spacing(interval: int, failed_polls: int, cap: int) -> int:
    """Seconds between two polls: doubled for each failed poll in a row, up to the cap, and never below the interval."""
    doubled = interval << min(failed_polls, MOST_DOUBLINGS)
    return max(interval, min(doubled, cap))


def spread(seconds: float, percent: int, chance: float) -> float:
    """Move a length of time by up to ± percent; `chance` from 0 to 1 says how far, 0.5 being not at all."""
    return seconds * (1 + (2 * chance - 1) * percent / 100)
