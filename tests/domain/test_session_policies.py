from __future__ import annotations

import json

import pytest

from accounts.domain import session_policies
from accounts.domain.role import role_arn

BROKER = "arn:aws:mq:eu-west-1:111122223333:broker:orders:b-1"
ROLE = role_arn("aws", "111122223333")


def grants(policy: str) -> list[tuple[str, str]]:
    return [
        (action, statement["Resource"])
        for statement in json.loads(policy)["Statement"]
        for action in statement["Action"]
    ]


def test_a_brokers_session_names_the_broker_and_what_its_deletion_needs() -> None:
    assert grants(session_policies.delete_broker(BROKER)) == [
        ("mq:DeleteBroker", BROKER),
        *((action, "*") for action in session_policies.BROKER_DEPENDENTS),
    ]


def test_the_other_sessions_name_the_role_alone() -> None:
    assert grants(session_policies.delete_role(ROLE)) == [("iam:DeleteServiceLinkedRole", ROLE)]
    assert grants(session_policies.create_role(ROLE)) == [("iam:CreateServiceLinkedRole", ROLE)]
    assert {resource for _, resource in grants(session_policies.describe_role(ROLE))} == {ROLE}


def test_a_policy_has_no_spaces_and_fits_into_assume_role() -> None:
    longest = "arn:aws-us-gov:mq:us-gov-west-1:111122223333:broker:" + "n" * 50 + ":b-" + "0" * 36

    policy = session_policies.delete_broker(longest)

    assert " " not in policy and len(policy) < session_policies.MAX_CHARACTERS


@pytest.mark.parametrize("arn", [BROKER.replace("b-1", "*"), BROKER.replace("b-1", "b-?"), BROKER + "${aws:userid}"])
def test_an_arn_that_fits_more_than_one_thing_is_refused(arn: str) -> None:
    with pytest.raises(ValueError, match="whole ARNs"):
        session_policies.delete_broker(arn)


def test_a_policy_too_long_for_assume_role_is_refused() -> None:
    with pytest.raises(ValueError, match="2048"):
        session_policies.delete_broker(BROKER + "x" * 2048)
