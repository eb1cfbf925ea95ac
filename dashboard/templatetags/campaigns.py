"""What the campaigns' pages write."""

from __future__ import annotations

from django import template

from accounts.domain.plans import Plan
from dashboard.cleanup_words import broker_counts, joined
from dashboard.tables.campaigns import campaign_html

register = template.Library()

register.filter("campaign_chip", campaign_html)


@register.filter
def broker_names(plan: Plan) -> str:
    """`orders in eu-west-1, billing in us-east-1`: every broker that goes."""
    return ", ".join(f"{broker.name} in {broker.region}" for broker in plan.deletes)


@register.filter
def plan_deletes(plan: Plan) -> str:
    """`2 RabbitMQ brokers and the role`."""
    return joined([*filter(None, [broker_counts(plan.deletes)]), *(["the role"] if plan.role_arn else [])])
