"""A matrix cell as HTML: a sign for the eye (drawn by the style sheet), words for everybody, as few bytes as can be."""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.domain.outcomes import Outcome
from accounts.models import Account
from dashboard.matrix import CellView
from dashboard.words import OUTCOME_WORDS, ago, plural

DETAIL_SHOWN = 90  # the account's page has all of it
BLANK = mark_safe('<td class="c"></td>')

# Five steps of the same blue: the least number of brokers for each.
HEAT = ((10, 4), (4, 3), (2, 2), (1, 1), (0, 0))


def heat(brokers: int) -> int:
    """The step of blue for a number of brokers."""
    return next(step for least, step in HEAT if brokers >= least)


def cell_html(account: Account, region: str, view: CellView | None, now: datetime) -> SafeString:
    """The whole <td>. Brokers and problems link to the cell's panel; a region of another partition is blank.

    Quiet cells have no link, for their weight: 1,500 of them on a page. The script opens their panels too.
    """
    if view is None:
        return BLANK
    title, words = f"{region}: {describe(view, now)}", short_words(view)
    # Who cannot assume the role is refused everywhere alike: nothing about the region is to be read elsewhere.
    refused_everywhere = view.outcome is Outcome.ASSUME_DENIED and view.brokers is None
    if refused_everywhere or (not view.brokers and not view.outcome.failing):
        return format_html('<td class="c {}" title="{}"><i>{}</i></td>', kind(view, now), title, words)
    shown = "" if view.brokers is None else view.brokers
    return format_html(
        '<td class="c {}" title="{}"><a href="/accounts/{}/regions/{}/">{}<i> {}</i></a></td>',
        kind(view, now),
        title,
        account.account_id,
        region,
        shown,
        words,
    )


def kind(view: CellView, now: datetime) -> str:
    """The style classes of a cell: what it is first, then how it is shown."""
    if view.outcome is Outcome.OK:
        step = f"heat{heat(view.brokers or 0)}"
        return f"{step} old" if view.old(now) else step
    known = view.brokers is not None and (view.outcome.failing or view.brokers > 0)
    return f"{view.outcome.value} last" if known else view.outcome.value


def short_words(view: CellView) -> str:
    """What a screen reader says beside the number."""
    if view.outcome is Outcome.OK:
        return "brokers" if view.brokers else "no brokers"
    known = "" if view.brokers is None else "last known, "
    return known + view.outcome.value.replace("_", " ")


def describe(view: CellView, now: datetime) -> str:
    """A cell in one sentence, with its age: the tooltip."""
    if view.outcome is Outcome.OK:
        old = ", older than accepted" if view.old(now) else ""
        return f"{counts_in_words(view)}, {ago(view.last_ok_at, now)}{old}"
    why = OUTCOME_WORDS[view.outcome]
    if view.permission:
        why = f"{why}: {view.permission}"
    elif view.detail and view.outcome.failing and view.outcome is not Outcome.ASSUME_DENIED:
        why = f"{why}: {view.detail[:DETAIL_SHOWN]}"
    looked = f", {ago(view.checked_at, now)}" if view.checked_at and view.outcome is not Outcome.UNSUPPORTED else ""
    if view.brokers is None:
        return f"{why}{looked}"
    return f"{why}{looked}. Last known: {counts_in_words(view)}, {ago(view.last_ok_at, now)}"


def counts_in_words(view: CellView) -> str:
    """The counts by engine: `3 brokers (2 RabbitMQ, 1 ActiveMQ)`."""
    if not view.brokers:
        return "no brokers"
    engines = [(view.rabbitmq or 0, "RabbitMQ"), (view.activemq or 0, "ActiveMQ")]
    engines.append((view.brokers - engines[0][0] - engines[1][0], "other"))
    inside = ", ".join(f"{count} {engine}" for count, engine in engines if count)
    unusual = f", of these {view.unusual}" if view.unusual else ""
    return f"{plural(view.brokers, 'broker')} ({inside}{unusual})"
