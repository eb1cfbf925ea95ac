"""Who may do what: the roles that the hub assumes, and how a policy document decides about a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from accounts.domain import role as documented
from dashboard.demo.local_aws.world import Access

READER = "MqSlrReader"
CLEANER = "MqSlrCleaner"
# Every member account of an organization has it: the management account may do anything there.
ADMIN = "OrganizationAccountAccessRole"


def default_access(partition: str, external_id: str, extra: Iterable[Mapping[str, Any]]) -> dict[str, Access]:
    """The reader and the cleaner role with the permissions that Rolecall's manual asks for, then what is added."""
    roles = [
        Access(READER, external_id, "mqslr-scan-*", _document(partition, _reads())),
        Access(CLEANER, external_id, "mqslr-clean-*", _document(partition, [*_reads(), *_deletes()])),
        Access(ADMIN, "", "*", _document(partition, [(["*"], "*")]), 43200),
    ]
    roles += [_access(partition, external_id, given) for given in extra]
    return {role.name: role for role in roles}


def _access(partition: str, external_id: str, given: Mapping[str, Any]) -> Access:
    return Access(
        name=given["name"],
        external_id=given.get("external_id", external_id),
        session_name_like=given.get("session_name_like", "*"),
        permissions=given.get("permissions") or _document(partition, _reads()),
        max_session=given.get("max_session", 3600),
    )


def _document(partition: str, statements: list[tuple[list[str], str]]) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": resource.replace("arn:aws:", f"arn:{partition}:")}
            for actions, resource in statements
        ],
    }


_ROLE = f"arn:aws:iam::*:role{documented.ROLE_PATH}{documented.ROLE_NAME}"
_BROKER = "arn:aws:mq:*:*:broker:*"


def _reads() -> list[tuple[list[str], str]]:
    role_reads = ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy"]
    return [
        ([f"iam:{action}" for action in (*role_reads, "GetServiceLinkedRoleDeletionStatus")], _ROLE),
        (["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"], documented.policy_arn("aws")),
        (["mq:ListBrokers", "account:ListRegions", "iam:ListAccountAliases"], "*"),
        (["mq:DescribeBroker", "mq:ListTags"], _BROKER),
        (["cloudwatch:GetMetricData"], "*"),
    ]


def _deletes() -> list[tuple[list[str], str]]:
    interfaces = ["DetachNetworkInterface", "DeleteNetworkInterface", "DeleteNetworkInterfacePermission"]
    return [
        (["mq:DeleteBroker"], _BROKER),
        ([f"ec2:{action}" for action in ("DeleteVpcEndpoints", *interfaces)], "*"),
        (["iam:DeleteServiceLinkedRole"], _ROLE),
    ]


def decide(document: object, action: str, resource: str) -> str:
    """Say `allow`, `deny` or `` (nothing said) of a call. Conditions are taken as met: no policy here needs them."""
    said = ""
    for statement in _statements(document):
        if _matches(statement, "Action", action, re.IGNORECASE) and _matches(statement, "Resource", resource, 0):
            if statement.get("Effect") == "Deny":
                return "deny"
            said = "allow"
    return said


def _statements(document: object) -> list[Mapping[str, Any]]:
    statements = document.get("Statement", []) if isinstance(document, Mapping) else []
    return [statements] if isinstance(statements, Mapping) else list(statements)


def _matches(statement: Mapping[str, Any], name: str, value: str, flags: int) -> bool:
    if name in statement:
        return any(_glob(pattern, flags).fullmatch(value) for pattern in as_list(statement[name]))
    excluded = as_list(statement.get(f"Not{name}", []))
    return f"Not{name}" in statement and not any(_glob(pattern, flags).fullmatch(value) for pattern in excluded)


def as_list(value: Any) -> list[str]:
    """IAM's grammar: a scalar is a list of one."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def like(pattern: str, value: str) -> bool:
    """IAM's StringLike: `*` and `?` are wild, case counts."""
    return _glob(pattern, 0).fullmatch(value) is not None


@lru_cache(maxsize=2000)
def _glob(pattern: str, flags: int) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, flags | re.DOTALL)
