"""What may be said of a probe, a role, a policy, a trust policy and an account: five small vocabularies."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What came of one probe. Only `OK` is an answer; everything else says why there is none."""

    OK = "ok"
    NEVER = "never"
    UNSUPPORTED = "unsupported"
    REGION_DISABLED = "region_disabled"
    ASSUME_DENIED = "assume_denied"
    DENIED = "denied"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    FAILED = "failed"

    @property
    def failing(self) -> bool:
        """True when a person may have to act: Rolecall asked and got no answer."""
        return self in FAILING


FAILING = frozenset({Outcome.ASSUME_DENIED, Outcome.DENIED, Outcome.THROTTLED, Outcome.UNREACHABLE, Outcome.FAILED})


class Presence(StrEnum):
    """Whether the role is in the account."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class PolicyGrade(StrEnum):
    """How the role's permissions compare with the documented policy, worst first: the worst one wins."""

    UNREADABLE = "unreadable"
    NOT_COMPARABLE = "not_comparable"
    NOT_ATTACHED = "not_attached"
    DENY_PRESENT = "deny_present"
    MISSING_ACTIONS = "missing_actions"
    RESOURCES_DIFFER = "resources_differ"
    CONDITIONS_DIFFER = "conditions_differ"
    SUPERSET = "superset"
    EXACT = "exact"

    @property
    def drifted(self) -> bool:
        """True when the policy was read and is not the documented one."""
        return self not in (PolicyGrade.EXACT, PolicyGrade.UNREADABLE)


class TrustGrade(StrEnum):
    """How the role's trust policy compares with the documented one."""

    EXACT = "exact"
    TRUST_MISMATCH = "trust_mismatch"
    UNREADABLE = "unreadable"


class Flag(StrEnum):
    """What else is worth saying of the role; never a grade."""

    NEWER_VERSION = "newer_version"
    EXTRA_ATTACHED_POLICY = "extra_attached_policy"
    INLINE_POLICY_PRESENT = "inline_policy_present"
    PERMISSIONS_BOUNDARY = "permissions_boundary"
    ROLE_ABSENT = "role_absent"
    PATH_MISMATCH = "path_mismatch"


class Verdict(StrEnum):
    """What all of an account's answers together say about the role."""

    IN_USE = "in_use"
    UNUSED = "unused"
    ABSENT = "absent"
    UNKNOWN = "unknown"
