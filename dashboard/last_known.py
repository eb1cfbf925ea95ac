"""Which words are only the last known ones, and since when: one rule, so that pages and files never differ."""

from __future__ import annotations

from datetime import datetime

from accounts.domain.outcomes import Outcome, Verdict
from accounts.models import RoleStatus
from dashboard.organization_words import rest_words
from dashboard.words import VERDICT_WORDS


def old_verdict(status: RoleStatus, fresh_since: datetime) -> datetime | None:
    """When the verdict was last seen to be so, if it is not of now: the look is old, or could not see it again.

    That of an account that rests is never of now: nobody looks again.
    """
    remembered = status.verdict_last_known_at is not None or bool(rest_words(status.account))
    return _unless_of_now(status.verdict_as_of, remembered, fresh_since)


def verdict_words(status: RoleStatus) -> str:
    """The verdict in a word, with its reservation where the last look could not see it again."""
    word = VERDICT_WORDS[Verdict(status.verdict)]
    return f"{word}, as last known" if status.verdict_last_known_at else word


def old_policy(status: RoleStatus, fresh_since: datetime) -> datetime | None:
    """When the policy was last read, if that is not of now."""
    return _unless_of_now(status.policy_last_ok_at, Outcome(status.policy_outcome).failing, fresh_since)


def old_role(status: RoleStatus, fresh_since: datetime) -> datetime | None:
    """When the role, and its trust policy with it, was last read, if that is not of now."""
    return _unless_of_now(status.last_ok_at, Outcome(status.outcome).failing, fresh_since)


def _unless_of_now(read_at: datetime | None, failing: bool, fresh_since: datetime) -> datetime | None:
    return read_at if read_at is not None and (failing or read_at < fresh_since) else None
