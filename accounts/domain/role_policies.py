"""What the reader and the cleaner role may do, statement by statement, and whom they trust."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias

from accounts.domain.role import POLICY_NAME, ROLE_NAME, ROLE_PATH, SERVICE_PRINCIPAL

Statement: TypeAlias = Mapping[str, Any]


class Purpose(StrEnum):
    """Why a role of an account is assumed. Looking and deleting never share a role."""

    READER = "reader"
    CLEANER = "cleaner"


ROLE_NAMES: Final[Mapping[str, str]] = {Purpose.READER: "MqSlrReader", Purpose.CLEANER: "MqSlrCleaner"}
# The role of a management account that lists the accounts of its organization; no account's own purpose.
ORGANIZATION: Final = "organization"
# The trust policies let in no other session names; reading and deleting are told apart by them in CloudTrail, too.
SESSION_PREFIX: Final[Mapping[str, str]] = {
    Purpose.READER: "mqslr-scan-",
    Purpose.CLEANER: "mqslr-clean-",
    ORGANIZATION: "mqslr-org-",
}
SESSION_SECONDS: Final = 3600  # the most a hub that itself runs on a role may ask for

_SLR: Final = f"arn:aws:iam::*:role{ROLE_PATH}{ROLE_NAME}"
_SLR_POLICY: Final = f"arn:aws:iam::aws:policy/aws-service-role/{POLICY_NAME}"
_BROKERS: Final = "arn:aws:mq:*:*:broker:*"
_STATUS: Final = "iam:GetServiceLinkedRoleDeletionStatus"


def _allow(sid: str, resource: str, *actions: str, **more: Any) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


_READS: Final = (
    _allow(
        "ReadSlr",
        _SLR,
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:GetRolePolicy",
        _STATUS,
    ),
    _allow("ReadSlrPolicy", _SLR_POLICY, "iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"),
    # None of the three can be narrowed to a resource.
    _allow("ListBrokersAndRegions", "*", "mq:ListBrokers", "account:ListRegions", "iam:ListAccountAliases"),
    _allow("ReadBrokers", _BROKERS, "mq:DescribeBroker", "mq:ListTags"),
)
_DELETES: Final = (
    _allow("DeleteBrokers", _BROKERS, "mq:DeleteBroker"),
    # Amazon MQ takes a broker's network interfaces away in the caller's name.
    _allow(
        "DeleteBrokerDependents",
        "*",
        "ec2:DeleteVpcEndpoints",
        "ec2:DetachNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
    ),
    _allow("DeleteSlr", _SLR, "iam:DeleteServiceLinkedRole", _STATUS),
)
_CREATES: Final = (
    _allow(
        "RecreateSlr",
        _SLR,
        "iam:CreateServiceLinkedRole",
        Condition={"StringEquals": {"iam:AWSServiceName": SERVICE_PRINCIPAL}},
    ),
    _allow("EditSlrDescription", _SLR, "iam:UpdateRole", "iam:UpdateRoleDescription"),
)
# AWS narrows the first three to nothing smaller, and the others name what is not known before it is read.
ORGANIZATION_STATEMENT: Final = _allow(
    "RolecallReadsOrganization",
    "*",
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListRoots",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListAccountsForParent",
    "organizations:ListTagsForResource",
)


def organization_permissions() -> dict[str, Any]:
    """What reads an organization: the permissions policy of a role for it, the same in every partition."""
    return {"Version": "2012-10-17", "Statement": [ORGANIZATION_STATEMENT]}


def permissions(purpose: Purpose, partition: str, *, create_and_describe: bool = False) -> dict[str, Any]:
    """The role's permissions policy; `create_and_describe` lets a cleaner make the role anew and describe it."""
    deletes = (*_DELETES, *(_CREATES if create_and_describe else ())) if purpose is Purpose.CLEANER else ()
    return {"Version": "2012-10-17", "Statement": [_in(partition, statement) for statement in (*_READS, *deletes)]}


def statement_for(action: str, purpose: Purpose, partition: str) -> dict[str, Any]:
    """The least statement that allows one action: what to add where it is denied. Raises LookupError for others."""
    for statement in permissions(purpose, partition, create_and_describe=True)["Statement"]:
        if action in statement["Action"]:
            return {**statement, "Action": action}
    raise LookupError(action)


def trust(purpose: str, principal_arn: Any, external_id: Any) -> dict[str, Any]:
    """The role's trust policy: this one identity, with this external id, under the purpose's session names.

    Both may be what a template puts in their place.
    """
    principal = {"AWS": principal_arn}
    conditions = {
        "StringEquals": {"sts:ExternalId": external_id},
        "StringLike": {"sts:RoleSessionName": f"{SESSION_PREFIX[purpose]}*"},
    }
    assume = {"Sid": "HubMayAssume", "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    named = {"Sid": "HubMaySetSourceIdentity", "Effect": "Allow", "Principal": principal}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**assume, "Condition": conditions},
            {**named, "Action": "sts:SetSourceIdentity", "Condition": {"StringLike": {"sts:SourceIdentity": "*"}}},
        ],
    }


def new_external_id() -> str:
    """A random external id of 160 bits: AWS keeps none of them secret, so it only has to be nobody else's."""
    return f"rolecall-{secrets.token_hex(20)}"


def _in(partition: str, statement: Statement) -> dict[str, Any]:
    return {**statement, "Resource": statement["Resource"].replace("arn:aws:", f"arn:{partition}:", 1)}
