"""STS: AssumeRole with all its checks, and GetCallerIdentity."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from accounts.domain.regions import partition_of
from dashboard.demo.local_aws.access import like
from dashboard.demo.local_aws.authorize import Context, refusal
from dashboard.demo.local_aws.sessions import HUB_ACCOUNT_ID, Session, new_key_id, token_of
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import OPT_IN_REGIONS, Access

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_ROLE_ARN = re.compile(r"arn:([\w-]+):iam::(\d{12}):role/(?:[\w+=,.@-]+/)*([\w+=,.@-]{1,64})", re.ASCII)
MAX_POLICY = 2048


def get_caller_identity(context: Context) -> dict[str, object]:
    """Say who asks; always allowed."""
    session, arn = context.caller.session, context.caller.arn
    if session is None:  # the demo's hub is one user with a key for every partition
        arn = arn.replace("arn:aws:", f"arn:{partition_of(context.call.region)}:")
    user_id = f"AROA{session.key_id[4:]}:{session.session_name}" if session else "AIDAROLECALLHUBDEMO00"
    return {"UserId": user_id, "Account": context.caller.account_id, "Arn": arn}


def assume_role(context: Context) -> dict[str, object]:
    """Give temporary credentials, or refuse as AWS does: a missing role and a wrong external id sound alike."""
    arn = _ROLE_ARN.fullmatch(context.param("RoleArn"))
    if arn is None:
        raise _invalid(f"{context.param('RoleArn')} is invalid")
    partition, account_id, role_name = arn.groups()
    duration = _duration(context)
    _check_syntax(context)
    access = _trusted(context, partition, account_id, role_name)
    if access is None:
        raise refusal(context, "sts:AssumeRole", context.param("RoleArn"))
    if duration > access.max_session:
        raise AwsError(
            400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    policy = _session_policy(context)
    lifetime = min(duration, context.world.settings.session_seconds)
    name = context.param("RoleSessionName")
    expires = time.time() + lifetime
    return _answer(context, Session(new_key_id(), account_id, partition, role_name, name, expires, policy))


def _check_syntax(context: Context) -> None:
    name = context.param("RoleSessionName")
    if not _SESSION_NAME.fullmatch(name):
        raise _invalid(f"Value '{name}' at 'roleSessionName' failed to satisfy constraint: {_SESSION_NAME.pattern}")
    external_id = context.param("ExternalId")
    if external_id and not _EXTERNAL_ID.fullmatch(external_id):
        raise _invalid(f"Value '{external_id}' at 'externalId' failed to satisfy constraint: {_EXTERNAL_ID.pattern}")
    if "PolicyArns.member.1.arn" in context.call.params:
        raise _invalid("PolicyArns are not known to the local AWS: send Policy")


def _duration(context: Context) -> int:
    text = context.param("DurationSeconds", "3600")
    if not text.isdigit() or not 900 <= int(text) <= 43200:
        raise _invalid(f"Value '{text}' at 'durationSeconds' failed to satisfy constraint: between 900 and 43200")
    return int(text)


def _trusted(context: Context, partition: str, account_id: str, role_name: str) -> Access | None:
    """The role to assume when it exists, trusts the caller and every condition of its trust policy holds."""
    region = context.call.region
    account = context.world.accounts.get(account_id)
    if account is None or account.partition != partition or partition_of(region) != partition:
        return None
    if context.caller.account_id != HUB_ACCOUNT_ID or account.state in ("SUSPENDED", "CLOSED"):
        return None
    if region in OPT_IN_REGIONS or any(like(denial.action, "sts:AssumeRole") for denial in account.denials):
        return None
    access = account.access.get(role_name)
    if access is None or not like(access.session_name_like, context.param("RoleSessionName")):
        return None
    return access if access.external_id in ("", context.param("ExternalId")) else None


def _session_policy(context: Context) -> Any:
    text = context.param("Policy")
    if not text:
        return None
    if len(text) > MAX_POLICY:
        raise _invalid(f"Value at 'policy' failed to satisfy constraint: at most {MAX_POLICY} characters")
    try:
        document = json.loads(text)
    except ValueError:
        raise AwsError(400, "MalformedPolicyDocument", "This policy contains invalid Json") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    rules = [statements] if isinstance(statements, dict) else statements
    if not rules or not all(map(_complete, rules)):
        raise AwsError(400, "MalformedPolicyDocument", "Syntax errors in policy.")
    return document


def _complete(statement: object) -> bool:
    """True when a statement says what it does to which action and which whole ARN."""
    if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
        return False
    resources = statement.get("Resource", statement.get("NotResource"))
    listed = resources if isinstance(resources, list) else [resources]
    whole = all(isinstance(arn, str) and (arn == "*" or arn.count(":") >= 5) for arn in listed)
    return whole and ("Action" in statement or "NotAction" in statement)


def _answer(context: Context, session: Session) -> dict[str, object]:
    policy = context.param("Policy")
    secret, token = secrets.token_urlsafe(30), token_of(session)
    context.world.handed_out.append((secret, token))
    return {
        "Credentials": {
            "AccessKeyId": session.key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": datetime.fromtimestamp(session.expires, UTC),
        },
        "AssumedRoleUser": {"AssumedRoleId": f"AROA{session.key_id[4:]}:{session.session_name}", "Arn": session.arn},
        "PackedPolicySize": max(1, len(policy) * 100 // MAX_POLICY) if policy else None,
        "SourceIdentity": context.param("SourceIdentity") or None,
    }


def _invalid(what: str) -> AwsError:
    return AwsError(400, "ValidationError", f"1 validation error detected: {what}")
