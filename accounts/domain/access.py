"""What a check of an account's roles can find: how the role is assumed, and what the session may call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.domain.role_policies import Purpose, permissions


class Result(StrEnum):
    """What is known of one call."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_TRIED = "not_tried"  # it would change something, or there is nothing to try it on
    UNKNOWN = "unknown"  # AWS gave no answer to the question


class Door(StrEnum):
    """How a role lets Rolecall in."""

    READY = "ready"  # with the external id, and only with it; every call that was tried is allowed
    INCOMPLETE = "incomplete"  # ... and a call is denied
    OPEN = "open"  # without the external id: Rolecall refuses such a role
    SHUT = "shut"  # not at all
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallCheck:
    """One call: `denied_by` is the sort of policy that AWS names, `detail` what an admin reads.

    `add` is True when a statement that allows the call would mend it: what denies it outright is not outweighed.
    """

    action: str
    result: Result
    denied_by: str = ""
    detail: str = ""
    add: bool = False


# The reader's and the cleaner's calls, each with what Rolecall needs it for.
NEEDED_FOR: Final = {
    "iam:GetRole": "whether the role exists, its trust policy, its last use",
    "iam:ListAttachedRolePolicies": "which policies are attached to it",
    "iam:ListRolePolicies": "whether it has inline policies",
    "iam:GetRolePolicy": "what an inline policy says",
    "iam:GetServiceLinkedRoleDeletionStatus": "how a deletion stands",
    "iam:GetPolicy": "which version of its policy is in force",
    "iam:GetPolicyVersion": "what that version says",
    "iam:ListPolicyVersions": "which versions there are",
    "mq:ListBrokers": "the brokers of a region",
    "account:ListRegions": "which regions are enabled",
    "iam:ListAccountAliases": "the account's alias",
    "mq:DescribeBroker": "what is worth knowing before a broker is deleted",
    "mq:ListTags": "the tags that protect a broker",
    "mq:DeleteBroker": "deleting the brokers of a confirmed plan",
    "ec2:DeleteVpcEndpoints": "Amazon MQ, when it takes a broker's endpoints away",
    "ec2:DetachNetworkInterface": "Amazon MQ, when it takes a broker's interfaces away",
    "ec2:DeleteNetworkInterface": "Amazon MQ, when it takes a broker's interfaces away",
    "ec2:DeleteNetworkInterfacePermission": "Amazon MQ, when it takes a broker's interfaces away",
    "iam:DeleteServiceLinkedRole": "deleting the role of a confirmed plan",
}
CHANGES: Final = "A check tries nothing that changes or deletes something."


def actions_of(purpose: Purpose) -> tuple[str, ...]:
    """The calls that a role is for, each once, in the order of its policy."""
    statements = permissions(purpose, "aws")["Statement"]
    return tuple(dict.fromkeys(action for statement in statements for action in statement["Action"]))


def is_changing(action: str) -> bool:
    """True for a call that must not be tried."""
    return action.partition(":")[2].startswith(("Delete", "Detach", "Create", "Update"))


def judge(calls: Iterable[CallCheck]) -> Door:
    """The verdict on a role that let Rolecall in with its external id, and only with it."""
    results = {call.result for call in calls}
    if Result.DENIED in results:
        return Door.INCOMPLETE
    return Door.UNKNOWN if Result.UNKNOWN in results else Door.READY
