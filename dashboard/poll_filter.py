"""What the polls of one sweep can be narrowed to."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet

from accounts.models import Poll
from dashboard.chips import ChipFilterSet
from dashboard.filters import search_accounts
from dashboard.words import OUTCOME_CHOICES, first_sentence

ANY = "any"


def mark_of(problem: str) -> str:
    """A cause as an address says it."""
    return sha256(problem.encode()).hexdigest()[:8]


class PollFilter(ChipFilterSet):
    """Told which causes the sweep has: they are what the menu offers."""

    common = ("q", "state", "cause", "failing")
    q = filters.CharFilter(label="Account or id", method="by_text")
    state = filters.MultipleChoiceFilter(
        label="State", choices=lambda: Poll.State.choices, widget=forms.CheckboxSelectMultiple
    )
    cause = filters.ChoiceFilter(label="Cause", method="by_cause", empty_label="or none")
    failing = filters.CharFilter(label="Failing region", method="by_failing")
    outcome = filters.ChoiceFilter(
        label="Outcome", choices=lambda: OUTCOME_CHOICES, method="by_outcome", empty_label="any outcome"
    )

    class Meta:
        model = Poll
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Of the queryset, since a chip counts its rows with a filter of its own.
        problems = self.queryset.exclude(problem="").order_by("problem").values_list("problem", flat=True).distinct()
        self.problems_by_mark = {mark_of(problem): problem for problem in problems}
        words = [(mark, first_sentence(problem)) for mark, problem in self.problems_by_mark.items()]
        self.filters["cause"].extra["choices"] = lambda: words

    def by_text(self, queryset: QuerySet[Poll], name: str, value: str) -> QuerySet[Poll]:
        """By the account's name or id."""
        of_accounts = search_accounts(queryset, value, "account__")
        return queryset.filter(pk__in=of_accounts.order_by().values("pk"))

    def by_cause(self, queryset: QuerySet[Poll], name: str, value: str) -> QuerySet[Poll]:
        """Polls that failed with this text."""
        return queryset.filter(problem=self.problems_by_mark[value])

    def by_failing(self, queryset: QuerySet[Poll], name: str, value: str) -> QuerySet[Poll]:
        """`any`; a region that gave no answer; or `eu-west-2:denied`, that came to this outcome there."""
        region, _, outcome = value.strip().partition(":")
        if region == ANY:
            return queryset.filter(failing_regions__gt=0)
        if outcome:
            return queryset.filter(failing__contains={region: outcome})
        return queryset.filter(failing__has_key=region)

    def by_outcome(self, queryset: QuerySet[Poll], name: str, value: str) -> QuerySet[Poll]:
        """Accounts where at least one cell came to this outcome."""
        return queryset.filter(outcomes__has_key=value)
