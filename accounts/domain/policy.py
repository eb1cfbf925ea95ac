"""How the role's live permissions compare with the documented ones: the grade, and what it rests on.

Nobody but AWS can edit this policy. So a difference first of all asks whether AWS has published a newer version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from accounts.domain.documents import IncomparableDocumentError, UnreadableDocumentError
from accounts.domain.globs import covers
from accounts.domain.grants import Grant, grants_of, pair_of
from accounts.domain.outcomes import PolicyGrade
from accounts.domain.role import DOCUMENTED_PERMISSIONS, DOCUMENTED_VERSION, POLICY_DOCUMENT, DocumentedPermission

GrantStatus = Literal["granted", "missing", "resource_differs", "condition_differs"]
PermissionStatus = Literal["granted", "conditional", "not_granted"]

_GRADE_OF: dict[GrantStatus, PolicyGrade] = {
    "missing": PolicyGrade.MISSING_ACTIONS,
    "resource_differs": PolicyGrade.RESOURCES_DIFFER,
    "condition_differs": PolicyGrade.CONDITIONS_DIFFER,
}
_WORST_FIRST = tuple(PolicyGrade)
_FINDING = {
    PolicyGrade.DENY_PRESENT: "The live policy denies {}",
    PolicyGrade.MISSING_ACTIONS: "The live policy does not allow {}",
    PolicyGrade.RESOURCES_DIFFER: "The live policy does not allow {} on every documented resource",
    PolicyGrade.CONDITIONS_DIFFER: "The live policy allows {} under other conditions than documented",
    PolicyGrade.SUPERSET: "The live policy allows more than documented: {}",
}


@dataclass(frozen=True, slots=True)
class ShownGrant:
    """One live grant as people read it."""

    effect: str
    action: str
    resource: str
    conditions: str

    def __str__(self) -> str:
        """The grant on one line."""
        return f"{self.effect} {self.action} on {self.resource}" + (f" if {self.conditions}" if self.conditions else "")


@dataclass(frozen=True, slots=True)
class GrantCheck:
    """One documented grant and how it stands in the live document."""

    effect: str
    action: str
    resource: str
    conditions: str
    status: GrantStatus


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """The grade and what it rests on. `reason` is one sentence for people, empty when the grade is `exact`.

    `finding` is that sentence without the question in it: empty, too, for a document that could not be compared.

    The three lists are empty when the document could not be compared.
    """

    grade: PolicyGrade
    documented: tuple[GrantCheck, ...]
    extra: tuple[ShownGrant, ...]
    denies: tuple[ShownGrant, ...]
    reason: str
    finding: str = ""


@dataclass(frozen=True, slots=True)
class PermissionCheck:
    """One of the guide's twelve pairs: whether the live document grants it, and under which condition."""

    permission: DocumentedPermission
    status: PermissionStatus
    condition: str


def compare_policy(document: object, partition: str) -> PolicyComparison:
    """Grade a live permissions document against the documented one; never raises, whatever the document is.

    `partition` is the account's. `not_attached` is the caller's to say: it needs no document.
    """
    try:
        live = grants_of(document, partition)
    except UnreadableDocumentError as error:
        return _incomparable(PolicyGrade.UNREADABLE, f"The live policy document cannot be read: {error}.")
    except IncomparableDocumentError as error:
        return _incomparable(PolicyGrade.NOT_COMPARABLE, f"The live policy cannot be compared: {error}.")
    documented = documented_grants()
    allows = [grant for grant in live if grant.effect == "Allow"]
    denies = [grant for grant in live if grant.effect == "Deny"]
    checks = tuple(_check(grant, allows) for grant in documented)
    extra = [grant for grant in allows if not any(known.covers(grant) for known in documented)]
    grade = _worst(checks, extra, denies)
    finding = _finding(grade, checks, extra, denies)
    reason = f"{finding}: has AWS published a newer version than {DOCUMENTED_VERSION}?" if finding else ""
    return PolicyComparison(grade, checks, _shown(extra), _shown(denies), reason, finding)


@cache
def documented_grants() -> tuple[Grant, ...]:
    """The published document as grants."""
    return grants_of(POLICY_DOCUMENT, "aws")


def _incomparable(grade: PolicyGrade, reason: str) -> PolicyComparison:
    return PolicyComparison(grade, documented=(), extra=(), denies=(), reason=reason)


def _check(wanted: Grant, allows: Sequence[Grant]) -> GrantCheck:
    status = _status(wanted, allows)
    return GrantCheck(wanted.effect, wanted.action_text, wanted.resource_text, wanted.conditions_text, status)


def _status(wanted: Grant, allows: Sequence[Grant]) -> GrantStatus:
    if any(_satisfies(grant, wanted) for grant in allows):
        return "granted"
    if any(grant.reaches(wanted) for grant in allows):
        return "condition_differs"
    return "resource_differs" if any(covers(grant.action, wanted.action) for grant in allows) else "missing"


def _satisfies(grant: Grant, wanted: Grant) -> bool:
    """True when the grant covers the wanted one, unless all it did was to drop the condition from the same action."""
    dropped = grant.action == wanted.action and grant.conditions != wanted.conditions
    return grant.covers(wanted) and not dropped


def _worst(checks: Iterable[GrantCheck], extra: Sequence[Grant], denies: Sequence[Grant]) -> PolicyGrade:
    grades = [_GRADE_OF[check.status] for check in checks if check.status != "granted"]
    grades += [PolicyGrade.DENY_PRESENT] * bool(denies) + [PolicyGrade.SUPERSET] * bool(extra)
    return min(grades, key=_WORST_FIRST.index, default=PolicyGrade.EXACT)


def _shown(grants: Iterable[Grant]) -> tuple[ShownGrant, ...]:
    return tuple(
        ShownGrant(grant.effect, grant.action_text, grant.resource_text, grant.conditions_text) for grant in grants
    )


def _finding(grade: PolicyGrade, checks: Iterable[GrantCheck], extra: Iterable[Grant], denies: Iterable[Grant]) -> str:
    """Name what the grade rests on."""
    if grade is PolicyGrade.EXACT:
        return ""
    if grade is PolicyGrade.DENY_PRESENT:
        actions = [grant.action_text for grant in denies]
    elif grade is PolicyGrade.SUPERSET:
        actions = [grant.action_text for grant in extra]
    else:
        actions = [check.action for check in checks if _GRADE_OF.get(check.status) is grade]
    return _FINDING[grade].format(_listed(actions))


def _listed(actions: Iterable[str]) -> str:
    names = sorted(set(actions))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def check_documented_permissions(document: object, partition: str) -> tuple[PermissionCheck, ...]:
    """Say for each of the guide's twelve pairs whether the live document grants it.

    Empty when the document cannot be compared: that is not the same as "not granted".
    """
    try:
        live = grants_of(document, partition)
    except (UnreadableDocumentError, IncomparableDocumentError):
        return ()
    return tuple(_check_permission(permission, live) for permission in DOCUMENTED_PERMISSIONS)


def _check_permission(permission: DocumentedPermission, live: Iterable[Grant]) -> PermissionCheck:
    pair = pair_of(permission.action, permission.resource)
    allows = [grant for grant in live if grant.effect == "Allow" and grant.reaches(pair)]
    denies = [grant for grant in live if grant.effect == "Deny" and grant.meets(pair)]
    if not allows or any(grant.reaches(pair) and not grant.conditions for grant in denies):
        return PermissionCheck(permission, "not_granted", "")
    provisos = [f"unless {grant}" for grant in _shown(denies)]
    if all(grant.conditions for grant in allows):
        provisos.insert(0, " or ".join(sorted({grant.conditions_text for grant in allows})))
    return PermissionCheck(permission, "conditional" if provisos else "granted", "; ".join(provisos))
