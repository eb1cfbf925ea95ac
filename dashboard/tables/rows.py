"""The rows of a table's page, made quickly: what a column needs is found out once per table and not once per cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import signature
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

DIRECT = {"record", "table"}  # what a renderer may ask for to be called without django-tables2 between


@dataclass(frozen=True, slots=True)
class Painter:
    """One column: its name, the attributes of its cells, and what makes a cell of a row."""

    name: str
    td: SafeString
    paint: Callable[[Any], Any]


class PageRow(NamedTuple):
    """One row of a page."""

    record: Any
    cells: list[tuple[Painter, Any]]


def page_rows(table: Any) -> Iterator[PageRow]:
    """The rows of the page that is shown, their visible cells made."""
    painters = [painter(table, bound) for bound in table.columns]
    for row in table.paginated_rows:
        yield PageRow(row.record, [(painter, painter.paint(row)) for painter in painters])


def painter(table: Any, bound: Any) -> Painter:
    """What makes the cells of a column."""
    return Painter(bound.name, bound.attrs["td"].as_html(), _paint(table, bound))


def _paint(table: Any, bound: Any) -> Callable[[Any], Any]:
    render = getattr(table, f"render_{bound.name}", None) or bound.column.render
    wanted = set(signature(render).parameters)
    if not wanted <= DIRECT:
        return lambda row: row.get_cell(bound.name)
    if "table" in wanted:
        return lambda row: render(record=row.record, table=table)
    return lambda row: render(record=row.record)
