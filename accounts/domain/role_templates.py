"""The roles that Rolecall assumes, ready to be made: CloudFormation, StackSet, Terraform and AWS CLI."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from accounts.domain.identifiers import group_digits
from accounts.domain.layout import Expression, hcl, hcl_attributes, yaml_lines
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role_policies import (
    ORGANIZATION,
    SESSION_SECONDS,
    Purpose,
    organization_permissions,
    permissions,
    trust,
)

_EXTERNAL_ID_PATTERN: Final = "[A-Za-z0-9_+=,.@:/-]{2,1224}"
# An AccountId follows it after a dash.
_PREFIX_PATTERN: Final = "[A-Za-z0-9_+=,.@:/-]{1,1211}"
_PROVIDERS: Final = """required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }"""


class Format(StrEnum):
    """What the role can be made with."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    CLI = "cli"
    STACKSET = "stackset"


@dataclass(frozen=True, slots=True)
class WantedRole:
    """One role of one account, for one installation. A StackSet takes `external_id` as the prefix of all accounts'.

    `purpose` is reader, cleaner or, in a management account, organization.
    """

    purpose: str
    account_id: str
    partition: str
    path: str
    name: str
    principal_arn: str
    external_id: str
    create_and_describe: bool = False

    @property
    def arn(self) -> str:
        """The ARN that the role will have."""
        return f"arn:{self.partition}:iam::{self.account_id}:role{self.path}{self.name}"

    @property
    def description(self) -> str:
        """What IAM's console will say of it."""
        if self.purpose == ORGANIZATION:
            return "Lets Rolecall list the accounts of the organization, their units and their tags."
        does = "look at" if self.purpose is Purpose.READER else "look at, and delete,"
        return f"Lets Rolecall {does} the Amazon MQ service-linked role and its brokers."

    @property
    def permissions(self) -> dict[str, Any]:
        """Its permissions policy."""
        if self.purpose == ORGANIZATION:
            return organization_permissions()
        return permissions(Purpose(self.purpose), self.partition, create_and_describe=self.create_and_describe)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file to copy or download."""

    name: str
    text: str


def external_id_in_stackset(prefix: str, account_id: str) -> str:
    """The external id that the StackSet's role has in one account."""
    return f"{prefix}-{account_id}"


def render(role: WantedRole, form: Format) -> Rendered:
    """Write the role down in one of the forms."""
    return Rendered(_file_name(role, form), _FORMS[form][1](role))


def _file_name(role: WantedRole, form: Format) -> str:
    where = "stackset" if form is Format.STACKSET else role.account_id
    return f"rolecall-{role.purpose}-{where}.{_FORMS[form][0]}"


def stackset_commands(role: WantedRole) -> str:
    """What to type in the organization's management account, once for all accounts."""
    stack_set, file = f"rolecall-{role.purpose}", _file_name(role, Format.STACKSET)
    return f"""\
aws cloudformation create-stack-set --stack-set-name {stack_set} \\
    --template-body file://{file} --capabilities CAPABILITY_NAMED_IAM \\
    --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false
aws cloudformation create-stack-instances --stack-set-name {stack_set} --regions {DEFAULT_REGION[role.partition]} \\
    --deployment-targets OrganizationalUnitIds=ROOT_OR_UNIT_ID \\
    --operation-preferences MaxConcurrentPercentage=100,FailureTolerancePercentage=100
"""


def _cloudformation(role: WantedRole) -> str:
    parameter = {
        "Type": "String",
        "Default": role.external_id,
        "AllowedPattern": _EXTERNAL_ID_PATTERN,
        "Description": "As Rolecall has it for this account.",
    }
    said = f"The {role.purpose} role of Rolecall for account {group_digits(role.account_id)}."
    return _template(role, said, {"ExternalId": parameter}, {"Ref": "ExternalId"})


def _stackset(role: WantedRole) -> str:
    parameter = {
        "Type": "String",
        "Default": role.external_id,
        "AllowedPattern": _PREFIX_PATTERN,
        "Description": "With a dash and the account's own id behind it, it is the external id of that account.",
    }
    external_id = {"Fn::Sub": "${ExternalIdPrefix}-${AWS::AccountId}"}
    commands = "".join(f"#   {line}\n" for line in stackset_commands(role).splitlines())
    said = f"The {role.purpose} role of Rolecall, for every account of an organization."
    how = f"# In the management account, or as its delegated administrator with --call-as DELEGATED_ADMIN:\n{commands}"
    return how + _template(role, said, {"ExternalIdPrefix": parameter}, external_id)


def _template(role: WantedRole, said: str, parameters: dict[str, Any], external_id: Any) -> str:
    hub = {
        "Type": "String",
        "Default": role.principal_arn,
        "AllowedPattern": "arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+",
        "Description": "The one identity that may assume the role: Rolecall's own.",
    }
    logical = f"{role.purpose.capitalize()}Role"
    properties = {
        "RoleName": role.name,
        "Path": role.path,
        "Description": role.description,
        "MaxSessionDuration": SESSION_SECONDS,
        "AssumeRolePolicyDocument": trust(role.purpose, {"Ref": "HubArn"}, external_id),
        "Policies": [{"PolicyName": f"rolecall-{role.purpose}", "PolicyDocument": role.permissions}],
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": said,
        "Parameters": {"HubArn": hub, **parameters},
        "Resources": {logical: {"Type": "AWS::IAM::Role", "Properties": properties}},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": [logical, "Arn"]}}},
    }
    return "".join(f"{line}\n" for line in yaml_lines(template))


def _terraform(role: WantedRole) -> str:
    parts = [
        _block("terraform", {"required_version": ">= 1.3"}, (_PROVIDERS,)),
        _variable("hub_arn", "The one identity that may assume the role: Rolecall's own.", role.principal_arn),
        _variable("external_id", "As Rolecall has it for this account.", role.external_id),
        'data "aws_caller_identity" "here" {}\n',
        _role_resource(role),
        _block(
            f'resource "aws_iam_role_policy" "{role.purpose}"',
            {
                "name": f"rolecall-{role.purpose}",
                "role": Expression(f"aws_iam_role.{role.purpose}.id"),
                "policy": Expression(f"jsonencode({hcl(role.permissions, '  ')})"),
            },
        ),
        _block('output "role_arn"', {"value": Expression(f"aws_iam_role.{role.purpose}.arn")}),
    ]
    return "\n".join(parts)


def _role_resource(role: WantedRole) -> str:
    trusted = trust(role.purpose, Expression("var.hub_arn"), Expression("var.external_id"))
    right = f'data.aws_caller_identity.here.account_id == "{role.account_id}"'
    check = hcl_attributes(
        {"condition": Expression(right), "error_message": f"This role is for account {role.account_id}."}, " " * 6
    )
    guard = "lifecycle {\n    precondition {\n" + "\n".join(check) + "\n    }\n  }"
    return _block(
        f'resource "aws_iam_role" "{role.purpose}"',
        {
            "name": role.name,
            "path": role.path,
            "description": role.description,
            "max_session_duration": SESSION_SECONDS,
            "assume_role_policy": Expression(f"jsonencode({hcl(trusted, '  ')})"),
        },
        (guard,),
    )


def _variable(name: str, description: str, default: str) -> str:
    values = {"description": description, "type": Expression("string"), "default": default}
    return _block(f'variable "{name}"', values)


def _block(head: str, attributes: dict[str, Any], blocks: tuple[str, ...] = ()) -> str:
    inner = "\n".join(hcl_attributes(attributes, "  "))
    return f"{head} {{\n{inner}\n{''.join(f'{chr(10)}  {block}{chr(10)}' for block in blocks)}}}\n"


def _cli(role: WantedRole) -> str:
    trusted = json.dumps(trust(role.purpose, role.principal_arn, role.external_id), indent=2)
    return f"""\
#!/bin/sh
# Makes the {role.purpose} role of Rolecall in account {role.account_id}, or brings it up to date.
set -eu
export AWS_DEFAULT_REGION="${{AWS_DEFAULT_REGION:-{DEFAULT_REGION[role.partition]}}}"

here=$(aws sts get-caller-identity --query Account --output text)
if [ "$here" != "{role.account_id}" ]; then
    echo "These are credentials of account $here; the role is for {role.account_id}. Nothing was done." >&2
    exit 1
fi

trust=$(cat <<'JSON'
{trusted}
JSON
)
permissions=$(cat <<'JSON'
{json.dumps(role.permissions, indent=2)}
JSON
)

found=$(aws iam get-role --role-name "{role.name}" --query Role.Arn --output text 2>/dev/null) || found=""
if [ -z "$found" ]; then
    aws iam create-role --role-name "{role.name}" --path "{role.path}" --max-session-duration {SESSION_SECONDS} \\
        --description "{role.description}" --assume-role-policy-document "$trust" >/dev/null
elif [ "$found" = "{role.arn}" ]; then
    aws iam update-assume-role-policy --role-name "{role.name}" --policy-document "$trust"
else
    echo "$found is in the way of {role.arn}. Nothing was done." >&2
    exit 1
fi
aws iam put-role-policy --role-name "{role.name}" --policy-name "rolecall-{role.purpose}" \\
    --policy-document "$permissions"
echo "{role.arn}"
"""


_FORMS: Final[dict[Format, tuple[str, Callable[[WantedRole], str]]]] = {
    Format.CLOUDFORMATION: ("yaml", _cloudformation),
    Format.TERRAFORM: ("tf", _terraform),
    Format.CLI: ("sh", _cli),
    Format.STACKSET: ("yaml", _stackset),
}
