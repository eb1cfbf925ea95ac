"""Who may do what in the local AWS: sessions, trust, permissions, expiry, partitions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.domain import role as documented
from dashboard.demo.local_aws.client import LocalAws
from tests.demo.conftest import ACCOUNT, EXTERNAL_ID, Cloud, refused

NAME = documented.ROLE_NAME


def test_a_session_is_who_it_says(cloud: Cloud) -> None:
    who = cloud.reader("sts").get_caller_identity()

    assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/MqSlrReader/mqslr-scan-test"
    assert who["Account"] == ACCOUNT


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param({"ExternalId": "another-one"}, id="a wrong external id"),
        pytest.param({"RoleSessionName": "somebody"}, id="a session name that the trust does not like"),
        pytest.param({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Nobody"}, id="a role that is not there"),
        pytest.param({"RoleArn": "arn:aws:iam::999999999999:role/MqSlrReader"}, id="an account that is not there"),
    ],
)
def test_a_session_is_refused_alike_for_every_reason(cloud: Cloud, wish: dict[str, str]) -> None:
    code, message, http = refused(cloud.assume, **wish)

    assert (code, http) == ("AccessDenied", 403)
    assert "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::" in message


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        pytest.param({"DurationSeconds": 7200}, "ValidationError", id="longer than the role allows"),
        pytest.param({"RoleSessionName": "a b/"}, "ValidationError", id="a session name with a space"),
        pytest.param({"Policy": "{nope"}, "MalformedPolicyDocument", id="a policy that is not JSON"),
        pytest.param({"Policy": '{"Statement":[{"Effect":"Allow"}]}'}, "MalformedPolicyDocument", id="no action"),
    ],
)
def test_a_senseless_wish_is_named(cloud: Cloud, wish: dict[str, Any], code: str) -> None:
    assert refused(cloud.assume, **wish)[0] == code


def test_a_role_allows_what_it_says_and_no_more(local: LocalAws, cloud: Cloud) -> None:
    broker_id = local.add_broker(ACCOUNT, "eu-west-1", "orders").rpartition(":")[2]

    code, message, http = refused(cloud.reader("mq", "eu-west-1").delete_broker, BrokerId=broker_id)

    assert (code, http) == ("AccessDeniedException", 403)
    assert message.startswith(
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/MqSlrReader/mqslr-scan-test is not authorized"
    )
    assert "because no identity-based policy allows the mq:DeleteBroker action" in message


def test_a_session_policy_narrows_the_role(local: LocalAws, cloud: Cloud) -> None:
    mine, other = (local.add_broker(ACCOUNT, "eu-west-1", name) for name in ("mine", "other"))
    statement = {"Effect": "Allow", "Action": "mq:Delete*", "Resource": [mine]}
    keys = cloud.assume("MqSlrCleaner", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    mq = cloud.client("mq", "eu-west-1", keys)

    denied = refused(mq.delete_broker, BrokerId=other.rpartition(":")[2])
    mq.delete_broker(BrokerId=mine.rpartition(":")[2])

    assert "because no session policy allows the mq:DeleteBroker action" in denied[1]
    assert refused(mq.list_brokers)[0] == "AccessDeniedException"
    assert refused(cloud.client("iam", keys=keys).get_role, RoleName=NAME)[0] == "AccessDenied"
    assert refused(cloud.client("account", keys=keys).list_regions)[0] == "AccessDeniedException"


def test_an_organizations_guardrail_says_so(local: LocalAws, cloud: Cloud) -> None:
    denials = [{"action": "mq:*", "region": "eu-west-1", "by": "scp"}]
    local.put_account(ACCOUNT, external_id=EXTERNAL_ID, denials=denials)

    message = refused(cloud.reader("mq", "eu-west-1").list_brokers)[1]

    assert "with an explicit deny in a service control policy: arn:aws:organizations::" in message
    assert cloud.reader("mq", "eu-west-2").list_brokers()["BrokerSummaries"] == []


def test_sessions_end(local: LocalAws, cloud: Cloud) -> None:
    local.set(session_seconds=0)
    keys = cloud.assume()

    identity = refused(cloud.client("sts", keys=keys).get_caller_identity)
    brokers = refused(cloud.client("mq", "eu-west-1", keys).list_brokers)

    assert (identity[0], identity[2]) == ("ExpiredToken", 403)
    assert (brokers[0], brokers[2]) == ("ExpiredTokenException", 403)


def test_unknown_keys_and_altered_tokens_are_good_for_nothing(cloud: Cloud) -> None:
    unknown = {"AccessKeyId": "AKIAUNKNOWN000000000", "SecretAccessKey": "x"}
    altered = {**cloud.assume(), "SessionToken": "bm8gc3VjaCB0b2tlbg=="}

    assert refused(cloud.client("sts", keys=unknown).get_caller_identity)[0] == "InvalidClientTokenId"
    assert refused(cloud.client("mq", keys=altered).list_brokers)[0] == "UnrecognizedClientException"


def test_partitions_are_apart(local: LocalAws, cloud: Cloud) -> None:
    local.put_account(ACCOUNT, partition="aws-us-gov", external_id=EXTERNAL_ID, role={})
    keys = cloud.assume(region="us-gov-west-1")

    role = cloud.client("iam", "us-gov-west-1", keys).get_role(RoleName=NAME)["Role"]

    assert role["Arn"] == documented.role_arn("aws-us-gov", ACCOUNT)
    assert refused(cloud.client("mq", "us-east-1", keys).list_brokers)[0] == "UnrecognizedClientException"


def test_the_hub_has_no_opt_in_region_on(cloud: Cloud) -> None:
    assert refused(cloud.client("sts", "mx-central-1").get_caller_identity)[0] == "InvalidClientTokenId"
