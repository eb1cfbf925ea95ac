"""What an organization says of an account, and what Rolecall does about it, in words: one place for all pages."""

from __future__ import annotations

from accounts.domain.organization import Kind, MemberState
from accounts.models import Account

MOVED = "The organization was read again, or an account changed, meanwhile. Nothing was taken: look again."
STATE_WORDS = {
    MemberState.ACTIVE: "active",
    MemberState.PENDING_ACTIVATION: "not active yet",
    MemberState.PENDING_CLOSURE: "about to be closed",
    MemberState.SUSPENDED: "suspended in AWS",
    MemberState.CLOSED: "closed in AWS",
    MemberState.GONE: "gone from its organization",
}
# Title, what it is, what taking it does.
KIND_WORDS = {
    Kind.NEW: ("New", "in the organization and not watched", "They are watched, and polled within minutes."),
    Kind.RENAMED: ("Renamed", "with another name in AWS", "They take AWS’s name."),
    Kind.MOVED: ("Moved", "in another organizational unit", "They take the unit."),
    Kind.TAGS: ("Tags changed", "with other tags in AWS", "They take AWS’s tags; tags given here stay."),
    Kind.SUSPENDED: (
        "Suspended or closed", "whose state in AWS has changed",
        "Kept with their history; suspended and closed ones are not polled.",
    ),
    Kind.BACK: ("Back", "active again", "They are polled again, at once."),
    Kind.GONE: ("Gone", "no longer in the organization", "Marked and not polled; nothing of them is removed."),
}  # fmt: skip


def state_words(state: str) -> str:
    """A state as people read it; one that is not known here as AWS spells it."""
    if not state:
        return "not known"
    return STATE_WORDS[MemberState(state)] if state in MemberState.__members__ else state


def rest_words(account: Account) -> str:
    """Why an account is not polled, when its organization is the reason: `suspended in AWS`; else nothing."""
    return state_words(account.organization_state) if account.rests else ""
