"""IAM, as far as the service-linked role goes: reading it, making it, and the deletion that is a task of its own."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any
from urllib.parse import quote

from accounts.domain import role as documented
from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.sessions import HUB_ACCOUNT_ID, HUB_USER
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import Access, Account, DeletionTask, Role, service_linked_role

_TASK_PREFIX = f"task{documented.ROLE_PATH}{documented.ROLE_NAME}/"
_POLICY_CREATED = "2020-11-04T16:07:17Z"
DEFAULT_PAGE = 100
# Whoever calls one of these on the role is told that it is AWS's.
GUARDED = {
    *("DeleteRole", "AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy"),
    *("UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
}


def names_the_role(context: Context) -> bool:
    """True when the call's RoleName is the service-linked role's; IAM does not look at case."""
    return context.param("RoleName").lower() == documented.ROLE_NAME.lower()


def guard(context: Context) -> dict[str, object]:
    """Refuse to change what is AWS's."""
    role = _find(context)
    raise AwsError(
        400,
        "UnmodifiableEntity",
        f"Cannot perform the operation on the protected role '{role.name}' - this role is only modifiable by AWS",
    )


def arn_of(account: Account, role: Role) -> str:
    """The ARN of a role in its account."""
    return f"arn:{account.partition}:iam::{account.account_id}:role{role.path}{role.name}"


def assumable_role(account: Account, access: Access) -> Role:
    """A role that the hub assumes, as IAM would show it."""
    condition: dict[str, object] = {"StringLike": {"sts:RoleSessionName": access.session_name_like}}
    if access.external_id:
        condition["StringEquals"] = {"sts:ExternalId": access.external_id}
    principal = {"AWS": f"arn:aws:iam::{HUB_ACCOUNT_ID}:user/{HUB_USER}"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    role = service_linked_role(account.partition)
    role.role_id = "AROA" + uuid.uuid5(uuid.NAMESPACE_OID, account.account_id + access.name).hex[:17].upper()
    role.name, role.path, role.attached, role.max_session = access.name, "/", [], access.max_session
    role.trust = {"Version": "2012-10-17", "Statement": [statement]}
    return role


def _find(context: Context) -> Role:
    """The role that RoleName names, after the permission check. Raises AwsError NoSuchEntity."""
    account, name = context.account, context.param("RoleName")
    path = documented.ROLE_PATH if names_the_role(context) else "/"
    plain = documented.ROLE_NAME if names_the_role(context) else name
    context.allow(f"arn:{account.partition}:iam::{account.account_id}:role{path}{plain}")
    role = _service_linked(account, context.call.action) if names_the_role(context) else None
    access = account.access.get(name)
    found = role or (assumable_role(account, access) if access else None)
    if found is None:
        raise AwsError(404, "NoSuchEntity", f"The role with name {name} cannot be found.")
    return found


def _service_linked(account: Account, action: str) -> Role | None:
    """The role; also for a few more reads after its deletion, because IAM is slow to forget."""
    if account.role is None and account.ghost is not None and account.ghost_reads > 0 and action == "GetRole":
        account.ghost_reads -= 1
        return account.ghost
    return account.role


def _document(value: object) -> str:
    """A policy document as IAM sends it: percent-encoded. Text goes out as it is, so that a broken one can be shown."""
    return quote(value if isinstance(value, str) else json.dumps(value), safe="")


def _tell(account: Account, role: Role) -> dict[str, object]:
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.role_id,
        "Arn": arn_of(account, role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": _document(role.trust),
        "Description": role.description or None,
        "MaxSessionDuration": role.max_session,
    }


def get_role(context: Context) -> dict[str, object]:
    """The whole role, with what ListRoles leaves out."""
    role = _find(context)
    used = {"LastUsedDate": role.last_used, "Region": role.last_used_region} if role.last_used else {}
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": role.boundary}
    more = {"RoleLastUsed": used, "PermissionsBoundary": boundary if role.boundary else None}
    return {"Role": {**_tell(context.account, role), **more}}


def list_roles(context: Context) -> dict[str, object]:
    """Roles below a path, without RoleLastUsed, tags and boundary."""
    account = context.account
    context.allow(f"arn:{account.partition}:iam::{account.account_id}:role/")
    roles = [assumable_role(account, access) for access in account.access.values()]
    roles += [account.role] if account.role else []
    prefix = context.param("PathPrefix", "/")
    told = [_tell(account, role) for role in roles if role.path.startswith(prefix)]
    return _page(context, "Roles", sorted(told, key=lambda role: str(role["RoleName"])))


def _page(context: Context, name: str, items: list[Any]) -> dict[str, object]:
    start, size = int(context.param("Marker", "0") or 0), int(context.param("MaxItems", str(DEFAULT_PAGE)))
    more = len(items) > start + size
    page = {name: items[start : start + size], "IsTruncated": more}
    return {**page, "Marker": str(start + size)} if more else page


def list_attached_role_policies(context: Context) -> dict[str, object]:
    """The managed policies on the role."""
    arns = _find(context).attached
    return _page(
        context, "AttachedPolicies", [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
    )


def list_role_policies(context: Context) -> dict[str, object]:
    """The names of the role's inline policies."""
    return _page(context, "PolicyNames", sorted(_find(context).inline))


def get_role_policy(context: Context) -> dict[str, object]:
    """One inline policy."""
    role, name = _find(context), context.param("PolicyName")
    if name not in role.inline:
        raise AwsError(404, "NoSuchEntity", f"The role policy with name {name} cannot be found.")
    return {"RoleName": role.name, "PolicyName": name, "PolicyDocument": _document(role.inline[name])}


def _policy(context: Context) -> str:
    """The managed policy's ARN, after the permission check. Raises AwsError NoSuchEntity for any other."""
    arn = context.param("PolicyArn")
    context.allow(arn)
    if arn != documented.policy_arn(context.account.partition):
        raise AwsError(404, "NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    return arn


def get_policy(context: Context) -> dict[str, object]:
    """The managed policy and its default version."""
    policy = {
        "PolicyName": documented.POLICY_NAME,
        "PolicyId": "ANPAROLECALLDEMO00001",
        "Arn": _policy(context),
        "Path": "/aws-service-role/",
        "DefaultVersionId": context.account.default_version,
        "AttachmentCount": 1 if context.account.role else 0,
        "IsAttachable": True,
        "CreateDate": _POLICY_CREATED,
        "UpdateDate": _POLICY_CREATED,
    }
    return {"Policy": policy}


def get_policy_version(context: Context) -> dict[str, object]:
    """One version of the managed policy with its document."""
    arn, version = _policy(context), context.param("VersionId")
    if version not in context.account.policy_versions:
        raise AwsError(404, "NoSuchEntity", f"Policy {arn} version {version} does not exist or is not attachable.")
    document = _document(context.account.policy_versions[version])
    return {"PolicyVersion": {"Document": document, **_version(context.account, version)}}


def _version(account: Account, version: str) -> dict[str, object]:
    return {
        "VersionId": version,
        "IsDefaultVersion": version == account.default_version,
        "CreateDate": _POLICY_CREATED,
    }


def list_policy_versions(context: Context) -> dict[str, object]:
    """The versions of the managed policy."""
    _policy(context)
    return _page(context, "Versions", [_version(context.account, name) for name in context.account.policy_versions])


def list_account_aliases(context: Context) -> dict[str, object]:
    """The account's alias, if it has one."""
    context.allow("*")
    return _page(context, "AccountAliases", [context.account.alias] if context.account.alias else [])


def create_service_linked_role(context: Context) -> dict[str, object]:
    """Make the role. AWS spells the trust policy otherwise than in GetRole, and leaves two fields out."""
    account, service = context.account, context.param("AWSServiceName")
    context.allow(documented.role_arn(account.partition, account.account_id))
    if service != documented.SERVICE_PRINCIPAL:
        raise AwsError(400, "InvalidInput", f"The local AWS makes no service-linked role for {service}")
    if context.param("CustomSuffix"):
        raise AwsError(400, "InvalidInput", f"Custom suffix is not allowed for {service}")
    if account.role is not None:
        text = (
            f"Service role name {documented.ROLE_NAME} has been taken in this account, please try a different suffix."
        )
        raise AwsError(400, "InvalidInput", text)
    account.role = service_linked_role(account.partition)
    account.role.description = context.param("Description")
    told = _tell(account, account.role)
    statement = {
        "Action": ["sts:AssumeRole"],
        "Effect": "Allow",
        "Principal": {"Service": [documented.SERVICE_PRINCIPAL]},
    }
    told["AssumeRolePolicyDocument"] = _document({"Version": "2012-10-17", "Statement": [statement]})
    return {"Role": {name: value for name, value in told.items() if name not in ("Description", "MaxSessionDuration")}}


def delete_service_linked_role(context: Context) -> dict[str, object]:
    """Start the deletion, or name the one that is under way. Whether the role is in use is found out later."""
    account = context.account
    role = _find(context)
    if role is not account.role:
        raise AwsError(404, "NoSuchEntity", f"The role with name {role.name} cannot be found.")
    task = account.open_task()
    if task is None:
        now = time.monotonic()
        ends = now + context.world.settings.role_delete_seconds
        task = DeletionTask(f"{_TASK_PREFIX}{uuid.uuid4()}", now, ends)
        account.tasks[task.task_id] = task
    return {"DeletionTaskId": task.task_id}


def get_deletion_status(context: Context) -> dict[str, object]:
    """How a deletion stands. A task may be forgotten as soon as it is over."""
    account, task_id = context.account, context.param("DeletionTaskId")
    context.allow(documented.role_arn(account.partition, account.account_id))
    if not task_id.startswith("task/aws-service-role/"):
        raise AwsError(400, "InvalidInput", "Invalid task id")
    task = account.tasks.get(task_id)
    if task is None or (task.purged and not task.open):
        raise AwsError(404, "NoSuchEntity", "Cannot find deletion status for given id.")
    if task.status != "FAILED":
        return {"Status": task.status}
    usage = [{"Region": region, "Resources": arns} for region, arns in task.usage.items()]
    return {"Status": task.status, "Reason": {"Reason": task.reason or None, "RoleUsageList": usage or None}}


def update_role(context: Context) -> dict[str, object]:
    """Change the description, which is all that may be changed of the role."""
    role = _find(context)
    if "MaxSessionDuration" in context.call.params:
        text = f"{role.name} is an AWS service linked role, max session duration cannot be changed."
        raise AwsError(400, "UnmodifiableEntity", text)
    role.description = context.param("Description", role.description)
    return {}


def update_role_description(context: Context) -> dict[str, object]:
    """Change the description and show the role."""
    update_role(context)
    return {"Role": _tell(context.account, _find(context))}


ANSWERS = {
    "GetRole": get_role,
    "ListRoles": list_roles,
    "ListAttachedRolePolicies": list_attached_role_policies,
    "ListRolePolicies": list_role_policies,
    "GetRolePolicy": get_role_policy,
    "GetPolicy": get_policy,
    "GetPolicyVersion": get_policy_version,
    "ListPolicyVersions": list_policy_versions,
    "ListAccountAliases": list_account_aliases,
    "CreateServiceLinkedRole": create_service_linked_role,
    "DeleteServiceLinkedRole": delete_service_linked_role,
    "GetServiceLinkedRoleDeletionStatus": get_deletion_status,
    "UpdateRole": update_role,
    "UpdateRoleDescription": update_role_description,
}
