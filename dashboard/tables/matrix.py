"""The matrix: accounts down, regions across."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import django_tables2 as tables
from django.db.models import OuterRef, Subquery
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Account, AccountQuerySet, Cell, Region
from accounts.services.tally import Census
from dashboard.addresses import query_with
from dashboard.arrange import Choice
from dashboard.group_pages import GroupedPage, GroupedPages
from dashboard.grouping import COLUMNS, TAG, Groups, tag_keys
from dashboard.layout import FIXED, FURTHER, PINNED, Layout, layout_of
from dashboard.matrix import CellView, broker_total, census_of_tallies, geographies, role_status_of, row_of, with_cells
from dashboard.tables.account_columns import FailingColumn, LastPollColumn, TrustColumn, UnitColumn
from dashboard.tables.ages import row_times
from dashboard.tables.cells import cell_html
from dashboard.tables.columns import (
    SortedColumn,
    TextColumn,
    account_html,
    policy_html,
    quiet_zero,
    resolved,
    verdict_html,
)
from dashboard.tables.rows import Painter, escaped, painter
from dashboard.tables.totals import Heading, Summary, headings, summary
from dashboard.tallies import ByRegion, Members, Published, members_of, tallies

ALL_REGIONS = '<noscript><small><a href="{}?account={}&amp;per_page=50">All regions</a></small></noscript>'


class RegionColumn(SortedColumn):
    """One region: the account's brokers there. It renders its own <td>, since its kind stands in its class."""

    def __init__(self, region: Region) -> None:
        there = Cell.objects.filter(account=OuterRef("pk"), region=region.code)
        kind = "rg" if region.polled else "rg off"
        th = {"class": kind, "data-region": region.code, "data-name": region.name}
        super().__init__(
            Subquery(there.values("brokers")), lambda record: None, verbose_name=region.code, attrs={"th": th}
        )
        self.region = region
        self.hint = f"{region.name}{'' if region.polled else ', not polled'}. Sort by brokers here"

    def render(self, record: Any, table: Any) -> SafeString:
        """The cell, or a blank where the region belongs to another partition."""
        return cell_html(table.cells_of(record).get(self.region.code), table.now)


FURTHER_ATTRS = {"th": {"class": "k-further"}}


class FixedColumn(SortedColumn):
    """A column that stays in sight while the regions pass under it."""

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, attrs={"th": {"class": f"k-{name}"}}, **kwargs)


class MatrixRow(NamedTuple):
    """One row: its first cells, those of its regions as HTML, and when these were asked."""

    record: Account
    cells: list[tuple[Painter, Any]]
    regions: SafeString
    times: str

    @property
    def html(self) -> SafeString:
        """All cells of the row; the account is its heading."""
        pieces = [f'<td class="k-{painter.name}">{escaped(cell)}</td>' for painter, cell in self.cells[1:]]
        account = f'<th scope="row" class="k-account">{escaped(self.cells[0][1])}</th>'
        return mark_safe("".join([account, *pieces, self.regions]))  # noqa: S308 each is safe


class MatrixTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Built by `matrix_table`, which adds the region columns."""

    account = FixedColumn("account", "name", lambda a: a.account_id, verbose_name="Account")
    role = FixedColumn("role", "role_status__verdict", lambda a: role_status_of(a).verdict, verbose_name="Role")
    policy = FixedColumn(
        "policy", "role_status__policy_grade", lambda a: role_status_of(a).policy_grade, verbose_name="Policy"
    )
    brokers = FixedColumn(
        "brokers", "role_status__brokers", lambda a: role_status_of(a).brokers, verbose_name="Brokers"
    )
    unit = UnitColumn(attrs=FURTHER_ATTRS)
    env = TextColumn("environment", verbose_name="Environment", attrs=FURTHER_ATTRS)
    owner = TextColumn("owner", verbose_name="Owner", attrs=FURTHER_ATTRS)
    trust = TrustColumn(verbose_name="Trust", attrs=FURTHER_ATTRS)
    failing = FailingColumn(verbose_name="Failing regions", attrs=FURTHER_ATTRS)
    checked_at = LastPollColumn(verbose_name="Last poll", attrs=FURTHER_ATTRS)

    nothing_yet = "No account is watched yet."
    how_to_begin = "An operator adds accounts under Onboarding; each is polled from then on."

    class Meta:
        template_name = "tables/matrix.html"
        empty_text = "No account matches these filters."

    ticked = "account"
    page_sizes = (25, 50)  # a hundred rows of 34 regions weigh half a megabyte
    chooses_columns = True  # by its layout: regions are columns, too
    as_list = ""  # where the same cells are a list

    def __init__(
        self,
        accounts: AccountQuerySet,
        *,
        layout: Layout,
        now: datetime,
        groups: Groups | None,
        published: Published,
        **kwargs: Any,
    ) -> None:
        extra = [(region.code, RegionColumn(region)) for region in layout.shown]
        super().__init__(with_cells(accounts), extra_columns=extra, **kwargs)
        self.accounts, self.groups, self.published = accounts, groups, published
        self.listed: Any = None  # once rows are gathered: all of them, those of collapsed groups too
        self.layout, self.regions, self.now, self.dropped = layout, list(layout.shown), now, layout.dropped
        self.without = [name for name in FIXED if name not in layout.fixed]
        for name in (*self.without, *(name for name in FURTHER if name not in layout.further)):
            self.columns.hide(name)
        self.fixed_columns = 1 + len(layout.fixed)
        self.geographies = self._headings()
        self._row: tuple[int, dict[str, CellView]] = (0, {})

    def _headings(self) -> list[tuple[str, list[Region]]]:
        pinned = [region for region in self.regions if region.code in self.layout.pinned]
        others = [region for region in self.regions if region.code not in self.layout.pinned]
        return [*([(PINNED, pinned)] if pinned else []), *geographies(others)]

    def region_groups(self) -> list[tuple[str, list[Region]]]:
        """Every region of the accounts under its heading, for the menus that choose."""
        return geographies(self.layout.every)

    def cells_of(self, account: Account) -> dict[str, CellView]:
        """One account's cells, worked out once per row; hidden regions too, since the total rests on them."""
        if self._row[0] != account.pk:
            self._row = (account.pk, row_of(account, self.layout.every))
        return self._row[1]

    def gather(self) -> None:
        """Put each group's rows together, whatever the order within, and leave the collapsed ones off the pages."""
        if self.groups is not None:
            self.listed = self.groups.ordered(self.data.data)
            self.data.data = self.groups.unfolded(self.listed)

    @property
    def leaves_out(self) -> bool:
        """True when a region has no column."""
        return bool(self.layout.left_out)

    @property
    def all_rows(self) -> Any:
        """Every account that matches in the order that is shown, those of collapsed groups too: what is exported."""
        return self.listed if self.listed is not None else self.data.data

    def paginate(self, *args: Any, **kwargs: Any) -> Any:
        """Cut pages: of lines where rows are grouped."""
        if self.groups is None:
            return super().paginate(*args, **kwargs)
        return super().paginate(GroupedPages, *args, groups=self.groups, **kwargs)

    @cached_property
    def whole(self) -> tuple[dict[str, Members], dict[str, ByRegion]]:
        """All accounts that match, on whichever page, counted and added up."""
        members = members_of(self.accounts, self.published)
        return members, tallies(self.accounts, self.layout.every, members, self.now)

    @property
    def census(self) -> Census:
        """How complete the picture is."""
        return census_of_tallies(*self.whole)

    @property
    def totals(self) -> Summary | None:
        """The row of the totals; none without accounts."""
        members, found = self.whole
        return summary(members[""], [region.code for region in self.regions], found[""]) if members else None

    def page_rows(self) -> Iterator[MatrixRow | Heading]:
        """What the page shows, line by line."""
        if self.groups is None:
            yield from self._account_rows()
            return
        page: GroupedPage = self.page
        members = {part.group.key: part.group.members for part in page.parts}
        found = tallies(self.accounts, self.layout.every, members, self.now, self.groups.by.key)
        rows = defaultdict(list)
        for row in self._account_rows():
            rows[row.record.group_key].append(row)  # type: ignore[attr-defined]  # annotated by Groups.ordered
        for key, heading in headings(page, self.regions, found).items():
            yield heading
            yield from rows[key]

    def group_choices(self) -> list[Choice]:
        """What the rows can be grouped by: the tags are those that occur."""
        data, now = self.tools.data, self.groups.by.name if self.groups else ""
        offered = {**{name: label for name, (label, _) in COLUMNS.items()}}
        offered |= {f"{TAG}{key}": f"Tag “{key}”" for key in tag_keys(self.accounts)}
        return [
            Choice(name, label, name == now, query_with(data, group=name, collapsed="", open=""))
            for name, label in offered.items()
        ]

    def _account_rows(self) -> Iterator[MatrixRow]:
        """The accounts; the cells of a row's regions in one piece, 1,700 of them to a page of 50."""
        painters = [painter(self, bound) for bound in self.columns if not isinstance(bound.column, RegionColumn)]
        codes = [region.code for region in self.regions]
        for row in self.paginated_rows:
            cells = self.cells_of(row.record)
            regions = mark_safe("".join([cell_html(cells.get(code), self.now) for code in codes]))  # noqa: S308 each is safe
            times = row_times(cells.get(code) for code in codes)
            yield MatrixRow(row.record, [(painter, painter.paint(row)) for painter in painters], regions, times)

    def render_account(self, record: Account) -> SafeString:
        """Name and id; without scripts, which find a cell's page, the way to the account's cells."""
        return account_html(record) + format_html(ALL_REGIONS, resolved("cells"), record.account_id)

    def render_role(self, record: Account) -> SafeString:
        """The verdict."""
        return verdict_html(role_status_of(record))

    def render_policy(self, record: Account) -> SafeString:
        """The policy's grade."""
        return policy_html(role_status_of(record))

    def render_brokers(self, record: Account) -> str:
        """The total with its reservation."""
        return quiet_zero(str(broker_total(self.cells_of(record).values())))


def matrix_table(
    accounts: AccountQuerySet,
    layout: Layout | None = None,
    groups: Groups | None = None,
    published: Published = MappingProxyType({}),
) -> MatrixTable:
    """The matrix over these accounts, with the region columns that they need or that the layout leaves."""
    columns = layout or layout_of(QueryDict(), accounts)
    return MatrixTable(accounts, layout=columns, now=timezone.now(), groups=groups, published=published)
