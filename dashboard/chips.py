"""A filter set whose filters stand in a row or in a menu, and show as removable chips when they are on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from inspect import isfunction
from types import MappingProxyType
from typing import Any, cast

import django_filters as filters
from django.db.models import Count, QuerySet
from django.forms import BoundField, ChoiceField
from django.http import QueryDict
from django.utils.functional import cached_property

from dashboard.addresses import CLEAR, query_without
from dashboard.bad_values import problem_of

MOST_SUGGESTED = 100  # of the values that occur; whoever knows another one types it


def uncopied(choices: Any) -> Any:
    """Choices as a function: django-filter and forms copy lists and objects to their depths for every page."""
    return choices if isfunction(choices) else lambda: choices


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: what it says, and the query string without it."""

    label: str
    words: str
    without: str
    rows: int | None  # that this filter alone leaves; None when it cannot be understood


class ChipFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """A filter set that shows nothing when a value is wrong, and lists what is on as removable chips."""

    suggests: Mapping[str, Any] = MappingProxyType({})  # what is typed, and where the values that occur stand in SQL
    common: tuple[str, ...] = ()  # the filters that stand in the row, in this order; the others are in a menu

    @property
    def row(self) -> list[BoundField]:
        """The fields that people use most."""
        return [self.form[name] for name in self.common]

    @property
    def more(self) -> list[BoundField]:
        """The other fields."""
        return [self.form[name] for name in self.filters if name not in self.common]

    @property
    def qs(self) -> QuerySet[Any]:
        """The filtered rows; none at all when a filter could not be understood."""
        if not self.is_bound or self.form.is_valid():
            return super().qs  # type: ignore[no-any-return]
        return self.queryset.none()  # type: ignore[no-any-return]

    def problems(self) -> list[str]:
        """One sentence per filter that could not be understood."""
        if not self.is_bound:
            return []
        fields = self.form.fields
        return [problem_of(fields[name], self.data.getlist(name), texts) for name, texts in self.form.errors.items()]

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters that are on, wrong ones included: those too must be removable."""
        return list(self._chips())

    def values(self) -> list[str]:
        """What the filters that are on are set to."""
        return [value for name in self.filters for value in self.data.getlist(name) if value.strip()]

    @property
    def narrows(self) -> bool:
        """True when any filter is on."""
        return bool(self.values())

    def cleared(self) -> str:
        """The query string without any filter."""
        return query_without(self.data, *self.filters) or CLEAR

    def _chips(self) -> Iterator[Chip]:
        for name, field in self.form.fields.items():
            values = [value for value in self.data.getlist(name) if value.strip()]
            if values:
                words = dict(getattr(field, "choices", ()))
                said = ", ".join(str(words.get(value, value)) for value in values)
                without = query_without(self.data, name) or CLEAR
                yield Chip(str(field.label), said, without, self._rows_of(name, values))

    def _rows_of(self, name: str, values: list[str]) -> int | None:
        return self._rows(QueryDict(mutable=True), name, values)

    def counts(self, name: str) -> dict[str, int]:
        """For each choice of a filter how many rows it would leave beside the other filters.

        A question for each choice, asked when a menu is opened: a number is what the choice brings alone. Several of
        one filter are joined by “or”, and a row may be among the rows of two.
        """
        if name in self.suggests:
            return self._occurring(name)
        choices = cast(Iterable[tuple[object, object]], cast(ChoiceField, self.form.fields[name]).choices)
        left = {str(value): self._rows(self.data.copy(), name, [str(value)]) for value, _ in choices if value != ""}
        return {value: rows for value, rows in left.items() if rows is not None}

    def _occurring(self, name: str) -> dict[str, int]:
        """The values that the rows left by the other filters have most often, in one question."""
        data = self.data.copy()
        data.pop(name, None)
        rows = type(self)(data, queryset=self.queryset).qs.order_by().annotate(occurring=self.suggests[name])
        counted = rows.values_list("occurring").annotate(rows=Count("pk")).order_by("-rows", "occurring")
        return {value: count for value, count in counted[: MOST_SUGGESTED + 1] if value}

    @property
    def choosing(self) -> list[str]:
        """The filters that have choices, or values that occur."""
        return [name for name, field in self.form.fields.items() if hasattr(field, "choices") or name in self.suggests]

    def _rows(self, data: QueryDict, name: str, values: list[str]) -> int | None:
        data.setlist(name, values)
        narrowed = type(self)(data, queryset=self.queryset)
        return narrowed.qs.count() if narrowed.form.is_valid() else None
