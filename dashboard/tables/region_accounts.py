"""The accounts of one region, a row each: what their cell there says, and whether the region is on in them."""

from __future__ import annotations

from datetime import datetime

import django_tables2 as tables
from django.db.models import F, FilteredRelation, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Outcome
from accounts.models import Account, AccountQuerySet, Region
from dashboard.matrix import FAILING_VALUES
from dashboard.tables.columns import (
    NumberColumn,
    SortedColumn,
    TextColumn,
    TimeColumn,
    account_html,
    outcome_html,
)

# AWS's words for the state of a region in an account, as people read them.
STATE_WORDS = {
    "ENABLED_BY_DEFAULT": "on by default",
    "ENABLED": "enabled",
    "ENABLING": "being enabled",
    "DISABLING": "being disabled",
    "DISABLED": "disabled",
}


WHY = ("code", "permission", "detail")


def accounts_in(accounts: AccountQuerySet, region: Region) -> AccountQuerySet:
    """The accounts of the region's partition with their cell there; those that were never polled there, too."""
    mine = accounts.filter(partition=region.partition)
    with_cell = mine.annotate(here=FilteredRelation("cells", condition=Q(cells__region=region.pk)))
    unsupported = Value(Outcome.UNSUPPORTED.value)
    outcome = Coalesce("here__outcome", Value(Outcome.NEVER.value)) if region.polled else unsupported
    return with_cell.annotate(
        here_outcome=outcome,
        # Where nobody asks, why the last probe failed is no news; the view behind the list of cells leaves it out, too.
        **{f"here_{why}": _text(f"here__{why}") if region.polled else _text(Value("")) for why in WHY},
        here_brokers=F("here__brokers"),
        here_rabbitmq=F("here__rabbitmq"),
        here_activemq=F("here__activemq"),
        here_checked_at=F("here__checked_at"),
        here_last_ok_at=F("here__last_ok_at"),
        here_state=_text(KeyTextTransform(region.pk, "region_states__by_code")),
        here_told_at=F("region_states__read_at"),
    )


def _text(known: str | KeyTextTransform | Value) -> Coalesce:
    """A text, empty where there is none."""
    return Coalesce(known, Value(""), output_field=TextField())


def lists_here(old_before: datetime) -> dict[str, Q]:
    """The lists of a region's page, each with its condition on `accounts_in`; the last one has all."""
    return {
        "failing": Q(here_outcome__in=FAILING_VALUES),
        "brokers": Q(here_brokers__gt=0),
        "old": Q(here_outcome=Outcome.OK, here_last_ok_at__lt=old_before),
        "disabled": Q(here_outcome=Outcome.REGION_DISABLED),
        "never": Q(here_outcome=Outcome.NEVER),
        "answered": Q(here_outcome=Outcome.OK),
        "all": Q(),
    }


def in_state(state: str) -> Q:
    """The accounts where AWS calls the region so; empty: where nobody was told."""
    return Q(here_state=state)


class RegionAccountTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Counts are the last known ones; “Last answer” is when they were."""

    name = SortedColumn("name", verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account_id", verbose_name="Id", visible=False)
    outcome = SortedColumn("here_outcome", verbose_name="Outcome")
    code = TextColumn("here_code", verbose_name="Code", attrs={"td": {"class": "mono"}})
    brokers = NumberColumn("here_brokers", verbose_name="Brokers")
    rabbitmq = NumberColumn("here_rabbitmq", verbose_name="RabbitMQ", visible=False)
    activemq = NumberColumn("here_activemq", verbose_name="ActiveMQ", visible=False)
    last_ok_at = TimeColumn("here_last_ok_at", verbose_name="Last answer")
    checked_at = TimeColumn("here_checked_at", verbose_name="Last try")
    state = SortedColumn("here_state", verbose_name="Region in the account")
    told_at = TimeColumn("here_told_at", verbose_name="AWS said so", visible=False)
    permission = TextColumn("here_permission", verbose_name="Permission", visible=False)
    detail = TextColumn("here_detail", verbose_name="Detail", attrs={"td": {"class": "note"}})

    caption = "Accounts in this region"

    class Meta:
        empty_text = "No account here."

    def render_name(self, record: Account) -> SafeString:
        """Name and id."""
        return account_html(record)

    def render_outcome(self, record: Account) -> SafeString:
        """The outcome in words."""
        return outcome_html(record.here_outcome)  # type: ignore[attr-defined]

    def render_state(self, record: Account) -> SafeString:
        """AWS's word, as people read it."""
        state: str = record.here_state  # type: ignore[attr-defined]
        words = STATE_WORDS.get(state, state)
        return format_html('<span class="soft">{}</span>', "not told") if not state else format_html("{}", words)
