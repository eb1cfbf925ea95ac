"""How the URL arranges a table: several sort keys, the columns that are shown, the page and its size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from dashboard.addresses import CLEAR, NOT_CARRIED, query_without, several
from dashboard.chips import ChipFilterSet
from dashboard.tables.columns import SortedColumn, sorted_by

PAGE_SIZES = (25, 50, 100)
MOST_KEYS = 8  # of an order: each region of the matrix is a question to every account, and nobody sees a ninth
# What the pages themselves understand beside their filters.
EXPORTING = frozenset({"_export", "_columns"})
ARRANGING = frozenset({"sort", "page", "per_page", "columns", "view"}) | EXPORTING


@dataclass(frozen=True, slots=True)
class Sorting:
    """One key of the order: the column's heading, its direction, and the queries that turn it round or take it off."""

    name: str
    label: str
    descending: bool
    turned: str
    without: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a menu offers."""

    name: str
    label: str
    chosen: bool
    query: str = ""


class Tools:
    """What the menus above a table offer. Made by `arrange`, kept as `table.tools`."""

    def __init__(self, table: Any, data: QueryDict) -> None:
        self.table, self.data = table, data
        self.dropped: list[str] = []  # sentences on what of the address fits nothing any more
        self.saved: dict[str, Any] = {}  # the views of the page, where it has any
        self.narrowed: ChipFilterSet | None = None  # the filters that left these rows

    def sortings(self) -> list[Sorting]:
        """The present order, the most significant key first."""
        return [self._sorting(alias) for alias in self.table.order_by or ()]

    def _sorting(self, alias: str) -> Sorting:
        name, descending = alias.lstrip("-"), alias.startswith("-")
        keys = list(self.table.order_by)
        turned = [(name if descending else f"-{name}") if key == alias else key for key in keys]
        left = [key for key in keys if key != alias]
        return Sorting(name, str(self.table.columns[name].header), descending, self.sorted(turned), self.sorted(left))

    def sorted(self, keys: Sequence[str]) -> str:
        """The query string with this order; every heading has one."""
        order = f"sort={','.join(keys)}" if keys else ""
        return "&".join(filter(None, (self._unsorted, order))) or CLEAR

    @cached_property
    def _unsorted(self) -> str:
        return query_without(self.data, "sort")

    def further(self) -> list[Choice]:
        """The columns that the order could go on with."""
        keys = list(self.table.order_by or ())
        taken = {key.lstrip("-") for key in keys}
        if len(keys) >= MOST_KEYS:
            return []
        return [
            Choice(column.name, str(column.header), False, self.sorted([*keys, column.name]))
            for column in self.table.columns.iterorderable()
            if column.name not in taken and column.visible and not getattr(column.column, "region", None)
        ]

    def columns(self) -> list[Choice]:
        """Every column, and whether it is shown; those that stand for a region have a menu of their own."""
        every = self.table.columns.iterall()
        return [Choice(c.name, str(c.header), c.visible) for c in every if not getattr(c.column, "region", None)]

    def kept(self, *names: str) -> Iterator[tuple[str, str]]:
        """The names and values of the address that a form of its own must carry along, all but these."""
        for name, values in self.data.lists():
            if name not in (*names, *NOT_CARRIED):
                yield from ((name, value) for value in values)

    def kept_by_pins(self) -> list[tuple[str, str]]:
        """What the form of the pinned regions carries along."""
        return list(self.kept("pin"))

    def kept_by_columns(self) -> list[tuple[str, str]]:
        """What the form of the columns carries along."""
        return list(self.kept("columns"))


def arrange(table: Any, data: QueryDict) -> list[str]:
    """Sort, choose columns and page as the URL says; gives a sentence for each part that fits nothing any more."""
    dropped = [*_sort(table, several(data, "sort")), *_choose(table, several(data, "columns"))]
    if gather := getattr(table, "gather", None):
        gather()  # groups stand together, whatever the order within them
    _page(table, data)
    table.tools = Tools(table, data)
    return dropped


def _sort(table: Any, keys: list[str]) -> list[str]:
    if not keys:
        return []
    known = {column.name for column in table.columns.iterorderable()}
    first: dict[str, str] = {}
    for key in keys:
        first.setdefault(key.removeprefix("-"), key)
    used = [key for name, key in first.items() if name in known][:MOST_KEYS]
    table.order_by = used
    if len(used) > 1:  # django-tables2 lets the last column alone decide when columns sort by themselves
        columns = [(table.columns[key.removeprefix("-")].column, key.startswith("-")) for key in used]
        table.data.data = sorted_by(table.data.data, [column.key(descending) for column, descending in columns])
    return [f"It sorted by “{name}”, a column that is not here." for name in first if name not in known]


def _choose(table: Any, names: list[str]) -> list[str]:
    """Show these columns alone. The matrix has chosen already: its regions are columns too."""
    if not names or getattr(table, "chooses_columns", False):
        return []
    known = {column.name for column in table.columns.iterall()}
    if wanted := [name for name in names if name in known]:
        for name in known:
            (table.columns.show if name in wanted else table.columns.hide)(name)
        table.sequence = [*wanted, "..."]
    return [f"It showed the column “{name}”, which is not here." for name in names if name not in known]


def chosen_columns(table: Any, data: QueryDict) -> list[str]:
    """The columns of an export that follows its page: those that the URL names; none named, all there are."""
    named = several(data, "columns")
    return [name for name in named if name in table.columns and isinstance(table.columns[name].column, SortedColumn)]


def _page(table: Any, data: QueryDict) -> None:
    """Cut the page out; of the sizes offered the largest that is no larger than the one asked for."""
    sizes, asked = getattr(table, "page_sizes", PAGE_SIZES), data.get("per_page", "")
    wanted = int(asked) if asked in map(str, PAGE_SIZES) else 0
    size = max((size for size in sizes if size <= wanted), default=sizes[0])
    table.paginate(per_page=size, page=1)
    table.page = table.paginator.get_page(data.get("page"))
    table.sizes, table.size = sizes, size


def strangers(
    data: QueryDict,
    narrowed: ChipFilterSet | None,
    known: frozenset[str] = frozenset(),
    arranging: frozenset[str] = ARRANGING,
) -> list[str]:
    """A sentence for each filter in the URL that the page does not have: it was left out, and more is shown."""
    understood = arranging | known | set(narrowed.filters if narrowed is not None else ())
    left = [name for name, values in data.lists() if name not in understood and any(values)]
    return [f"It filtered by “{name}: {', '.join(data.getlist(name))}”, which is no filter here." for name in left]
