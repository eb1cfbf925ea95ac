"""From AWS's answers to the domain's facts: what is missing, of the wrong kind, or another account's is refused."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from accounts.aws.errors import AwsError, ErrorKind, aws_errors, scrub
from accounts.domain.cleanups import DeletionStatus, TaskStatus, Usage
from accounts.domain.identifiers import Arn, parse_arn
from accounts.domain.plans import PlannedBroker, iso
from accounts.domain.readings import BrokerFacts, LastConnection, RoleFacts

logger = logging.getLogger(__name__)

# What AWS puts in place of an account id in the ARN of a policy that is its own.
AWS_ITSELF = "aws"
# The code of an answer of a wrong shape: the name of a Python exception would mean nothing to an admin.
UNREADABLE = "UnreadableAnswer"


@contextmanager
def answering(action: str, region: str = "") -> Iterator[None]:
    """Let out nothing but AwsError: of botocore's exceptions, and of what a broken answer raises when it is read."""
    try:
        with aws_errors(action, region):
            yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
        # botocore's own parsers raise these too, for well-formed text of a wrong shape or an impossible time.
        # What they say may quote the body, so only their name is kept.
        logger.warning("%s: an answer could not be read (%s)", action, type(error).__name__)
        raise broken(action, region, UNREADABLE) from None


def broken(action: str, region: str, code: str) -> AwsError:
    """An answer that cannot be understood: nothing is known, least of all that there is nothing."""
    return AwsError(ErrorKind.BROKEN, action, code, "the answer lacks a field or has a wrong one", region=region)


def check_owner(arn: Arn, account_id: str, action: str, region: str = "", *, aws_too: bool = False) -> None:
    """Raise AwsError, and log it as an error, when an answer speaks of another account or of another region."""
    region_fits = not region or arn.region == region
    if region_fits and (arn.account_id == account_id or (aws_too and arn.account_id == AWS_ITSELF)):
        return
    message = (
        f"Asked {account_id}{' in ' + region if region else ''}, answered by {arn.account_id} {arn.region}".strip()
    )
    logger.error("%s: %s. The answer is thrown away.", action, message)
    raise AwsError(ErrorKind.WRONG_ACCOUNT, action, "WrongAccount", message + ".", region=region)


def text(answer: Mapping[str, object], key: str) -> str:
    """A text that must be there. Raises LookupError or TypeError."""
    value = answer[key]
    if not isinstance(value, str) or not value or "\0" in value:  # no table can hold a NUL
        raise TypeError(f"{key} is not a text")
    return value


def optional_text(answer: Mapping[str, object], key: str) -> str:
    """A text that AWS may leave out. Raises TypeError."""
    return text(answer, key) if answer.get(key) else ""


def optional_time(answer: Mapping[str, object], key: str) -> datetime | None:
    """A time in UTC that AWS may leave out. Raises TypeError."""
    return None if answer.get(key) is None else time(answer, key)


def time(answer: Mapping[str, object], key: str) -> datetime:
    """A time in UTC (botocore gives the machine's own zone). Raises LookupError or TypeError."""
    value = answer[key]
    if not isinstance(value, datetime):
        raise TypeError(f"{key} is not a time")
    return value.astimezone(UTC)


def role_facts(role: Mapping[str, object], account_id: str) -> RoleFacts:
    """Read the Role of GetRole."""
    check_owner(parse_arn(text(role, "Arn")), account_id, "iam:GetRole")
    used, boundary = role.get("RoleLastUsed") or {}, role.get("PermissionsBoundary") or {}
    if not isinstance(used, Mapping) or not isinstance(boundary, Mapping):
        raise TypeError("RoleLastUsed or PermissionsBoundary is not a structure")
    return RoleFacts(
        arn=text(role, "Arn"),
        role_id=text(role, "RoleId"),
        path=text(role, "Path"),
        name=text(role, "RoleName"),
        description=optional_text(role, "Description"),
        created_at=optional_time(role, "CreateDate"),
        last_used_at=optional_time(used, "LastUsedDate"),
        last_used_region=optional_text(used, "Region"),
        trust_document=role["AssumeRolePolicyDocument"],
        permissions_boundary_arn=optional_text(boundary, "PermissionsBoundaryArn"),
    )


def broker_facts(broker: Mapping[str, object], account_id: str, region: str) -> BrokerFacts:
    """Read one BrokerSummary of ListBrokers; an unknown state or engine is kept as AWS spells it."""
    arn = text(broker, "BrokerArn")
    check_owner(parse_arn(arn), account_id, "mq:ListBrokers", region)
    return BrokerFacts(
        arn=arn,
        broker_id=text(broker, "BrokerId"),
        name=text(broker, "BrokerName"),
        region=region,
        engine=text(broker, "EngineType"),
        state=text(broker, "BrokerState"),
        deployment_mode=optional_text(broker, "DeploymentMode"),
        instance_type=optional_text(broker, "HostInstanceType"),
        created_at=optional_time(broker, "Created"),
    )


# What DescribeBroker tells under these names takes effect with the broker's next reboot.
_PENDING = {
    "PendingAuthenticationStrategy": "authentication strategy",
    "PendingDataReplicationMode": "data replication",
    "PendingEngineVersion": "engine version",
    "PendingHostInstanceType": "instance type",
    "PendingLdapServerMetadata": "LDAP server",
    "PendingSecurityGroups": "security groups",
}


def broker_now(answer: Mapping[str, Any], account_id: str, region: str, broker_id: str) -> PlannedBroker:
    """Read DescribeBroker, Tags included; unknown states and engines are kept as AWS spells them."""
    arn = text(answer, "BrokerArn")
    check_owner(parse_arn(arn), account_id, "mq:DescribeBroker", region)
    if text(answer, "BrokerId") != broker_id or not arn.endswith(f":{broker_id}"):
        raise ValueError("another broker's answer")
    return PlannedBroker(
        arn=arn,
        broker_id=broker_id,
        name=text(answer, "BrokerName"),
        region=region,
        engine=text(answer, "EngineType"),
        state=text(answer, "BrokerState"),
        instance_type=optional_text(answer, "HostInstanceType"),
        deployment_mode=optional_text(answer, "DeploymentMode"),
        engine_version=optional_text(answer, "EngineVersion"),
        created_at=iso(optional_time(answer, "Created")),
        tags=_tags(answer["Tags"]),
        actions_required=tuple(text(action, "ActionRequiredCode") for action in answer.get("ActionsRequired") or ()),
        pending=tuple(words for name, words in _PENDING.items() if answer.get(name)),
        replication=optional_text(answer, "DataReplicationMode"),
    )


def last_connection(result: Mapping[str, Any]) -> LastConnection:
    """Read one metric of GetMetricData. Raises LookupError, TypeError or ValueError."""
    counts = list(zip(result["Timestamps"], result["Values"], strict=True))
    busy = [at.astimezone(UTC) for at, count in counts if count > 0]
    return LastConnection(known=bool(counts), at=max(busy, default=None))


def _tags(tags: object) -> dict[str, str]:
    """Tags protect, so that a list which is half understood is not taken for a shorter one."""
    if not isinstance(tags, Mapping) or not all(isinstance(part, str) for pair in tags.items() for part in pair):
        raise TypeError("Tags is not a map of texts")
    return dict(tags)


def deletion_status(answer: Mapping[str, object]) -> DeletionStatus:
    """Read GetServiceLinkedRoleDeletionStatus. A reason, a list of usage and each of its parts may be missing."""
    reason = answer.get("Reason") or {}
    if not isinstance(reason, Mapping):
        raise TypeError("Reason is not a structure")
    usage = [
        Usage(optional_text(used, "Region"), resource)
        for used in reason.get("RoleUsageList") or ()
        for resource in used.get("Resources") or ()
        if isinstance(resource, str)
    ]
    return DeletionStatus(TaskStatus(text(answer, "Status")), scrub(optional_text(reason, "Reason")), tuple(usage))
