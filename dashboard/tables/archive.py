"""Accounts that were deleted and whose history was kept."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.safestring import SafeString

from accounts.models import Account
from dashboard.tables.columns import SortedColumn, TextColumn, TimeColumn, name_html


class ArchivedTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """One a row."""

    name = SortedColumn("name", verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account_id", verbose_name="Id")
    partition = TextColumn("partition", verbose_name="Partition")
    archived_at = TimeColumn("archived_at", verbose_name="Deleted")
    archived_by = TextColumn("archived_by", verbose_name="By")

    how_to_begin = "Whoever deletes an account chooses whether its history goes, too."
    caption = "Deleted accounts"

    class Meta:
        empty_text = "No account was deleted with its history kept."

    def render_name(self, record: Account) -> SafeString:
        """The name, linked to what is left to read."""
        return name_html(record)

    def render_account_id(self, record: Account) -> str:
        """Grouped for the eye; an export has the plain digits."""
        return record.grouped_id
