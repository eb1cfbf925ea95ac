"""The figures of a day: measured whenever a page shows them, stored so that the last of the day stay."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db.models import Count, Q
from django.utils import timezone

from accounts.domain.outcomes import Outcome, Presence, Verdict
from accounts.models import ASKED, Account, AccountQuerySet, DailyFigures
from accounts.services.publications import differing, publications
from accounts.services.tally import Census, cells_of, census_of, tally


def write_figures() -> DailyFigures | None:
    """Store what today has come to, over what was stored of it; None when nobody has looked at anything today."""
    accounts, now = Account.objects.all(), timezone.now()
    figures = measure(accounts, census_of(accounts, tally(cells_of(accounts), now)), now)
    if not figures.looked_at:
        return None
    fields = [field.name for field in DailyFigures._meta.concrete_fields if not field.primary_key]
    DailyFigures.objects.bulk_create([figures], update_conflicts=True, unique_fields=["day"], update_fields=fields)
    return figures


def measure(accounts: AccountQuerySet, census: Census, now: datetime) -> DailyFigures:
    """What the day of `now` has come to so far, unsaved, given the census; not worth keeping if nobody has looked."""
    today = now.astimezone(UTC).date()
    return DailyFigures(
        day=today,
        written_at=now,
        cells=census.cells,
        answered=census.answered,
        disabled=census.disabled,
        failing=census.failing,
        brokers=census.brokers if census.counted else None,
        **_counts(accounts, datetime.combine(today, time.min, UTC)),
    )


def _counts(accounts: AccountQuerySet, midnight: datetime) -> dict[str, int]:
    """What the accounts' own rows say, in one query."""
    read = Q(role_status__outcome=Outcome.OK)
    # One that is only remembered may have turned since: it is counted, and the figure is "at least".
    judged = Q(role_status__verdict_last_known_at=None) & ~Q(role_status__verdict=Verdict.UNKNOWN)
    conditions = {
        "accounts": ASKED,
        "looked_at": ASKED & Q(role_status__checked_at__gte=midnight),
        "roles_read": ASKED & read,
        "policies_read": ASKED & read & Q(role_status__policy_outcome=Outcome.OK),
        "judged": ASKED & Q(role_status__isnull=False) & judged,
        "roles": Q(role_status__presence=Presence.PRESENT),
        "in_use": Q(role_status__verdict=Verdict.IN_USE),
        "unused": Q(role_status__verdict=Verdict.UNUSED),
        "drifted": differing(publications(accounts)),
    }
    wanted = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    return accounts.order_by().aggregate(**wanted)


def figures_since(first: date) -> dict[date, DailyFigures]:
    """The stored days from this one on."""
    return DailyFigures.objects.filter(day__gte=first).order_by("day").in_bulk()
