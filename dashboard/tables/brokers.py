"""All brokers, one a row, each with how old what is known of it is."""

from __future__ import annotations

from datetime import datetime

import django_tables2 as tables
from django.db.models import Case, CharField, F, FilteredRelation, Q, QuerySet, Value, When
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Outcome
from accounts.domain.role import ROLE_USING_ENGINE
from accounts.models import Broker
from dashboard.tables.account_columns import UnitColumn
from dashboard.tables.columns import SortedColumn, TextColumn, TimeColumn, account_html, region_html
from dashboard.words import OUTCOME_WORDS, stale_before

CURRENT, OLD = "current", "old"


def with_knowledge(brokers: QuerySet[Broker], now: datetime | None = None) -> QuerySet[Broker]:
    """Say of each broker whether its region has answered since: `knowledge` is current or old, `region_outcome` why.

    Old is what was not seen at the last look at its region, or longer ago than an answer counts as fresh.
    """
    # One join: a question per broker would take six times as long over a hundred thousand.
    cell = FilteredRelation("region__cells", condition=Q(region__cells__account=F("account")))
    outcome = Case(
        When(region__polled=False, then=Value(Outcome.UNSUPPORTED.value)),
        default=F("cell__outcome"),
        output_field=CharField(),
    )
    answered = Q(region_outcome=Outcome.OK.value, seen_at__gte=stale_before(now or timezone.now()))
    knowledge = Case(When(answered, then=Value(CURRENT)), default=Value(OLD), output_field=CharField())
    return brokers.annotate(cell=cell).annotate(region_outcome=outcome).annotate(knowledge=knowledge)


class BrokerTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Each broker as AWS last listed it; only RabbitMQ brokers use the role."""

    name = TextColumn("name", verbose_name="Broker", attrs={"td": {"class": "strong"}})
    account = SortedColumn("account__name", verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account__account_id", verbose_name="Account id", visible=False)
    unit = UnitColumn("account", visible=False)
    environment = TextColumn("account__environment", verbose_name="Environment")
    region = TextColumn("region_id", verbose_name="Region", attrs={"td": {"class": "mono"}})
    engine = SortedColumn(Lower("engine"), lambda b: b.engine, value="engine", verbose_name="Engine")
    state = TextColumn("state", verbose_name="State")
    deployment_mode = TextColumn("deployment_mode", verbose_name="Deployment")
    instance_type = TextColumn("instance_type", verbose_name="Instance")
    created_at = TimeColumn("created_at", verbose_name="Created")
    seen_at = TimeColumn("seen_at", verbose_name="Last seen")
    knowledge = SortedColumn("knowledge", verbose_name="Knowledge")
    arn = TextColumn("arn", verbose_name="ARN", visible=False)

    nothing_yet = "No broker is known yet."
    how_to_begin = "The polls list the brokers of every account and region; what they find stands here."

    class Meta:
        empty_text = "No broker matches these filters."

    def render_name(self, record: Broker) -> SafeString:
        """The name; the ARN on hover."""
        return format_html('<span title="{}">{}</span>', record.arn, record.name)

    def render_account(self, record: Broker) -> SafeString:
        """The account's name and id."""
        return account_html(record.account)

    def render_region(self, record: Broker) -> SafeString:
        """The region, linked to its page."""
        return region_html(record.region_id)

    def render_engine(self, record: Broker) -> SafeString:
        """AWS's word, strong where the engine uses the role: the sentence above the table says which does."""
        uses = record.engine.lower() == ROLE_USING_ENGINE
        return format_html('<span class="{}">{}</span>', "strong" if uses else "soft", record.engine)

    def render_knowledge(self, record: Broker) -> SafeString:
        """Current, or old with what came of the last look at its region."""
        if record.knowledge == CURRENT:  # type: ignore[attr-defined]  # annotated
            return format_html('<span class="grade ok">{}</span>', "✓ current")
        outcome = Outcome(record.region_outcome or Outcome.NEVER)  # type: ignore[attr-defined]
        why = "no look within the time that counts as fresh" if outcome is Outcome.OK else OUTCOME_WORDS[outcome]
        return format_html('<span class="chip old">old</span> <small class="grade warn">{}</small>', why)
