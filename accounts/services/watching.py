"""How sweeps stand, in two small queries: a page compares it with what it was drawn from, and asks only for news."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Subquery

from accounts.models import Poll, Sweep


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest sweep, the running one that a person would want to watch, and a mark of all that pages show of polls.

    The mark differs once a sweep has begun or ended, or a poll has ended: also one that began and ended between two
    looks, and one that was under way when its sweep was cancelled.
    """

    newest: Sweep | None
    running: Sweep | None
    mark: str


def standing() -> Standing:
    """Look at the sweeps that run and at the newest one, by their indexes: ten thousand pages may ask."""
    newest = Subquery(Sweep.objects.order_by("-pk").values("pk")[:1])
    sweeps = list(Sweep.objects.filter(Q(state=Sweep.State.RUNNING) | Q(pk=newest)))
    running = [sweep for sweep in sweeps if sweep.state == Sweep.State.RUNNING]
    open_polls = Poll.objects.filter(state__in=Poll.OPEN).order_by().values_list("sweep").annotate(Count("pk"))
    left = {sweep.pk: 0 for sweep in running} | dict(open_polls)
    under_way = (f"{pk}.{polls}" for pk, polls in sorted(left.items()))
    return Standing(
        newest=sweeps[0] if sweeps else None,  # both are newest first
        running=_worth_watching(running),
        mark="-".join([str(sweeps[0].pk if sweeps else 0), *under_way]),
    )


def _worth_watching(running: list[Sweep]) -> Sweep | None:
    """The requested before the scheduled, newest first."""
    requested = [sweep for sweep in running if sweep.reason != Sweep.Reason.SCHEDULE]
    return next(iter([*requested, *running]), None)
