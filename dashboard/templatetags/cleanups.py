"""What the clean-ups' pages write: states, clock times, lengths and short hashes."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.cleanup_words import short_hash, state_html
from dashboard.words import exact_span

register = template.Library()

register.filter("cleanup_chip", state_html)
register.filter("short_hash", short_hash)
register.filter("exact_span", exact_span)


@register.filter
def clock(value: datetime | None) -> SafeString:
    """A moment as a clock shows it, its day too unless it is today; the whole on hover. UTC; a script has it local."""
    if value is None:
        return SafeString("")
    there, now = value.astimezone(UTC), timezone.now().astimezone(UTC)
    shown = f"{there:%H:%M:%S}" if there.date() == now.date() else f"{there.day} {there:%b %H:%M:%S}"
    whole = f"{there:%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}" data-clock>{}</time>', value.isoformat(), whole, shown)


@register.filter
def countdown(value: datetime) -> SafeString:
    """“in 3 min 12 s”: counted down in the browser where there is JavaScript; the moment itself on hover."""
    left = max(0.0, (value - timezone.now()).total_seconds())
    said = f"in {exact_span(left)}" if left else "now"
    whole = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}" data-until>{}</time>', value.isoformat(), whole, said)


@register.filter
def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
