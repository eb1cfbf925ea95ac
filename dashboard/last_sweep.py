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
    failing_accounts: int
    regions: Sequence[FailingRegion]

    @property
    def failing(self) -> int:
        """Cells that gave no answer, those of accounts that nobody could enter included."""
        return self.progress.failing_regions


def last_sweep(accounts: AccountQuerySet) -> LastSweep | None:
    """The newest sweep, as far as it was about these accounts; None before the first one."""
    if (sweep := Sweep.objects.first()) is None:
        return None
    polls = sweep.polls.filter(account__in=accounts.order_by().values("pk"))
    return LastSweep(
        sweep,
        progress_of(sweep),
        sum(one.cells for one in outcomes_of(polls)),
        polls.filter(failing_regions__gt=0).count(),
        failing_regions(polls),
    )
