"""What was done to one account here, an act a row."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import AuditEntry
from dashboard.account_edits import lines_of
from dashboard.tables.columns import SortedColumn, TextColumn, TimeColumn


class EditTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Newest first. Rows come from `entries_about`."""

    at = TimeColumn("at", lambda e: e.at, verbose_name="When")
    actor = TextColumn("actor", lambda e: e.actor, verbose_name="Who", attrs={"td": {"class": "strong"}})
    action = TextColumn("action", lambda e: e.action, verbose_name="Did")
    changed = SortedColumn(
        "pk", lambda e: "; ".join(map(str, lines_of(e))), verbose_name="Before → after", orderable=False
    )
    detail = TextColumn("detail", lambda e: e.detail, verbose_name="Detail", attrs={"td": {"class": "note"}})

    how_to_begin = "What somebody changes by a page or a command is written down here, with a way back."
    caption = "Changes made here"

    class Meta:
        empty_text = "Nobody has changed anything of this account."

    def render_changed(self, record: AuditEntry) -> SafeString:
        """Each field on a line of its own."""
        return lines_html(record)


def lines_html(entry: AuditEntry) -> SafeString:
    """What an entry changed, a field a line; a dash when it changed no field."""
    lines = lines_of(entry)
    if not lines:
        return format_html('<span class="soft">{}</span>', "–")
    told = '<span class="edit">{} <s>{}</s> → <b>{}</b></span>'
    return format_html_join("", told, ((line.label, line.before, line.after) for line in lines))
