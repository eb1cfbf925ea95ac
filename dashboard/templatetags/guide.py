"""The guide beside the account, in words and signs: what they mean is said in dashboard.account_guide."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.domain.checklist import Checklist, ChecklistItem, Mark
from accounts.domain.difference import DiffLine, Part
from accounts.domain.role_facts import RoleFact
from dashboard.account_guide import AGREEMENT_WORDS, MARK_WORDS

register = template.Library()
SIDES = {"left": ("del", "−", "published only"), "right": ("ins", "+", "live only")}


@register.filter
def mark(item: ChecklistItem) -> SafeString:
    """What is known of one permission."""
    words, tone = MARK_WORDS[item.mark]
    return format_html('<span class="grade {}">{}</span>', tone, words)


@register.filter
def agreement(fact: RoleFact) -> SafeString:
    """Whether the account's fact is the documented one."""
    words, tone = AGREEMENT_WORDS[fact.agreement]
    return format_html('<span class="grade {}">{}</span>', tone, words)


@register.filter
def counted(checklist: Checklist) -> SafeString:
    """How many permissions stand how, each with its sign: `11 ✓ granted · 1 ✕ not granted`."""
    counts = [(checklist.count(mark), *MARK_WORDS[mark]) for mark in Mark if checklist.count(mark)]
    rows = ((tone, number, words) for number, words, tone in counts)
    return format_html_join(" · ", '<span class="grade {}"><b>{}</b> {}</span>', rows)


@register.simple_tag
def line_side(line: DiffLine, side: str) -> SafeString:
    """One side of a line: changed words in `del` or `ins`, a sign for the eye, a word for screen readers."""
    parts, (tag, sign, alone) = getattr(line, f"{side}_parts"), SIDES[side]
    text = format_html_join("", "{}", ((_part(part, tag),) for part in parts))
    if line.kind == "same":
        return text
    said = "changed" if line.kind == "changed" else alone
    start = '<i class="sign" aria-hidden="true">{}</i><i class="visually-hidden">{}: </i>{}'
    return format_html(start, sign, said, text)


def _part(part: Part, tag: str) -> SafeString:
    if not part.changed:
        return format_html("{}", part.text)
    return format_html("<{0}>{1}</{0}>", tag, part.text)
