"""Small words and shapes for templates; what they mean is said in dashboard.words and dashboard.tables.columns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import cast

from django import template
from django.forms import BoundField, ChoiceField
from django.http import QueryDict
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.domain.identifiers import group_digits
from accounts.models import RoleStatus
from dashboard.addresses import CLEAR, query_with, query_without
from dashboard.arrange import Tools
from dashboard.chips import ChipFilterSet
from dashboard.poll_filter import mark_of
from dashboard.tables.columns import grade_html, outcome_html, policy_html, time_html, trust_age_html, verdict_html
from dashboard.tables.heads import head_html
from dashboard.tables.rows import PageRow, page_rows
from dashboard.tables.sweeps import state_html
from dashboard.units import unit_of
from dashboard.words import first_sentence, plural, span

register = template.Library()

register.filter("plural", plural)
register.filter("unit", unit_of)
register.filter("span", span)
register.filter("first_sentence", first_sentence)
register.filter("cause_mark", mark_of)
register.filter("grouped", group_digits)
register.filter("state_chip", state_html)
register.filter("page_rows", page_rows)
register.filter("parted", PageRow.parted)
register.filter("outcome_words", outcome_html)
register.filter("trust_age", trust_age_html)
register.simple_tag(head_html, name="head")


@register.filter
def minus(total: int, named: list[str]) -> int:
    """How many are left when these have been named."""
    return total - len(named)


@register.filter
def plain(value: str) -> str:
    """A stored word as people write it: `in use`."""
    return value.replace("_", " ")


@register.filter
def listed(names: Iterable[str]) -> SafeString:
    """Names with commas between, each read in its own direction."""
    return format_html_join(", ", "<bdi>{}</bdi>", ((name,) for name in names))


@register.filter
def caption(page_name: str) -> str:
    """What a table is called for those who hear it: `campaign-3` is “Campaign 3”."""
    return page_name.replace("-", " ").capitalize() or "Table"


@register.filter
def age(value: object) -> SafeString:
    """“4 min ago”, the exact moment on hover, or instead of it where somebody wants so."""
    return time_html(value if isinstance(value, datetime) else None)  # of a row that is not there, templates give ""


@register.filter
def verdict_chip(status: RoleStatus) -> SafeString:
    """The verdict as a chip."""
    return verdict_html(status)


@register.filter
def policy_grade(status: RoleStatus) -> SafeString:
    """The policy's grade with its sign."""
    return policy_html(status)


@register.filter
def grade_alone(status: RoleStatus) -> SafeString:
    """The policy's grade without the trust policy's."""
    return grade_html(status)


@register.filter
def middle_cut(text: str, length: int = 56) -> SafeString:
    """A long ARN with its middle left out; the whole stands in the title and is what gets copied."""
    if len(text) <= length:
        return format_html('<code title="{0}">{0}</code>', text)
    keep = (length - 1) // 2
    return format_html('<code class="cut" title="{0}" data-copy="{0}">{1}…{2}</code>', text, text[:keep], text[-keep:])


@register.filter
def role_name(arn: str) -> str:
    """A role's path and name out of its ARN, where the account stands beside it."""
    return arn.partition(":role/")[2] or arn


@register.filter
def pretty_json(value: object) -> str:
    """A document as people read it, to be copied."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def without(data: QueryDict, name: str) -> str:
    """The query string without one name."""
    return query_without(data, name)


@register.filter
def without_or_clear(data: QueryDict, name: str) -> str:
    """The same for a link to follow: one that is left without a query says that no view is wanted."""
    return query_without(data, name) or CLEAR


@register.simple_tag(takes_context=True)
def with_value(context: Context, *pairs: str) -> str:
    """The query string with values put in, each after its name; an empty one takes the name out."""
    return query_with(context["request"].GET, **dict(zip(pairs[::2], pairs[1::2], strict=True)))


@register.simple_tag(takes_context=True)
def follows(context: Context) -> SafeString:
    """What makes a part of a page, which has an id, follow the sweeps: how they stood when it was drawn."""
    mark = context.get("mark")
    return format_html('data-follows="{}"', mark) if mark else SafeString("")


BOX = '<label><input type="checkbox" name="{0}" value="{1}"{2}>{3}</label>'
OPTION = '<option value="{1}"{2}>{3}</option>'


@register.filter
def boxes(field: BoundField) -> SafeString:
    """A box for each choice of a filter, in one piece: there are some fifty on a page."""
    return _drawn(BOX, field.html_name, " checked", *_choices(field))


@register.filter
def options(field: BoundField) -> SafeString:
    """The choices of a filter that takes one of them."""
    return _drawn(OPTION, field.html_name, " selected", *_choices(field))


def _choices(field: BoundField) -> tuple[tuple[tuple[str, str], ...], frozenset[str]]:
    given = field.value()
    chosen = frozenset(str(value) for value in (given if isinstance(given, list) else [given or ""]))
    choices = cast(Iterable[tuple[object, object]], cast(ChoiceField, field.field).choices)
    return tuple((str(value), str(word)) for value, word in choices), chosen


@lru_cache(maxsize=256)  # the same few menus stand on every list: to draw them anew took a tenth of a page
def _drawn(one: str, name: str, mark: str, choices: tuple[tuple[str, str], ...], chosen: frozenset[str]) -> SafeString:
    marks = {value: SafeString(mark) for value in chosen}
    return format_html_join("", one, ((name, value, marks.get(value, ""), word) for value, word in choices))


@register.filter
def kept_by_filters(tools: Tools, narrowed: ChipFilterSet) -> list[tuple[str, str]]:
    """What the form of the filters carries along: how the table is arranged, and the view that is open."""
    return list(tools.kept(*narrowed.filters))
