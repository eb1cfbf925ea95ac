"""The two roles may do what they need and nothing else, in every partition."""

from __future__ import annotations

import json
from typing import Any

import parliament
import pytest

from accounts.domain import published_regions
from accounts.domain.identifiers import PARTITIONS, check_external_id
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role_policies import (
    Purpose,
    new_external_id,
    organization_permissions,
    permissions,
    statement_for,
    trust,
)

HUB = "arn:aws:iam::999900001111:role/rolecall-hub"
DELETING = ("Delete", "Detach", "Create", "Update", "Put", "Reboot")
# parliament takes the account field of AWS's own policies (arn:aws:iam::aws:policy/…) for a mistake; and the four EC2
# actions are Amazon MQ's own, on interfaces that nobody can name before.
KNOWN = {("INVALID_ARN", "ReadSlrPolicy"), ("RESOURCE_STAR", "DeleteBrokerDependents")}


def actions(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("purpose", Purpose)
def test_no_arn_is_of_another_partition(purpose: Purpose, partition: str) -> None:
    document = permissions(purpose, partition, create_and_describe=True)

    arns = [statement["Resource"] for statement in document["Statement"] if statement["Resource"] != "*"]
    assert {arn.split(":")[1] for arn in arns} == {partition}


def test_the_reader_may_change_nothing() -> None:
    asked = actions(permissions(Purpose.READER, "aws", create_and_describe=True))

    assert [action for action in asked if action.split(":")[1].startswith(DELETING)] == []
    assert not [action for action in asked if "*" in action]


def test_the_cleaner_makes_and_edits_the_role_only_when_that_was_chosen() -> None:
    plain = actions(permissions(Purpose.CLEANER, "aws"))
    more = actions(permissions(Purpose.CLEANER, "aws", create_and_describe=True))

    assert more - plain == {"iam:CreateServiceLinkedRole", "iam:UpdateRole", "iam:UpdateRoleDescription"}
    assert {"mq:DeleteBroker", "iam:DeleteServiceLinkedRole"} <= plain


def test_nothing_but_what_cannot_be_narrowed_stands_on_every_resource() -> None:
    document = permissions(Purpose.CLEANER, "aws", create_and_describe=True)

    wide = {statement["Sid"] for statement in document["Statement"] if statement["Resource"] == "*"}
    assert wide == {"ListBrokersAndRegions", "DeleteBrokerDependents"}


@pytest.mark.parametrize("purpose", Purpose)
def test_an_independent_linter_finds_nothing(purpose: Purpose) -> None:
    document = permissions(purpose, "aws", create_and_describe=True)

    for statement in document["Statement"]:
        alone = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        found = {(finding.issue, statement["Sid"]) for finding in parliament.analyze_policy_string(alone).findings}
        assert found <= KNOWN


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_linter_finds_nothing_in_what_the_hub_needs_for_the_list_of_regions(partition: str) -> None:
    asked = published_regions.statement(partition)

    assert not parliament.analyze_policy_string(json.dumps({"Version": "2012-10-17", "Statement": [asked]})).findings
    assert asked["Resource"].startswith(f"arn:{partition}:ssm:{DEFAULT_REGION[partition]}:")


def test_the_same_linter_takes_the_organizations_policy() -> None:
    found = parliament.analyze_policy_string(json.dumps(organization_permissions())).findings

    assert [finding.issue for finding in found] == []


def test_only_the_hub_with_the_external_id_and_a_fitting_session_name_is_trusted() -> None:
    document = trust(Purpose.CLEANER, HUB, "ext-1")

    assume, named = document["Statement"]
    assert {json.dumps(one["Principal"]) for one in (assume, named)} == {json.dumps({"AWS": HUB})}
    assert assume["Condition"]["StringEquals"] == {"sts:ExternalId": "ext-1"}
    assert assume["Condition"]["StringLike"] == {"sts:RoleSessionName": "mqslr-clean-*"}
    assert named["Action"] == "sts:SetSourceIdentity"


def test_the_statement_to_add_names_one_action_and_its_condition() -> None:
    statement = statement_for("iam:CreateServiceLinkedRole", Purpose.CLEANER, "aws-cn")

    assert statement["Action"] == "iam:CreateServiceLinkedRole"
    assert statement["Resource"].startswith("arn:aws-cn:iam::*:role/aws-service-role/")
    assert statement["Condition"] == {"StringEquals": {"iam:AWSServiceName": "mq.amazonaws.com"}}


def test_external_ids_are_random_and_sts_takes_them() -> None:
    ids = {new_external_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(check_external_id(one) == one for one in ids)
