"""The read model of the overview's last sweep: how much it asked, what gave no answer, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import AccountQuerySet, Sweep
from accounts.services.sweep_facts import FailingRegion, failing_regions, outcomes_of
from accounts.services.sweeps import Progress, progress_of


@dataclass(frozen=True, slots=True)
class LastSweep:
    """A sweep in a few figures."""

    sweep: Sweep
    progress: Progress
    cells: int
    regions: Sequence[FailingRegion]


def last_sweep(accounts: AccountQuerySet) -> LastSweep | None:
    """The newest sweep, as far as it was about these accounts; None before the first one."""
    if (sweep := Sweep.objects.first()) is None:
        return None
    polls = sweep.polls.filter(account__in=accounts.order_by().values("pk"))
    return LastSweep(
        sweep,
        progress_of(sweep, accounts),
        sum(one.cells for one in outcomes_of(polls)),
        failing_regions(polls),
    )
