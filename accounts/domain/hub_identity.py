"""Whom the accounts' roles have to trust, told from what STS says that Rolecall is."""

from __future__ import annotations

from accounts.domain.identifiers import parse_arn, parse_role_arn


def principal_of(caller_arn: str, partition: str, role_arn: str = "") -> str:
    """The ARN to put into trust policies. Raises ValueError with what to do when there is none.

    A session's ARN leaves out the path of its role; `role_arn` is the whole one, as an operator has set it.
    """
    caller = parse_arn(caller_arn)
    if caller.partition != partition:
        raise ValueError(
            f"Rolecall runs as an identity of {caller.partition} here, and credentials never cross partitions. Give it "
            f"a profile with credentials of {partition} and name it in {setting('HUB_PROFILE', partition)}."
        )
    kind = caller.resource.partition("/")[0]
    if caller.service == "sts" and kind == "assumed-role":
        return _role_behind(caller_arn, role_arn, partition)
    if caller.service == "iam" and kind == "user":
        return caller_arn
    raise ValueError(
        f"Rolecall runs as {caller_arn}, and AWS lets a {kind} assume no role: use an IAM role, or an IAM user."
    )


def _role_behind(caller_arn: str, role_arn: str, partition: str) -> str:
    caller = parse_arn(caller_arn)
    name = caller.resource.split("/")[1]
    if not role_arn:
        if name.startswith("AWSReservedSSO_"):
            raise ValueError(
                f"Rolecall runs as the IAM Identity Center role {name}, whose path AWS does not tell here. Put the "
                f"role's whole ARN into {setting('HUB_ROLE_ARN', partition)}, or better, run it on a role of its own."
            )
        return f"arn:{partition}:iam::{caller.account_id}:role/{name}"
    told = parse_role_arn(role_arn)
    if (told.account_id, told.partition, told.resource.rpartition("/")[2]) != (caller.account_id, partition, name):
        raise ValueError(
            f"{setting('HUB_ROLE_ARN', partition)} is {role_arn}, but Rolecall runs as {caller_arn}. "
            "Correct the setting."
        )
    return role_arn


def setting(name: str, partition: str) -> str:
    """The environment variable of one partition: HUB_PROFILE_AWS_US_GOV."""
    return f"{name}_{partition.upper().replace('-', '_')}"
