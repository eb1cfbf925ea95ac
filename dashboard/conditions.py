"""Conditions on accounts and clean-ups that filters and the overview's sentences share."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.domain.cleanups import State
from accounts.domain.outcomes import FAILING, Outcome
from accounts.domain.role_policies import Purpose
from accounts.models import Cell, Cleanup, Region
from accounts.services.tally import old_cells
from dashboard.words import stale_before


def with_outcomes(values: Collection[str]) -> Q:
    """Accounts where at least one cell, or the probe of the role, came to one of these outcomes."""
    wanted = {Outcome(value) for value in values}
    found = _with_cells_or_role(wanted - {Outcome.UNSUPPORTED, Outcome.NEVER})
    here = Region.objects.filter(partition=OuterRef("partition"))
    if Outcome.UNSUPPORTED in wanted:
        found |= Q(Exists(here.filter(polled=False)))
    if Outcome.NEVER in wanted:
        seen = Cell.objects.filter(account=OuterRef(OuterRef("pk")), region=OuterRef("pk")).exclude(
            outcome=Outcome.NEVER
        )
        unseen = here.filter(polled=True).exclude(Exists(seen))
        found |= Q(Exists(unseen)) | Q(role_status__isnull=True) | Q(role_status__outcome=Outcome.NEVER)
    return found


def _with_cells_or_role(wanted: Collection[Outcome]) -> Q:
    """Outcomes that a cell's row has; one question to the cells however many there are."""
    if not wanted:
        return Q(pk__in=())
    cells = Cell.objects.filter(region__polled=True, outcome__in=wanted)
    failing = [outcome for outcome in wanted if outcome in FAILING]
    return _having(cells) | Q(role_status__outcome__in=wanted) | Q(role_status__policy_outcome__in=failing)


def with_old_answers(now: datetime) -> Q:
    """Accounts with a cell whose last look was good, but is older than the installation accepts as fresh."""
    return _having(Cell.objects.filter(old_cells(stale_before(now)), region__polled=True))


def _having(cells: QuerySet[Cell]) -> Q:
    """Accounts with such a cell: the cells are looked up once, not once for each account.

    Each account once: of a list that may not fit its memory PostgreSQL makes no table, but reads all of it per account.
    """
    return Q(pk__in=cells.order_by().values("account").distinct())


def with_doors(values: Collection[str]) -> Q:
    """Accounts where the last check of a role came to one of these; what was said of another role does not count."""
    found = Q()
    for purpose in Purpose:
        role = {f"access_check__{purpose}_role_arn": F(f"{purpose}_role_arn")}
        found |= Q(**{f"access_check__{purpose}__in": list(values)}, **role)
    return found


def with_flags(values: Collection[str]) -> Q:
    """Accounts whose role has at least one of these flags."""
    found = Q(pk__in=())
    for value in values:
        found |= Q(role_status__flags__contains=[value])
    return found


# What a campaign keeps of an account that could have no plan.
NO_PLAN = Q(state=State.VOID, plan_json__isnull=True)


def with_later_plan() -> Exists:
    """Clean-ups whose account has had a plan drawn since, or is having one drawn."""
    return Exists(Cleanup.objects.filter(account=OuterRef("account"), pk__gt=OuterRef("pk")).exclude(NO_PLAN))
