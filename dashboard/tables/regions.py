"""The supported-regions table: the guide's columns and ours."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Outcome
from accounts.models import AccountQuerySet, Cell, Region
from dashboard.matrix import FAILING_VALUES
from dashboard.tables.columns import NumberColumn, SortedColumn, TextColumn, region_html

SILENT = [value for value in FAILING_VALUES if value != Outcome.ASSUME_DENIED]


def yes(value: bool) -> str:
    """The guide's words."""
    return "Yes" if value else "No"


def regions_with_counts(accounts: AccountQuerySet) -> QuerySet[Region]:
    """The table's rows with what the accounts' cells say of each region."""
    mine = accounts.order_by()
    cells = Cell.objects.filter(region=OuterRef("pk"), account__in=mine.values("pk")).order_by().values("region")
    asked = cells.filter(region__polled=True)
    here = mine.filter(partition=OuterRef("partition")).values("partition")
    return Region.objects.annotate(
        accounts=_number(here.annotate(n=Count("pk")).values("n")),
        answering=_number(asked.filter(outcome=Outcome.OK).annotate(n=Count("pk")).values("n")),
        disabled=_number(asked.filter(outcome=Outcome.REGION_DISABLED).annotate(n=Count("pk")).values("n")),
        failing=_number(asked.filter(outcome__in=FAILING_VALUES).annotate(n=Count("pk")).values("n")),
        # An account that lets nobody in says nothing of its regions.
        silent=_number(asked.filter(outcome__in=SILENT).annotate(n=Count("pk")).values("n")),
        known_brokers=Subquery(cells.annotate(n=Sum("brokers")).values("n")),
    )


def _number(counted: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class RegionTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """The guide's three columns first, worded as in the guide."""

    name = TextColumn("name", verbose_name="Region name", attrs={"td": {"class": "strong"}})
    code = TextColumn("code", verbose_name="Region identity", attrs={"td": {"class": "mono"}})
    supported = TextColumn("supported", lambda r: yes(r.supported), verbose_name="Support in Amazon MQ")
    beyond_guide = TextColumn("beyond_guide", lambda r: yes(r.beyond_guide), verbose_name="Beyond the guide")
    opt_in = TextColumn("opt_in", lambda r: yes(r.opt_in), verbose_name="Opt-in")
    polled = SortedColumn("polled", lambda r: yes(r.polled), verbose_name="Polled")
    accounts = NumberColumn("accounts", verbose_name="Accounts", visible=False)
    answering = NumberColumn("answering", verbose_name="Accounts answering")
    disabled = NumberColumn("disabled", verbose_name="Not enabled")
    failing = NumberColumn("failing", verbose_name="Failing")
    brokers = NumberColumn("known_brokers", verbose_name="Brokers")
    note = TextColumn("note", verbose_name="Note", attrs={"td": {"class": "note"}})

    class Meta:
        template_name = "tables/regions.html"
        empty_text = "The region table is empty: run `manage.py migrate`."

    def render_code(self, record: Region) -> SafeString:
        """The code, linked to the region's page."""
        return region_html(record.code)

    def render_polled(self, record: Region) -> str:
        """The switch itself is drawn by the template, which knows who is looking."""
        return yes(record.polled)

    def render_answering(self, record: Region) -> SafeString:
        """Of how many accounts."""
        return format_html('{} <span class="soft">of {}</span>', f"{record.answering:,}", f"{record.accounts:,}")  # type: ignore[attr-defined]

    def render_brokers(self, record: Region) -> str:
        """The sum over the accounts, with `≥` unless each of them answered or has the region off."""
        known, asked = record.known_brokers, record.answering + record.disabled  # type: ignore[attr-defined]
        if known is None:
            return "?" if record.polled and record.accounts > asked else "–"  # type: ignore[attr-defined]
        return f"{known:,}" if asked >= record.accounts else f"≥ {known:,}"  # type: ignore[attr-defined]
