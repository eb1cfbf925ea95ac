"""The read model of how an account is asked: whether a poll of it is under way, and when the next one is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from accounts.models import Account, Poll, PollingPause
from dashboard.organization_words import rest_words
from dashboard.words import every, plural


@dataclass(frozen=True)
class NextPoll:
    """When the schedule asks next; None when nobody can tell. `why` is in sentences."""

    at: datetime | None
    words: str
    why: str
    tone: str = ""


def open_poll(account: Account) -> Poll | None:
    """The account's poll that is under way or waits for a worker: a running one before a queued one."""
    polls = account.polls.filter(state__in=Poll.OPEN).select_related("sweep")
    return polls.order_by("-state", "-pk").first()  # `running` stands behind `queued` in the alphabet


def poll_mark(account_id: str) -> str:
    """What differs once a poll of the account has begun or ended, be it an older one that another overtook."""
    mine = Poll.objects.filter(account__account_id=account_id).order_by("-pk")
    told = mine.filter(Q(state__in=Poll.OPEN) | Q(pk=mine.values("pk")[:1]))
    return ".".join(f"{pk}{state}" for pk, state in told.values_list("pk", "state")) or "0"


def next_poll(account: Account, pause: PollingPause | None, now: datetime) -> NextPoll:
    """When the schedule asks the account next, and what that rests on."""
    if rests := rest_words(account):
        return NextPoll(None, "not polled", f"It is {rests}: its organization’s word, taken over here.", "warn")
    if account.paused:
        return NextPoll(
            None, "paused", "The schedule leaves this account out; “Poll this account” still asks it.", "warn"
        )
    if pause is not None:
        since = f"{pause.since:%-d %b, %H:%M} UTC"
        return NextPoll(None, "paused for all accounts", f"By {pause.by} since {since}; Sweeps has the button.", "warn")
    why = interval_words(account)
    if account.next_poll_at is None:
        return NextPoll(None, "with the next sweep", f"It has not been scheduled before. {why}")
    if account.next_poll_at <= now:
        tick = every(settings.POLL_TICK_SECONDS)
        return NextPoll(account.next_poll_at, "due", f"The schedule begins a sweep every {tick}. {why}")
    return NextPoll(account.next_poll_at, "", why, "warn" if account.failed_polls else "")


def interval_words(account: Account) -> str:
    """What the time between two polls comes from: the interval, its spread, and polls that the account refused."""
    own = account.poll_interval_seconds
    base = every(own or settings.POLL_INTERVAL_SECONDS)
    said = f"{'Its own interval' if own else 'The interval of all accounts'} is {base}"
    spread = f", give or take {settings.POLL_JITTER_PERCENT} %" if settings.POLL_JITTER_PERCENT else ""
    if not account.failed_polls:
        return f"{said}{spread}."
    refused = plural(account.failed_polls, "poll")
    cap = every(settings.POLL_BACKOFF_CAP_SECONDS)
    return (
        f"{said}; the account refused the last {refused}, and each doubles it, up to {cap}: now every "
        f"{every(account.asked_every)}{spread}. A poll that succeeds, or “Poll this account”, ends that."
    )
