"""The supported-regions table: the guide's columns and ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import django_tables2 as tables
from django.db.models import F, Func, IntegerField, JSONField, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Outcome
from accounts.models import AccountQuerySet, Region
from accounts.services.tally import Tally, accounts_by_partition, cells_of, tally
from dashboard.matrix import FAILING_VALUES, BrokerTotal
from dashboard.tables.columns import NumberColumn, TextColumn, YesNoColumn, quiet_zero, region_html

SILENT = [value for value in FAILING_VALUES if value != Outcome.ASSUME_DENIED]


def regions_with_counts(
    accounts: AccountQuerySet, code: str | None = None, tallies: Sequence[Tally] | None = None
) -> QuerySet[Region]:
    """The table's rows, or the one row of `code`, with what the accounts' cells say of each region.

    The cells are counted now, in one pass, or have been counted by the caller, for other figures too.
    """
    cells = cells_of(accounts) if code is None else cells_of(accounts).filter(region=code)
    tallies = tally(cells, timezone.now()) if tallies is None else tallies
    polled = set(Region.objects.filter(polled=True).values_list("code", flat=True))
    asked = [one for one in tallies if one.region in polled]
    rows = Region.objects.all() if code is None else Region.objects.filter(pk=code)
    return rows.annotate(
        accounts=_looked_up(accounts_by_partition(accounts), "partition"),
        answering=_looked_up(_cells(asked, [Outcome.OK])),
        disabled=_looked_up(_cells(asked, [Outcome.REGION_DISABLED])),
        failing=_looked_up(_cells(asked, FAILING_VALUES)),
        # An account that lets nobody in says nothing of its regions.
        silent=_looked_up(_cells(asked, SILENT)),
        known_brokers=LookedUp(_brokers(tallies), "code"),
    )


def is_settled(row: Region) -> bool:
    """True when every account of a row of `regions_with_counts` answered or has the region off: sums are complete."""
    return bool(row.answering + row.disabled >= row.accounts)  # type: ignore[attr-defined]


class LookedUp(Func):
    """A number by a column's value, out of a few that are known: so that the rows are sorted by it in SQL."""

    template, arg_joiner = "(%(expressions)s)::int", " ->> "
    output_field = IntegerField()

    def __init__(self, numbers: Mapping[str, int], column: str) -> None:
        super().__init__(Value(numbers, JSONField()), F(column))


def _looked_up(numbers: Mapping[str, int], column: str = "code") -> Coalesce:
    return Coalesce(LookedUp(numbers, column), 0)


def _cells(tallies: Iterable[Tally], outcomes: Collection[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in tallies:
        counts[one.region] += one.cells if one.outcome in outcomes else 0
    return counts


def _brokers(tallies: Iterable[Tally]) -> Counter[str]:
    """The known brokers of the regions of which a number is known."""
    counts: Counter[str] = Counter()
    for one in tallies:
        if one.counted:
            counts[one.region] += one.brokers
    return counts


class RegionTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """The guide's three columns first, worded as in the guide."""

    name = TextColumn("name", verbose_name="Region name", attrs={"td": {"class": "strong"}})
    code = TextColumn("code", verbose_name="Region identity", attrs={"td": {"class": "mono"}})
    supported = YesNoColumn("supported", verbose_name="Support in Amazon MQ")
    beyond_guide = YesNoColumn("beyond_guide", verbose_name="Source")
    opt_in = YesNoColumn("opt_in", verbose_name="Opt-in")
    polled = YesNoColumn("polled", verbose_name="Polled")
    accounts = NumberColumn("accounts", verbose_name="Accounts", visible=False)
    answering = NumberColumn("answering", verbose_name="Accounts answering")
    disabled = NumberColumn("disabled", verbose_name="Not enabled")
    silent = NumberColumn("silent", verbose_name="Failing")
    failing = NumberColumn("failing", verbose_name="Failing or not let in", visible=False)
    brokers = NumberColumn("known_brokers", verbose_name="Brokers")
    note = TextColumn("note", verbose_name="Note", attrs={"td": {"class": "note"}})

    class Meta:
        template_name = "tables/regions.html"
        empty_text = "No region matches these filters."

    def render_code(self, record: Region) -> SafeString:
        """The code, linked to the region's page."""
        return region_html(record.code)

    def render_polled(self, record: Region) -> str:
        """Nothing: the switch is drawn by the template, which knows who is looking."""
        return ""

    def render_accounts(self, record: Region) -> SafeString:
        """The accounts of its partition."""
        return _rows_html(record, record.accounts, "all")  # type: ignore[attr-defined]  # annotated, like the others

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not Region.objects.exclude(note="").exists():
            self.columns.hide("note")

    def render_beyond_guide(self, record: Region) -> str:
        """Whose word the row is; a file has true or false."""
        return "beyond the guide" if record.beyond_guide else "guide"

    def render_answering(self, record: Region) -> SafeString:
        """Of how many accounts that may have the region: those that have it off cannot answer."""
        may: int = record.accounts - record.disabled  # type: ignore[attr-defined]
        if not may or not record.polled:
            why = "no account has it enabled" if record.polled else "not polled"
            return format_html('<span class="soft" title="{}">–</span>', why)
        shown = _rows_html(record, record.answering, "answered")  # type: ignore[attr-defined]
        return format_html('{} <span class="soft">of {}</span>', shown, f"{may:,}")

    def render_disabled(self, record: Region) -> SafeString:
        """In how many accounts it is off."""
        return _rows_html(record, record.disabled, "disabled")  # type: ignore[attr-defined]

    def render_silent(self, record: Region) -> SafeString:
        """In how many accounts it gave no answer, of those that let Rolecall in: the others say nothing of a region."""
        silent: int = record.silent  # type: ignore[attr-defined]
        if not silent:
            return _zero()
        query = urlencode([("region", record.code), *(("outcome", value) for value in SILENT)])
        return format_html('<a class="in" href="{}?{}">{}</a>', reverse("cells"), query, f"{silent:,}")

    def render_failing(self, record: Region) -> SafeString:
        """In how many accounts it gave no answer."""
        return _rows_html(record, record.failing, "failing")  # type: ignore[attr-defined]

    def render_brokers(self, record: Region) -> str:
        """The sum over the accounts, with `≥` unless each of them answered or has the region off."""
        known: int | None = record.known_brokers  # type: ignore[attr-defined]
        if known is None:
            return "?" if record.polled and not is_settled(record) else "–"
        total = str(BrokerTotal(known, is_settled(record)))
        url = f"{reverse('brokers')}?region={record.code}"
        return format_html('<a class="in" href="{}">{}</a>', url, total) if known else total


def _zero() -> SafeString:
    return format_html("{}", quiet_zero("0"))


def _rows_html(region: Region, count: int, show: str) -> SafeString:
    """A figure of a region, linked to the list of its page that has the rows; none has no link."""
    if not count:
        return _zero()
    return format_html(
        '<a class="in" href="{}?show={}">{}</a>', reverse("region", args=[region.code]), show, f"{count:,}"
    )
