"""All brokers, one a row."""

from __future__ import annotations

import django_tables2 as tables
from django.db.models.functions import Lower
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.role import ROLE_USING_ENGINE
from accounts.models import Broker
from dashboard.tables.columns import SortedColumn, TextColumn, TimeColumn, account_html, region_html


class BrokerTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Each broker as AWS last listed it; only RabbitMQ brokers use the role."""

    name = TextColumn("name", verbose_name="Broker", attrs={"td": {"class": "strong"}})
    account = SortedColumn("account__name", verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account__account_id", verbose_name="Account id", visible=False)
    region = TextColumn("region_id", verbose_name="Region")
    engine = SortedColumn(Lower("engine"), lambda b: b.engine, value="engine", verbose_name="Engine")
    state = TextColumn("state", verbose_name="State")
    deployment_mode = TextColumn("deployment_mode", verbose_name="Deployment")
    instance_type = TextColumn("instance_type", verbose_name="Instance")
    created_at = TimeColumn("created_at", verbose_name="Created")
    seen_at = TimeColumn("seen_at", verbose_name="Last seen")
    arn = TextColumn("arn", verbose_name="ARN", visible=False)

    class Meta:
        empty_text = "No broker matches these filters."

    def render_account(self, record: Broker) -> SafeString:
        """The account's name and id."""
        return account_html(record.account)

    def render_region(self, record: Broker) -> SafeString:
        """The region, linked to its page."""
        return region_html(record.region_id)

    def render_engine(self, record: Broker) -> SafeString:
        """AWS's word, marked when brokers of that engine use the role."""
        uses = record.engine.lower() == ROLE_USING_ENGINE
        return format_html('<span class="chip {}">{}</span>', "in_use" if uses else "absent", record.engine)
