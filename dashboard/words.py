"""The domain's words as people read them: one place, so that page, tooltip and legend never differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

from accounts.domain.outcomes import Flag, Outcome, PolicyGrade, TrustGrade, Verdict
from accounts.models import Account

OUTCOME_WORDS = {
    Outcome.OK: "answered",
    Outcome.NEVER: "not polled yet",
    Outcome.UNSUPPORTED: "not polled: switched off in the region table",
    Outcome.REGION_DISABLED: "region not enabled in this account",
    Outcome.ASSUME_DENIED: "the reader role cannot be assumed",
    Outcome.DENIED: "denied",
    Outcome.THROTTLED: "throttled",
    Outcome.UNREACHABLE: "unreachable",
    Outcome.FAILED: "wrong or broken answer",
}
# As the matrix draws and its legend says them; the style sheet has the same signs.
OUTCOME_SIGNS = {
    Outcome.OK: "✓",
    Outcome.NEVER: "?",
    Outcome.UNSUPPORTED: "–",
    Outcome.REGION_DISABLED: "▨",
    Outcome.ASSUME_DENIED: "⊘",
    Outcome.DENIED: "⊘",
    Outcome.THROTTLED: "≋",
    Outcome.UNREACHABLE: "⌁",
    Outcome.FAILED: "✕",
}
OUTCOME_SHORT = {
    **OUTCOME_WORDS,
    Outcome.UNSUPPORTED: "not polled",
    Outcome.REGION_DISABLED: "region not enabled",
    Outcome.ASSUME_DENIED: "not let in",
    Outcome.FAILED: "broken answer",
}
OUTCOME_CHOICES = [(outcome.value, outcome.value.replace("_", " ")) for outcome in Outcome]

VERDICT_WORDS = {
    Verdict.IN_USE: "In use",
    Verdict.UNUSED: "Unused",
    Verdict.ABSENT: "Absent",
    Verdict.UNKNOWN: "Unknown",
}

# The engines of today as AWS writes them for people; a new one is shown as it comes.
ENGINE_WORDS = {"rabbitmq": "RabbitMQ", "activemq": "ActiveMQ"}
USUAL_STATE = "RUNNING"

# What stands before a grade, so that no grade is told by its colour alone.
POLICY_SIGNS = {
    PolicyGrade.EXACT: "✓",
    PolicyGrade.SUPERSET: "+",
    PolicyGrade.UNREADABLE: "?",
    PolicyGrade.NOT_COMPARABLE: "≠",
    PolicyGrade.NOT_ATTACHED: "−",
    PolicyGrade.DENY_PRESENT: "⊘",
    PolicyGrade.MISSING_ACTIONS: "−",
    PolicyGrade.RESOURCES_DIFFER: "≠",
    PolicyGrade.CONDITIONS_DIFFER: "≠",
}
POLICY_TONES = {PolicyGrade.EXACT: "ok", PolicyGrade.SUPERSET: "warn", PolicyGrade.UNREADABLE: "soft"}

POLICY_WORDS = {
    PolicyGrade.EXACT: "The policy is the documented one.",
    PolicyGrade.SUPERSET: "The policy grants everything that is documented, and more.",
    PolicyGrade.UNREADABLE: "The policy could not be read.",
    PolicyGrade.NOT_COMPARABLE: "The policy uses NotAction, NotResource or NotPrincipal, which cannot be compared.",
    PolicyGrade.NOT_ATTACHED: "The documented policy is not attached to the role.",
    PolicyGrade.DENY_PRESENT: "The policy denies something; the documented one denies nothing.",
    PolicyGrade.MISSING_ACTIONS: "The policy lacks documented actions.",
    PolicyGrade.RESOURCES_DIFFER: "The policy grants the documented actions on other resources.",
    PolicyGrade.CONDITIONS_DIFFER: "The policy grants the documented actions under other conditions.",
}
TRUST_WORDS = {
    TrustGrade.EXACT: "Only Amazon MQ may assume the role, as documented.",
    TrustGrade.TRUST_MISMATCH: "Somebody else may assume the role, or Amazon MQ may not as documented.",
    TrustGrade.UNREADABLE: "The trust policy could not be read.",
}
FLAG_WORDS = {
    Flag.NEWER_VERSION: "AWS has published a newer version of the policy than the documented v1.",
    Flag.EXTRA_ATTACHED_POLICY: "A further managed policy is attached to the role.",
    Flag.INLINE_POLICY_PRESENT: "The role has an inline policy.",
    Flag.PERMISSIONS_BOUNDARY: "The role has a permissions boundary.",
    Flag.ROLE_ABSENT: "There is no such role in the account.",
    Flag.PATH_MISMATCH: "A role of this name stands outside the service-linked path: it is not AWS's.",
}

MONTH_SECONDS = 2_629_800  # a twelfth of 365.25 days
SPANS = ((2 * MONTH_SECONDS, MONTH_SECONDS, "mo"), (86400, 86400, "d"), (3600, 3600, "h"), (60, 60, "min"))


def noun(count: int, word: str, many: str = "") -> str:
    """Give the noun that a number stands before: broker, brokers."""
    return word if count == 1 else many or word + "s"


def plural(count: int, word: str, many: str = "") -> str:
    """Give a number with its noun: 1 broker, 2 brokers."""
    return f"{count:,} {noun(count, word, many)}"


def states_in_words(counts: Mapping[str, Mapping[str, int]]) -> str:
    """The brokers that are not simply running: `1 RabbitMQ REBOOT_IN_PROGRESS, 2 ActiveMQ CREATION_FAILED`."""
    return ", ".join(
        f"{number:,} {ENGINE_WORDS.get(engine, engine)} {state}"
        for engine, states in sorted(counts.items(), reverse=True)
        for state, number in sorted(states.items())
        if state != USUAL_STATE
    )


def first_sentence(text: str) -> str:
    """Of what went wrong, what happened; what to do about it comes after."""
    return text.partition(". ")[0].removesuffix(".")


def ago(then: datetime | None, now: datetime) -> str:
    """Say how long ago: `just now`, `4 min ago`, `12 d ago`, `3 y 7 mo ago`; `never` for None."""
    if then is None:
        return "never"
    seconds = int((now - then).total_seconds())
    return "just now" if -5 < seconds < 5 else f"in {span(-seconds)}" if seconds < 0 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """Write a length of time in its largest whole unit; days up to two months, and a year with its months."""
    if seconds >= 12 * MONTH_SECONDS:
        years, months = divmod(int(seconds // MONTH_SECONDS), 12)
        return f"{years} y {months} mo" if months else f"{years} y"
    for least, unit, name in SPANS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} s"


def exact_span(seconds: float) -> str:
    """Write a length of time to the second: `5 min 38 s`, `1 h 04 min`; what a person compares or waits for."""
    if seconds < 1:
        return "under 1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def answering_server(url: str) -> str:
    """Name the server that answers in AWS's place: a port of this machine says nothing to people."""
    host = urlsplit(url).hostname or ""
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        here = False
    return "a server on this machine" if here else url


def every(seconds: int) -> str:
    """Write an interval without rounding it away: `2 h`, `90 min`, `45 s`."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds % unit == 0:
            return f"{seconds // unit:,} {name}"
    return f"{seconds:,} s"


def asked_words(account: Account) -> str:
    """How often an account is asked, and why not as often as it was meant to be: `every 2 h since 3 polls failed`."""
    since = f" since {plural(account.failed_polls, 'poll')} failed" if account.failed_polls else ""
    return f"every {every(account.asked_every)}{since}"


def fresh_words() -> str:
    """How old an answer may be before it is shown as old: `within the hour`."""
    seconds = settings.STALE_AFTER_SECONDS
    return "within the hour" if seconds == 3600 else f"within {span(seconds)}"


def stale_before(now: datetime) -> datetime:
    """An answer from before this moment is shown as old."""
    return now - timedelta(seconds=settings.STALE_AFTER_SECONDS)
