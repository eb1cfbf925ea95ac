"""Session policies: what one session of the cleaner role may do, cut down to the one call that it is assumed for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

# AssumeRole takes so many characters of a policy.
MAX_CHARACTERS: Final = 2048
# What Amazon MQ does in the caller's name when it deletes a broker; none of it knows the broker's ARN.
BROKER_DEPENDENTS: Final = (
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DeleteVpcEndpoints",
    "ec2:DetachNetworkInterface",
)


def delete_broker(arn: str) -> str:
    """A session that can delete this broker and nothing else."""
    return _written((["mq:DeleteBroker"], arn), (BROKER_DEPENDENTS, "*"))


def delete_role(arn: str) -> str:
    """A session that can delete the role and nothing else."""
    return _written((["iam:DeleteServiceLinkedRole"], arn))


def create_role(arn: str) -> str:
    """A session that can make the role and nothing else."""
    return _written((["iam:CreateServiceLinkedRole"], arn))


def describe_role(arn: str) -> str:
    """A session that can change the role's description and nothing else."""
    return _written((["iam:UpdateRole", "iam:UpdateRoleDescription"], arn))


def _written(*grants: tuple[Sequence[str], str]) -> str:
    statements = [{"Effect": "Allow", "Action": list(actions), "Resource": resource} for actions, resource in grants]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    wild = [resource for _, resource in grants if resource != "*" and set(resource) & set("*?$")]
    if wild or len(text) > MAX_CHARACTERS:
        raise ValueError(f"a session policy names whole ARNs and has at most {MAX_CHARACTERS} characters: {text[:200]}")
    return text
