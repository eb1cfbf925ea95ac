"""Small words and shapes for templates; what they mean is said in dashboard.words and dashboard.tables.columns."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.identifiers import group_digits
from accounts.domain.outcomes import Outcome
from accounts.models import RoleStatus
from dashboard.filters import query_without
from dashboard.tables.columns import policy_html, time_html, verdict_html
from dashboard.tables.sweeps import state_html
from dashboard.words import OUTCOME_WORDS, plural, span

register = template.Library()

register.filter("plural", plural)
register.filter("span", span)
register.filter("grouped", group_digits)
register.filter("state_chip", state_html)


@register.filter
def plain(value: str) -> str:
    """A stored word as people write it: `in use`."""
    return value.replace("_", " ")


@register.filter
def age(value: datetime | None) -> SafeString:
    """“4 min ago”, the exact moment on hover."""
    return time_html(value)


@register.filter
def verdict_chip(status: RoleStatus) -> SafeString:
    """The verdict as a chip."""
    return verdict_html(status)


@register.filter
def policy_grade(status: RoleStatus) -> SafeString:
    """The policy's grade with its sign."""
    return policy_html(status)


@register.filter
def outcome_words(value: str) -> SafeString:
    """An outcome in words, its tone beside."""
    outcome = Outcome(value)
    tone = "ok" if outcome is Outcome.OK else "bad" if outcome.failing else "soft"
    if outcome in (Outcome.THROTTLED, Outcome.UNREACHABLE):
        tone = "warn"
    return format_html('<span class="grade {}">{}</span>', tone, OUTCOME_WORDS[outcome])


@register.filter
def middle_cut(text: str, length: int = 56) -> SafeString:
    """A long ARN with its middle left out; the whole stands in the title and is what gets copied."""
    if len(text) <= length:
        return format_html('<code title="{0}">{0}</code>', text)
    keep = (length - 1) // 2
    return format_html('<code class="cut" title="{0}" data-copy="{0}">{1}…{2}</code>', text, text[:keep], text[-keep:])


@register.filter
def without(data: QueryDict, name: str) -> str:
    """The query string without one name."""
    return query_without(data, name)
