"""The read model of the guide beside the account: facts, checklist, and both documents side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from accounts.domain.checklist import Attachment, Mark, PolicyReading, checklist
from accounts.domain.difference import DiffLine, side_by_side, trust_side_by_side
from accounts.domain.outcomes import Flag, Outcome, PolicyGrade, Presence, TrustGrade
from accounts.domain.policy import compare_policy
from accounts.domain.role_facts import TRACKING_DAYS, Agreement, FoundRole, role_facts
from accounts.domain.trust import grade_trust, trusted_by
from accounts.models import Account, RoleStatus
from dashboard.matrix import role_status_of
from dashboard.publications import policy_sentence

CONTEXT_LINES: Final = 3  # shown around each difference of two documents
NOT_WEIGHED: Final = frozenset(
    {Flag.EXTRA_ATTACHED_POLICY.value, Flag.INLINE_POLICY_PRESENT.value, Flag.PERMISSIONS_BOUNDARY.value}
)
# Word and tone of each mark; the sign stands in the word, so that none is told by its colour.
MARK_WORDS: Final = {
    Mark.GRANTED: ("✓ granted", "ok"),
    Mark.CONDITIONAL: ("± other conditions", "warn"),
    Mark.NOT_GRANTED: ("✕ not granted", "bad"),
    Mark.NO_ROLE: ("– no role", "soft"),
    Mark.UNKNOWN: ("? unknown", "warn"),
}
AGREEMENT_WORDS: Final = {
    Agreement.SAME: ("✓ as documented", "ok"),
    Agreement.DIFFERS: ("≠ differs", "bad"),
    Agreement.FREE: ("left to the account", "soft"),
    Agreement.NO_ROLE: ("– no role", "soft"),
    Agreement.UNKNOWN: ("? not read", "warn"),
}


@dataclass(frozen=True)
class Difference:
    """Two documents side by side: all lines, and those that differ with a few around them; numbers stand for the rest.

    `was_at` is when the live one was read, if a later look failed.
    """

    title: str
    lines: Sequence[DiffLine]
    was_at: datetime | None

    @property
    def differs(self) -> bool:
        """True when any line is not the same."""
        return any(line.kind != "same" for line in self.lines)

    @property
    def short(self) -> list[DiffLine | int]:
        """The differences with the lines around them; a number stands for so many lines that are the same."""
        changed = [place for place, line in enumerate(self.lines) if line.kind != "same"]
        near = {at for place in changed for at in range(place - CONTEXT_LINES, place + CONTEXT_LINES + 1)}
        shown: list[DiffLine | int] = []
        for is_near, group in groupby(enumerate(self.lines), lambda item: item[0] in near):
            part = [line for _, line in group]
            shown.extend(part if is_near else [len(part)])
        return shown


def guide_context(account: Account, now: datetime) -> dict[str, object]:
    """Facts, checklist, policy and trust of the role, all compared afresh with what is documented."""
    status = role_status_of(account)
    facts = role_facts(_found(status), account.partition, account.account_id)
    found = checklist(_reading(status), account.partition)
    context: dict[str, object] = {
        "agreeing": [fact for fact in facts if fact.agreement is Agreement.SAME],
        "facts": [fact for fact in facts if fact.agreement is not Agreement.SAME],
        "compared": sum(bool(fact.documented) for fact in facts),
        "checklist": found,
        "granted": [item for item in found.items if item.mark is Mark.GRANTED],
        "wanting": [item for item in found.items if item.mark is not Mark.GRANTED],
        "tracked_since": tracked_since(status, now),
        "tracking_days": TRACKING_DAYS,
    }
    comparison = None
    if status.policy_document is not None:
        document, was_at = status.policy_document.document, _last_good(status.policy_outcome, status.policy_last_ok_at)
        comparison = compare_policy(document, account.partition)
        lines = side_by_side(document, account.partition)
        context["policy_difference"] = Difference("Permissions policy", lines, was_at)
    if status.trust_document is not None:
        document, was_at = status.trust_document.document, _last_good(status.outcome, status.last_ok_at)
        context["trust"] = grade_trust(document)
        context["trust_difference"] = Difference("Trust policy", trust_side_by_side(document), was_at)
    context["policy_said"] = policy_sentence(status, comparison)
    context["newer_version"] = Flag.NEWER_VERSION.value in status.flags
    return context


def tracked_since(status: RoleStatus, now: datetime) -> datetime:
    """Since when IAM would know of a use: for its tracking period, or for as long as the role is there."""
    earliest = now - timedelta(days=TRACKING_DAYS)
    return max(earliest, status.role_created_at or earliest)


def _last_good(outcome: str, read_at: datetime | None) -> datetime | None:
    return None if outcome == Outcome.OK else read_at


def _reading(status: RoleStatus) -> PolicyReading:
    document = status.policy_document.document if status.policy_document is not None else None
    others = bool(NOT_WEIGHED.intersection(status.flags))
    return PolicyReading(document, _attachment(status), others)


def _attachment(status: RoleStatus) -> Attachment:
    if status.outcome != Outcome.OK:
        return Attachment.UNREAD
    if status.presence == Presence.ABSENT:
        return Attachment.NO_ROLE
    if status.policy_outcome != Outcome.OK:
        return Attachment.UNREAD
    return Attachment.NOT_ATTACHED if status.policy_grade == PolicyGrade.NOT_ATTACHED else Attachment.READ


def _found(status: RoleStatus) -> FoundRole:
    exists = {Presence.PRESENT.value: True, Presence.ABSENT.value: False}.get(status.presence)
    read = status.outcome == Outcome.OK
    return FoundRole(
        exists=exists,
        read=read,
        arn=status.role_arn,
        trust=TrustGrade(status.trust_grade) if status.trust_grade else None,
        trusted=trusted_by(status.trust_document.document) if status.trust_document is not None else (),
        policy_read=read and status.policy_outcome == Outcome.OK,
        policy_arns=tuple(status.attached_policy_arns),
        version=status.policy_version,
        description=status.description,
    )
