"""The matrix as a list: each account in each region of its partition, a row."""

from __future__ import annotations

import django_tables2 as tables
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Outcome, Presence
from accounts.models import AccountQuerySet, MatrixCell
from dashboard.tables.account_columns import UnitColumn
from dashboard.tables.columns import (
    NumberColumn,
    SortedColumn,
    TextColumn,
    TimeColumn,
    account_html,
    account_url,
    short_outcome_html,
)
from dashboard.words import first_sentence, stale_before

AS_ABOVE = '<span title="{}"><span aria-hidden="true">″</span><i class="visually-hidden">as above</i></span>'


def cells_of(accounts: AccountQuerySet) -> QuerySet[MatrixCell]:
    """All cells of these accounts with their role's grades, those without a row included."""
    mine = MatrixCell.objects.filter(account__in=accounts.order_by().values("pk"))
    return mine.select_related("account").annotate(
        role=_text("presence", Presence.UNKNOWN.value),
        policy=_text("policy_grade"),
        trust=_text("trust_grade"),
        role_outcome=_text("outcome", Outcome.NEVER.value),
        role_last_ok_at=F("account__role_status__last_ok_at"),
        policy_outcome=_text("policy_outcome", Outcome.NEVER.value),
        policy_last_ok_at=F("account__role_status__policy_last_ok_at"),
    )


def _text(field: str, none: str = "") -> Coalesce:
    return Coalesce(F(f"account__role_status__{field}"), Value(none), output_field=CharField())


class MatrixCellTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Counts are the last known ones; “Last answer” is when they were. Named as in the export of the matrix."""

    account_name = SortedColumn("account__name", verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account__account_id", verbose_name="Account id", visible=False)
    partition = TextColumn("account__partition", verbose_name="Partition", visible=False)
    unit = UnitColumn("account", visible=False)
    environment = TextColumn("account__environment", verbose_name="Environment")
    region = SortedColumn("region_id", verbose_name="Region", attrs={"td": {"class": "mono"}})
    outcome = SortedColumn("said", verbose_name="Outcome")
    brokers = NumberColumn("brokers", verbose_name="Brokers")
    rabbitmq = NumberColumn("rabbitmq", verbose_name="RabbitMQ", visible=False)
    activemq = NumberColumn("activemq", verbose_name="ActiveMQ", visible=False)
    last_ok_at = TimeColumn("last_ok_at", verbose_name="Last answer")
    checked_at = TimeColumn("checked_at", verbose_name="Last try")
    role = TextColumn("role", verbose_name="Role", visible=False)
    policy = TextColumn("policy", verbose_name="Policy", visible=False)
    trust = TextColumn("trust", verbose_name="Trust", visible=False)
    code = TextColumn("code", verbose_name="Code", visible=False)
    permission = TextColumn("permission", verbose_name="Permission")
    detail = TextColumn("detail", verbose_name="Detail", attrs={"td": {"class": "note"}})
    # What role, policy and trust rest on: a word of weeks ago is not one of now.
    role_outcome = TextColumn("role_outcome", verbose_name="Role’s outcome", visible=False)
    role_last_ok_at = TimeColumn("role_last_ok_at", verbose_name="Role last read", visible=False)
    policy_outcome = TextColumn("policy_outcome", verbose_name="Policy’s outcome", visible=False)
    policy_last_ok_at = TimeColumn("policy_last_ok_at", verbose_name="Policy last read", visible=False)

    class Meta:
        empty_text = "No cell matches these filters."

    said_above: tuple[object, ...] = ()

    def render_account_name(self, record: MatrixCell) -> SafeString:
        """Name and id."""
        return account_html(record.account)

    def render_region(self, record: MatrixCell) -> SafeString:
        """The region, linked to the cell's page."""
        where = f"{account_url(record.account.account_id)}regions/{record.region_id}/"
        return format_html('<a href="{}">{}</a>', where, record.region_id)

    def render_outcome(self, record: MatrixCell) -> SafeString:
        """The outcome as the legend of the matrix has it; an answer that is too old says so."""
        said = short_outcome_html(Outcome(record.said))
        since = stale_before(timezone.now())
        if record.said == Outcome.OK and record.last_ok_at is not None and record.last_ok_at < since:
            return said + format_html(' <span class="chip old">{}</span>', "old")
        return said

    def render_detail(self, record: MatrixCell) -> SafeString:
        """What happened, once where rows of one account follow each other with the same cause.

        What to do about it stands on hover and on the cell's page.
        """
        said = (record.account_id, record.said, record.detail)
        again, self.said_above = said == self.said_above, said
        if not record.detail:
            return format_html('<span class="soft">{}</span>', "–")
        if again:
            return format_html(AS_ABOVE, record.detail)
        return format_html('<span title="{}">{}</span>', record.detail, first_sentence(record.detail))

    def render_brokers(self, record: MatrixCell) -> SafeString:
        """The number, linked to the brokers; one that the last look did not bring says that it is the last known."""
        if record.brokers is None:
            return format_html('<span class="soft">{}</span>', "–" if record.said == Outcome.UNSUPPORTED else "?")
        shown = format_html("{}", f"{record.brokers:,}")
        if record.brokers:
            query = urlencode({"account": record.account.account_id, "region": record.region_id})
            shown = format_html('<a href="{}?{}">{}</a>', reverse("brokers"), query, shown)
        last = record.said != Outcome.OK
        return shown + format_html('<small class="grade warn">{}</small>', "last known") if last else shown
