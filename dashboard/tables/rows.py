"""The rows of a table's page, made quickly: what a column needs is found out once per table and not once per cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import signature
from typing import Any, NamedTuple

from django.forms.utils import flatatt
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Account

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

    @property
    def html(self) -> SafeString:
        """All its cells: in one piece, since a template would take as long for each as the row takes here."""
        return _html(self.cells)

    def parted(self, name: str) -> tuple[SafeString, SafeString]:
        """The same in two pieces, parted where the content of a column's cell begins; the first is empty without it."""
        for place, (painter, cell) in enumerate(self.cells):
            if painter.name == name:
                before, after = _html(self.cells[:place]), _html(self.cells[place + 1 :])
                return format_html("{}<td{}>", before, painter.td), format_html("{}</td>{}", cell, after)
        return SafeString(""), self.html


def _html(cells: Iterable[tuple[Painter, Any]]) -> SafeString:
    pieces = [f"<td{painter.td}>{escaped(cell)}</td>" for painter, cell in cells]
    return mark_safe("".join(pieces))  # noqa: S308 each is safe


def escaped(cell: Any) -> str:
    """A cell's content as HTML. Most are safe already, and asking Django takes as long as making them did."""
    return cell if isinstance(cell, SafeString) else conditional_escape(cell)


def page_rows(table: Any) -> Iterator[PageRow]:
    """The rows of the page that is shown, their visible cells made."""
    painters = [painter(table, bound) for bound in table.columns]
    for row in table.paginated_rows:
        yield PageRow(row.record, [(painter, painter.paint(row)) for painter in painters])


def painter(table: Any, bound: Any) -> Painter:
    """What makes the cells of a column."""
    paint = _paint(table, bound)
    ticked = (lambda row: tick_html(row.record) + escaped(paint(row))) if ticks(table, bound.name) else paint
    return Painter(bound.name, flatatt(bound.column.attrs.get("td", {})), ticked)


def ticks(table: Any, column: str) -> bool:
    """Say whether this column has a box to tick the row: a table of accounts, for people who may act on them."""
    return getattr(table, "ticks", False) and column == getattr(table, "ticked", "")


def tick_html(account: Account) -> SafeString:
    """The box that picks an account for the acts above the table."""
    box = '<input class="tick" type="checkbox" form="pick" name="account" value="{}" aria-label="Tick {}">'
    return format_html(box, account.account_id, account.name)


def _paint(table: Any, bound: Any) -> Callable[[Any], Any]:
    render = getattr(table, f"render_{bound.name}", None) or bound.column.render
    wanted = set(signature(render).parameters)
    if not wanted <= DIRECT:
        return lambda row: row.get_cell(bound.name)
    if "table" in wanted:
        return lambda row: render(record=row.record, table=table)
    return lambda row: render(record=row.record)
