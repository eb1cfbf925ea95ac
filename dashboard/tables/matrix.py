"""The matrix: accounts down, regions across."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import Account, AccountQuerySet, Cell, Region
from dashboard.matrix import CellView, broker_total, geographies, regions_of, role_status_of, row_of, with_cells
from dashboard.tables.cells import cell_html
from dashboard.tables.columns import SortedColumn, account_html, policy_html, verdict_html


class RegionColumn(SortedColumn):
    """One region: the account's brokers there. It renders its own <td>, since its kind stands in its class."""

    def __init__(self, region: Region) -> None:
        there = Cell.objects.filter(account=OuterRef("pk"), region=region.code)
        super().__init__(Subquery(there.values("brokers")), export=lambda record: None, verbose_name=region.code)
        self.region = region

    def render(self, record: Any, table: Any) -> SafeString:
        """The cell, or a blank where the region belongs to another partition."""
        return cell_html(record, self.region.code, table.cells_of(record).get(self.region.code), table.now)


class MatrixTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Built by `matrix_table`, which adds the region columns."""

    account = SortedColumn("name", lambda a: a.account_id, verbose_name="Account")
    role = SortedColumn("role_status__verdict", lambda a: role_status_of(a).verdict, verbose_name="Role")
    policy = SortedColumn("role_status__policy_grade", lambda a: role_status_of(a).policy_grade, verbose_name="Policy")
    brokers = SortedColumn("role_status__brokers", lambda a: role_status_of(a).brokers, verbose_name="Brokers")

    class Meta:
        template_name = "tables/matrix.html"
        empty_text = "No account matches these filters."

    def __init__(self, *args: Any, regions: list[Region], now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, extra_columns=[(region.code, RegionColumn(region)) for region in regions], **kwargs)
        self.regions, self.now = regions, now
        self.geographies = geographies(regions)
        self._row: tuple[int, dict[str, CellView]] = (0, {})

    def cells_of(self, account: Account) -> dict[str, CellView]:
        """One account's cells, worked out once per row."""
        if self._row[0] != account.pk:
            self._row = (account.pk, row_of(account, self.regions))
        return self._row[1]

    def render_account(self, record: Account) -> SafeString:
        """Name and id."""
        return account_html(record)

    def render_role(self, record: Account) -> SafeString:
        """The verdict."""
        return verdict_html(role_status_of(record))

    def render_policy(self, record: Account) -> SafeString:
        """The policy's grade."""
        return policy_html(role_status_of(record))

    def render_brokers(self, record: Account) -> str:
        """The total with its reservation."""
        return str(broker_total(self.cells_of(record).values()))


def matrix_table(accounts: AccountQuerySet) -> MatrixTable:
    """The matrix over these accounts, with the region columns that they need."""
    return MatrixTable(with_cells(accounts), regions=regions_of(accounts), now=timezone.now())
