"""The filters of the list of clean-ups."""

from __future__ import annotations

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.models import Cleanup
from dashboard.access import Person, visible_accounts
from dashboard.chips import ChipFilterSet, uncopied
from dashboard.cleanup_words import STATE_WORDS
from dashboard.conditions import NO_PLAN, with_later_plan
from dashboard.filters import LATEST, search_accounts
from dashboard.tables.cleanups import cleanups_of


class CleanupFilter(ChipFilterSet):
    """What the list of clean-ups can be narrowed to."""

    common = ("q", "state", "person", "which")
    q = filters.CharFilter(label="Account or id", method="by_account")
    person = filters.CharFilter(label="Person", method="by_person")
    state = filters.MultipleChoiceFilter(
        label="State",
        choices=uncopied([(state.value, word) for state, word in STATE_WORDS.items()]),
        widget=forms.CheckboxSelectMultiple,
    )
    which = filters.ChoiceFilter(
        label="Which", choices=uncopied([(LATEST, "the latest of each account")]), method="by_latest", empty_label="all"
    )

    class Meta:
        model = Cleanup
        fields: tuple[str, ...] = ()

    def by_account(self, queryset: QuerySet[Cleanup], name: str, value: str) -> QuerySet[Cleanup]:
        """By the account's name or id."""
        of_accounts = search_accounts(queryset, value, "account__")
        return queryset.filter(pk__in=of_accounts.order_by().values("pk"))

    def by_latest(self, queryset: QuerySet[Cleanup], name: str, value: str) -> QuerySet[Cleanup]:
        """Those after which nobody has drawn another plan for their account; what never was a plan is none."""
        return queryset.exclude(with_later_plan()).exclude(NO_PLAN)

    def by_person(self, queryset: QuerySet[Cleanup], name: str, value: str) -> QuerySet[Cleanup]:
        """By the whole name of somebody who asked, confirmed or approved."""
        name = value.strip()
        return queryset.filter(
            Q(requested_by__iexact=name) | Q(confirmed_by__iexact=name) | Q(approved_by__iexact=name)
        )


def cleanup_filter(data: QueryDict, person: Person) -> CleanupFilter:
    """The clean-ups of the accounts that a person may see, narrowed to what the URL says."""
    return CleanupFilter(data, queryset=cleanups_of(visible_accounts(person)))
