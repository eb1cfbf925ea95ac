"""Pages of grouped rows: a page is so many lines, headings counted; a collapsed group is its heading alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator

from dashboard.grouping import Group, Groups
from dashboard.words import plural


@dataclass(frozen=True, slots=True)
class Part:
    """What a page shows of a group: its heading, and `rows` of its accounts. `line` is the heading's of all lines."""

    group: Group
    line: int
    rows: int
    continued: bool  # the heading stands on an earlier page, and here once more


class GroupedPage(Page[Any]):
    """One page, with the groups that stand on it."""

    parts: list[Part]

    @property
    def words(self) -> str:
        """What the page holds of how much."""
        paginator: GroupedPages = self.paginator  # type: ignore[assignment]
        here = sum(part.rows for part in self.parts)
        groups = plural(len(paginator.groups.every), "group")
        return f"{here:,} of {plural(paginator.count, 'account')}, {len(self.parts):,} of {groups} on this page"


class GroupedPages(Paginator):  # type: ignore[type-arg]  # of bound rows, which have no types
    """Cuts the lines of all groups into pages. `count` is of accounts, collapsed ones too: they match the filters."""

    def __init__(self, object_list: Any, per_page: int, *, groups: Groups) -> None:
        super().__init__(object_list, per_page)
        self.groups = groups

    @cached_property
    def count(self) -> int:
        """All accounts that match."""
        return sum(group.members.accounts for group in self.groups.every)

    @cached_property
    def num_pages(self) -> int:
        """At least one."""
        lines = sum(1 + group.rows for group in self.groups.every)
        return max(1, -(-lines // self.per_page))

    def page(self, number: int | str) -> GroupedPage:
        """One page. Raises InvalidPage."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        first, parts = self._cut(start, start + self.per_page)
        page = GroupedPage(self.object_list[first : first + sum(part.rows for part in parts)], number, self)
        page.parts = parts
        return page

    def page_of(self, line: int) -> int:
        """The page on which a line stands: a heading's line does not move when its own group is turned."""
        return line // self.per_page + 1

    def _cut(self, start: int, stop: int) -> tuple[int, list[Part]]:
        """How many listed accounts come before these lines, and what stands on them."""
        before = 0
        parts: list[Part] = []
        for line, group in self._lines():
            first = max(start - line - 1, 0)  # of the group's accounts
            last = min(stop - line - 1, group.rows)
            if line >= stop:
                break
            if line + 1 + group.rows > start:
                before += first
                parts.append(Part(group, line, last - first, continued=line < start))
            else:
                before += group.rows
        return before, parts

    def _lines(self) -> Iterator[tuple[int, Group]]:
        line = 0
        for group in self.groups.every:
            yield line, group
            line += 1 + group.rows
