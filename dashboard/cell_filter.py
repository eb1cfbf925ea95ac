"""What the list of cells can be narrowed to: by the cell itself, and by all that accounts can be narrowed by."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from accounts.domain.identifiers import ungroup_digits
from accounts.domain.outcomes import Outcome
from accounts.models import Account, MatrixCell
from accounts.services.tally import cells_that, fresh_cells, old_cells
from dashboard.access import Person, visible_accounts
from dashboard.chips import ChipFilterSet
from dashboard.filters import AGED, AccountFilter, region_choices
from dashboard.polled_filter import PolledFilter
from dashboard.tables.matrix_cells import cells_of
from dashboard.units import unit_in_sql
from dashboard.words import OUTCOME_CHOICES, stale_before

FRESH, FAILS = "fresh", "yes"
KNOWN = {"some": Q(brokers__gt=0), "none": Q(brokers=0), "unknown": Q(brokers=None)}
# What an account's filter says of any of its cells has a name of its own here: the plain name speaks of the cell.
OF_ANY_CELL = {"outcome": "Any cell’s outcome", "region": "Account’s brokers in", "age": "Any cell’s age"}


def that_say(values: Collection[str]) -> Q:
    """Cells of which one of these is said: asked of what is stored, which has an index and honest statistics."""
    found = Q(polled=True, outcome__in=[value for value in values if value != Outcome.UNSUPPORTED])
    if Outcome.NEVER in values:
        found |= Q(polled=True, outcome=None)
    if Outcome.UNSUPPORTED in values:
        found |= Q(polled=False)
    return found


def name_here(name: str) -> str:
    """What the list of cells calls a filter of accounts."""
    return f"account_{name}" if name in OF_ANY_CELL else name


class CellFilter(ChipFilterSet):
    """The cell's own filters; those of accounts are put beside them, under their own names where they fit."""

    common = ("q", "outcome", "age", "brokers", "region", "unit")
    suggests = MappingProxyType({"unit": unit_in_sql("account__"), "owner": F("account__owner")})
    q = filters.CharFilter(label="Account or id", method="by_account_filter")
    outcome = filters.MultipleChoiceFilter(
        label="Outcome", choices=lambda: OUTCOME_CHOICES, method="by_outcome", widget=forms.CheckboxSelectMultiple
    )
    failing = filters.ChoiceFilter(
        label="Failing", choices=lambda: [(FAILS, "asked, and no answer")], method="by_failing", empty_label="or not"
    )
    age = filters.ChoiceFilter(
        label="Age of the answer",
        choices=lambda: [(FRESH, "fresh"), (AGED, "old")],
        method="by_age",
        empty_label="any, or none",
    )
    brokers = filters.MultipleChoiceFilter(
        label="Brokers",
        choices=lambda: [("some", "some"), ("none", "none"), ("unknown", "never known")],
        method="by_brokers",
        widget=forms.CheckboxSelectMultiple,
    )
    region = filters.ChoiceFilter(label="Region", field_name="region", choices=region_choices, empty_label="any region")
    polled = PolledFilter("polled")
    account = filters.CharFilter(label="Account id", method="by_id")

    class Meta:
        model = MatrixCell
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, one in AccountFilter(queryset=Account.objects.all()).filters.items():
            one.field_name, one.parent, one.method = name_here(name), self, "by_account_filter"
            one.label = OF_ANY_CELL.get(name, one.label)
            self.filters.setdefault(name_here(name), one)

    def by_outcome(self, queryset: QuerySet[MatrixCell], name: str, values: list[str]) -> QuerySet[MatrixCell]:
        """By what is said of the cell."""
        return queryset.filter(that_say(values))

    def by_failing(self, queryset: QuerySet[MatrixCell], name: str, value: str) -> QuerySet[MatrixCell]:
        """Cells that were asked and gave no answer."""
        return queryset.filter(cells_that("failing"), polled=True)

    def by_age(self, queryset: QuerySet[MatrixCell], name: str, value: str) -> QuerySet[MatrixCell]:
        """Cells that answered, fresh or longer ago than is accepted."""
        since = stale_before(timezone.now())
        return queryset.filter(fresh_cells(since) if value == FRESH else old_cells(since), polled=True)

    def by_brokers(self, queryset: QuerySet[MatrixCell], name: str, values: list[str]) -> QuerySet[MatrixCell]:
        """By the last known number of brokers."""
        found = Q()
        for value in values:
            found |= KNOWN[value]
        return queryset.filter(found)

    def by_id(self, queryset: QuerySet[MatrixCell], name: str, value: str) -> QuerySet[MatrixCell]:
        """Of exactly one account; dashes and spaces in the id are understood."""
        return queryset.filter(account__account_id=ungroup_digits(value))

    def by_account_filter(self, queryset: QuerySet[MatrixCell], name: str, value: object) -> QuerySet[MatrixCell]:
        """Cells of the accounts that the filter of accounts leaves."""
        alone = QueryDict(mutable=True)
        alone.setlist(name.removeprefix("account_"), self.data.getlist(name))
        narrowed = AccountFilter(alone, queryset=Account.objects.all())
        return queryset.filter(account__in=narrowed.accounts.order_by().values("pk"))


def cell_filter(data: QueryDict, person: Person) -> CellFilter:
    """The cells of the accounts that a person may see, narrowed to what the URL says."""
    return CellFilter(data, queryset=cells_of(visible_accounts(person)))
