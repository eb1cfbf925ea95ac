"""A filter that several lists have: of regions that are polled, or of those that the region table says No to."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet

YES, NO = "yes", "no"
CHOICES = [(YES, "yes"), (NO, "no: switched off in the region table")]


class PolledFilter(filters.ChoiceFilter):  # type: ignore[misc]  # django-filter has no types
    """Told which field of the rows says that their region is polled."""

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, label="Polled", choices=lambda: CHOICES, empty_label="or not")

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Leave the rows of such regions."""
        return qs.filter(**{self.field_name: value == YES}) if value else qs
