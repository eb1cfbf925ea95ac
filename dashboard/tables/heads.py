"""The headings of a table's columns: where each leads, and how the rows are sorted by it, in signs and in words."""

from __future__ import annotations

from typing import Any

from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.tables.rows import ticks

TICK_PAGE = mark_safe('<input class="tick-page" type="checkbox" aria-label="Tick this page">')


def head_html(table: Any, bound: Any) -> SafeString:
    """The whole <th>, in one piece: a template takes longer for those of the matrix than for all its other words."""
    place, descending = _place(table, bound.name)
    attributes = {"scope": "col", **bound.column.attrs.get("th", {})}
    if place == 0:  # of several columns only the first may have it; a further key says itself in words
        attributes["aria-sort"] = "descending" if descending else "ascending"
    said = _link(table, bound, place, descending) if bound.orderable else bound.header
    tick = TICK_PAGE if ticks(table, bound.name) and table.paginator.count else ""
    return format_html("<th{}>{}{}</th>", flatatt(attributes), tick, said)


def _place(table: Any, name: str) -> tuple[int | None, bool]:
    for place, key in enumerate(table.order_by or ()):
        if key.lstrip("-") == name:
            return place, key.startswith("-")
    return None, False


def _link(table: Any, bound: Any, place: int | None, descending: bool) -> SafeString:
    """Where a heading leads: sorted by it alone, or turned round when it is the first key already."""
    turned = place == 0 and not descending
    anchor = getattr(table, "anchor", "")  # a table that is part of a page brings the reader back to it
    address = f"?{table.tools.sorted([f'-{bound.name}' if turned else bound.name])}{anchor and '#' + anchor}"
    hint = getattr(bound.column, "hint", "")
    title = format_html(' title="{}"', hint) if hint else ""
    return format_html('<a href="{}"{}>{}{}</a>', address, title, bound.header, _further(place, descending))


def _further(place: int | None, descending: bool) -> SafeString:
    if not place:
        return SafeString("")
    way, arrow = ("descending", "↓") if descending else ("ascending", "↑")
    sign = '<span class="key" aria-hidden="true"> {}{}</span><i class="visually-hidden">, sort key {}, {}</i>'
    return format_html(sign, arrow, place + 1, place + 1, way)
