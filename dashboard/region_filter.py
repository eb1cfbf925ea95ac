"""What the region table can be narrowed to."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import F, QuerySet

from accounts.domain.identifiers import PARTITIONS
from accounts.models import Region
from dashboard.chips import ChipFilterSet
from dashboard.polled_filter import PolledFilter

MOST = "most"


class RegionFilter(ChipFilterSet):
    """Its rows bring the counts of `regions_with_counts`."""

    common = ("failing", "polled", "partition")
    failing = filters.ChoiceFilter(
        label="Failing", choices=[(MOST, "in most accounts")], method="by_failing", empty_label="or not"
    )
    polled = PolledFilter("polled")
    partition = filters.MultipleChoiceFilter(
        label="Partition",
        choices=lambda: [(name, name) for name in PARTITIONS],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Region
        fields: tuple[str, ...] = ()

    def by_failing(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Regions where most accounts that let Rolecall in gave no answer."""
        return queryset.filter(silent__gt=F("answering"))
