"""What goes on by itself, for the overview: the next polls, the clean-ups that are open, and what changed last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min, Q, Subquery

from accounts.domain.cleanups import OPEN
from accounts.models import ASKED, AccountQuerySet, Change, Cleanup
from dashboard.account_history import Entry, entry_of

SHOWN: Final = 3  # of each: as tall as the sentences beside them
LOOKED_AT: Final = 1000  # of the newest changes: the overview must not read a long history to find three
SOON: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AtWork:
    """The parts. `next_poll` is the first that has not come yet; `due` and `soon` count accounts."""

    next_poll: datetime | None
    due: int
    soon: int
    cleanups: list[Cleanup]
    open_cleanups: int
    changes: list[Entry]


def at_work(accounts: AccountQuerySet, now: datetime) -> AtWork:
    """Ask for the parts: three questions, none of which reads more than the accounts once."""
    polls = accounts.filter(ASKED).order_by()
    counts = polls.aggregate(
        next_poll=Min("next_poll_at", filter=Q(next_poll_at__gt=now)),
        due=Count("pk", filter=Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now)),
        soon=Count("pk", filter=Q(next_poll_at__gt=now, next_poll_at__lte=now + SOON)),
    )
    mine = accounts.order_by().values("pk")
    cleanups = Cleanup.objects.filter(account__in=mine, state__in=sorted(OPEN)).select_related("account")
    shown = list(cleanups.order_by("-pk")[: SHOWN + 1])
    more = cleanups.count() if len(shown) > SHOWN else len(shown)
    return AtWork(**counts, cleanups=shown[:SHOWN], open_cleanups=more, changes=newest_changes(accounts))


def newest_changes(accounts: AccountQuerySet) -> list[Entry]:
    """The last changes of roles, policies and brokers. A first look is none, nor is an answer that comes and goes."""
    last = Subquery(Change.objects.order_by("-pk").values("pk")[:1])
    recent = Change.objects.filter(pk__gt=last - LOOKED_AT, account__in=accounts.order_by().values("pk"))
    told = recent.exclude(old="").exclude(kind=Change.Kind.OUTCOME).select_related("account")
    return [entry_of(change) for change in told.order_by("-pk")[:SHOWN]]
