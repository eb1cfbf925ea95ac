"""The guide's facts beside the account's; never the same, never different, when nobody read them just now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.domain.outcomes import TrustGrade
from accounts.domain.role import policy_arn, role_arn
from accounts.domain.role_facts import Agreement, FoundRole, RoleFact, role_facts

ACCOUNT = "123456789012"
AS_DOCUMENTED = FoundRole(
    exists=True,
    read=True,
    arn=role_arn("aws", ACCOUNT),
    trust=TrustGrade.EXACT,
    trusted=("mq.amazonaws.com",),
    policy_read=True,
    policy_arns=(policy_arn("aws"),),
    version="v1",
    description="Ours",
)


def facts(found: FoundRole, partition: str = "aws") -> dict[str, RoleFact]:
    return {fact.name: fact for fact in role_facts(found, partition, ACCOUNT)}


def test_the_documented_role_agrees_in_everything_but_what_is_left_open() -> None:
    agreements = {name: fact.agreement for name, fact in facts(AS_DOCUMENTED).items()}

    assert agreements.pop("Description") is Agreement.FREE
    assert set(agreements.values()) == {Agreement.SAME}


def test_a_role_outside_the_service_linked_path_differs_in_path_and_arn_and_not_in_name() -> None:
    elsewhere = replace(AS_DOCUMENTED, arn=f"arn:aws:iam::{ACCOUNT}:role/AWSServiceRoleForAmazonMQ")

    found = facts(elsewhere)

    assert found["Name"].agreement is Agreement.SAME
    assert (found["Path"].found, found["Path"].agreement) == ("/", Agreement.DIFFERS)
    assert found["ARN"].agreement is Agreement.DIFFERS


def test_a_newer_version_and_a_further_policy_differ() -> None:
    more = (*AS_DOCUMENTED.policy_arns, "arn:aws:iam::aws:policy/AdministratorAccess")

    found = facts(replace(AS_DOCUMENTED, version="v2", policy_arns=more))

    assert found["Policy version"].agreement is Agreement.DIFFERS
    assert found["Further policies"].found.endswith("AdministratorAccess")


def test_a_policy_that_is_not_attached_is_said_to_be_so() -> None:
    found = facts(replace(AS_DOCUMENTED, policy_arns=(), version=""))

    assert (found["Policy"].found, found["Policy"].agreement) == ("not attached", Agreement.DIFFERS)
    assert found["Policy version"].agreement is Agreement.UNKNOWN


def test_a_policy_that_could_not_be_read_neither_agrees_nor_differs() -> None:
    found = facts(replace(AS_DOCUMENTED, policy_read=False, policy_arns=()))

    assert {found[name].agreement for name in ("Policy", "Policy version", "Further policies")} == {Agreement.UNKNOWN}
    assert found["Name"].agreement is Agreement.SAME


def test_a_role_that_could_not_be_read_shows_what_was_known_and_vouches_for_none_of_it() -> None:
    found = facts(replace(AS_DOCUMENTED, read=False))

    assert {fact.agreement for fact in found.values()} == {Agreement.UNKNOWN}
    assert found["ARN"].found == AS_DOCUMENTED.arn


@pytest.mark.parametrize("exists", [None, False])
def test_a_role_that_is_not_there_has_no_facts(exists: bool | None) -> None:
    found = facts(FoundRole(exists=exists, read=exists is False))

    assert {fact.found for fact in found.values()} == {""}
    expected = Agreement.NO_ROLE if exists is False else Agreement.UNKNOWN
    assert {fact.agreement for fact in found.values()} == {expected}


def test_the_partitions_own_arns_are_the_documented_ones() -> None:
    own = replace(AS_DOCUMENTED, arn=role_arn("aws-cn", ACCOUNT), policy_arns=(policy_arn("aws-cn"),))

    found = facts(own, "aws-cn")

    assert (found["ARN"].agreement, found["Policy"].agreement) == (Agreement.SAME, Agreement.SAME)
