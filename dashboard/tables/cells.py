"""A matrix cell as HTML: a sign for the eye (drawn by the style sheet), words for everybody, as few bytes as can be."""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.domain.outcomes import Outcome
from dashboard.matrix import CellView
from dashboard.words import OUTCOME_SHORT, OUTCOME_WORDS, USUAL_STATE, ago, plural

# Shorter than on other pages, where there is room.
SHORTLY = (Outcome.ASSUME_DENIED, Outcome.REGION_DISABLED)
NOBODY_ASKED = (Outcome.UNSUPPORTED, Outcome.NEVER)  # a time of the last look would be one of another answer
BLANK = mark_safe('<td class="c"></td>')

# Five steps of the same blue: the least number of brokers for each.
HEAT = ((10, 4), (4, 3), (2, 2), (1, 1), (0, 0))


def heat(brokers: int) -> int:
    """The step of blue for a number of brokers."""
    return next(step for least, step in HEAT if brokers >= least)


def cell_html(view: CellView | None, now: datetime) -> SafeString:
    """The whole <td>; a region of another partition is blank.

    There are 1,700 of them on a page, so each is as light as can be: the script finds a cell's address by its row and
    column, the style sheet has the signs with their words, and what AWS said in full is in the cell's panel.
    """
    if view is None:
        return BLANK
    shown = "" if view.brokers is None or not (view.brokers or view.outcome.failing) else view.brokers
    return format_html('<td class="c {}" title="{}">{}</td>', kind(view, now), describe(view, now), shown)


def kind(view: CellView, now: datetime) -> str:
    """The style classes of a cell: what it is first, then how it is shown."""
    if view.outcome is Outcome.OK:
        step = f"heat{heat(view.brokers or 0)}"
        return f"{step} old" if view.old(now) else step
    known = view.brokers is not None and (view.outcome.failing or view.brokers > 0)
    return f"{view.outcome.value} last" if known else view.outcome.value


def describe(view: CellView, now: datetime) -> str:
    """A cell in one short sentence, with its age: the tooltip."""
    if view.outcome is Outcome.OK:
        old = ", old" if view.old(now) else ""
        return f"{counts_in_short(view)}, {ago(view.last_ok_at, now)}{old}"
    why = OUTCOME_SHORT[view.outcome] if view.outcome in SHORTLY else no_answer_words(view)
    looked = f", {ago(view.checked_at, now)}" if view.checked_at and view.outcome not in NOBODY_ASKED else ""
    if view.brokers is not None:
        return f"{why}{looked}. Last known: {brokers_in_words(view)}, {ago(view.last_ok_at, now)}"
    return f"{why}: {view.permission}{looked}" if view.permission else f"{why}{looked}"


def no_answer_words(view: CellView) -> str:
    """Why there is no answer of the last look. One that was polled in other times is not called new."""
    if view.outcome is Outcome.NEVER and view.checked_at is not None:
        return "switched on again, and not polled since"
    return OUTCOME_WORDS[view.outcome]


def brokers_in_words(view: CellView) -> str:
    """The last known number alone: `3 brokers`."""
    return plural(view.brokers, "broker") if view.brokers else "no brokers"


def counts_in_short(view: CellView) -> str:
    """The counts by engine, and how many are in another state than RUNNING: the panel says in which."""
    return _counts(view, f", {view.not_running:,} not {USUAL_STATE}" if view.not_running else "")


def counts_in_words(view: CellView) -> str:
    """The counts by engine: `3 brokers (2 RabbitMQ, 1 ActiveMQ)`, with the states of those that are not running."""
    return _counts(view, f", of these {view.unusual}" if view.unusual else "")


def _counts(view: CellView, unusual: str) -> str:
    if not view.brokers:
        return "no brokers"
    engines = [(view.rabbitmq or 0, "RabbitMQ"), (view.activemq or 0, "ActiveMQ")]
    engines.append((view.brokers - engines[0][0] - engines[1][0], "other"))
    inside = ", ".join(f"{count} {engine}" for count, engine in engines if count)
    return f"{plural(view.brokers, 'broker')} ({inside}{unusual})"
