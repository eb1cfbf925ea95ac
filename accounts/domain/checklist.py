"""The guide's permissions as a checklist, and what a role is granted beyond them. What was not read is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accounts.domain.documents import IncomparableDocumentError, UnreadableDocumentError
from accounts.domain.grants import Grant, grants_of, pair_of
from accounts.domain.policy import (
    PermissionCheck,
    ShownGrant,
    check_documented_permissions,
    compare_policy,
    documented_grants,
)
from accounts.domain.role import DOCUMENTED_PERMISSIONS, POLICY_DOCUMENT, DocumentedPermission


class Mark(StrEnum):
    """What is known of one permission."""

    GRANTED = "granted"  # as AWS publishes it, AWS's own conditions included
    CONDITIONAL = "conditional"  # under other conditions than published, or some of it denied
    NOT_GRANTED = "not_granted"
    NO_ROLE = "no_role"  # there is nobody whom it could be granted to
    UNKNOWN = "unknown"


class Attachment(StrEnum):
    """What the last look came to."""

    READ = "read"
    NOT_ATTACHED = "not_attached"  # AWS said that the role does not have the policy
    UNREAD = "unread"
    NO_ROLE = "no_role"


@dataclass(frozen=True, slots=True)
class PolicyReading:
    """What is known of a role's permissions: the document as last read, and how the last look stands to it.

    `others` is True when something else grants or takes away permissions that Rolecall does not weigh: a further
    policy, an inline one, a boundary.
    """

    document: object | None
    attachment: Attachment
    others: bool = False


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One of the guide's pairs. `last` is what was known of it when the last look failed, else UNKNOWN too."""

    permission: DocumentedPermission
    mark: Mark
    condition: str = ""
    published: str = ""  # the condition that AWS publishes for it
    last: Mark = Mark.UNKNOWN


@dataclass(frozen=True, slots=True)
class Extra:
    """One grant beyond the guide's list. `published` says that AWS's own document has it."""

    grant: ShownGrant
    published: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """All of the guide's pairs, and what goes beyond them. `reason` says why nothing is known; empty when it is."""

    items: tuple[ChecklistItem, ...]
    extras: tuple[Extra, ...]
    denies: tuple[ShownGrant, ...]
    reason: str

    def count(self, mark: Mark) -> int:
        """How many pairs stand so."""
        return sum(item.mark is mark for item in self.items)

    @property
    def complete(self) -> bool:
        """True when every pair is granted as published."""
        return self.count(Mark.GRANTED) == len(self.items)


def checklist(reading: PolicyReading, partition: str) -> Checklist:
    """Mark each of the guide's pairs; never raises, whatever the document is.

    Nothing is called granted or not granted unless the last look read it. Where the documented policy is not attached
    and another one may grant the same, that is unknown, too.
    """
    last = _marked(reading.document, partition)
    if reading.attachment is Attachment.READ and last:
        comparison = compare_policy(reading.document, partition)
        return Checklist(last, _extras(reading.document, partition), comparison.denies, "")
    if reading.attachment is Attachment.NO_ROLE:
        return Checklist(_all(Mark.NO_ROLE), (), (), "There is no role, so nothing is granted.")
    if reading.attachment is Attachment.NOT_ATTACHED and not reading.others:
        return Checklist(_all(Mark.NOT_GRANTED), (), (), "")
    return Checklist(_unknown(last), (), (), _reason(reading, partition))


def _all(mark: Mark) -> tuple[ChecklistItem, ...]:
    return tuple(ChecklistItem(pair, mark) for pair in DOCUMENTED_PERMISSIONS)


def _marked(document: object | None, partition: str) -> tuple[ChecklistItem, ...]:
    """The pairs as a document has them; none when there is no document that can be weighed."""
    live = check_documented_permissions(document, partition) if document is not None else ()
    published = check_documented_permissions(POLICY_DOCUMENT, "aws")
    return tuple(_item(here, there) for here, there in zip(live, published, strict=bool(live)))


def _item(here: PermissionCheck, there: PermissionCheck) -> ChecklistItem:
    """A pair that is granted under no condition, or under AWS's own alone, stands as published."""
    as_published = here.status == "granted" or here == there
    mark = Mark.GRANTED if as_published else Mark(here.status)
    return ChecklistItem(here.permission, mark, here.condition, there.condition)


def _unknown(last: tuple[ChecklistItem, ...]) -> tuple[ChecklistItem, ...]:
    known = {item.permission: item for item in last}
    return tuple(
        ChecklistItem(pair, Mark.UNKNOWN, last=known[pair].mark if pair in known else Mark.UNKNOWN)
        for pair in DOCUMENTED_PERMISSIONS
    )


def _reason(reading: PolicyReading, partition: str) -> str:
    if reading.attachment is Attachment.NOT_ATTACHED:
        return "The documented policy is not attached; what else grants the role something is not weighed."
    if reading.attachment is Attachment.READ and reading.document is not None:
        return compare_policy(reading.document, partition).reason
    return "The policy could not be read at the last look."


def _extras(document: object, partition: str) -> tuple[Extra, ...]:
    """What the live document allows and none of the guide's pairs covers; the widest and the news first."""
    try:
        live = grants_of(document, partition)
    except (UnreadableDocumentError, IncomparableDocumentError):
        return ()
    pairs = [pair_of(pair.action, pair.resource) for pair in DOCUMENTED_PERMISSIONS]
    beyond = [grant for grant in live if grant.effect == "Allow" and not any(pair.covers(grant) for pair in pairs)]
    found = [Extra(_shown(grant), any(known.covers(grant) for known in documented_grants())) for grant in beyond]
    return tuple(sorted(found, key=lambda extra: extra.published))


def _shown(grant: Grant) -> ShownGrant:
    return ShownGrant(grant.effect, grant.action_text, grant.resource_text, grant.conditions_text)
