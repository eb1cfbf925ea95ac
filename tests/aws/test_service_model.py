"""The gateway's requests, and answers as real as AWS's own model of its services demands them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from accounts.aws.clients import Clients
from accounts.aws.errors import AwsError, ErrorKind
from accounts.aws.gateway import Gateway
from accounts.domain.plans import PlannedBroker
from accounts.domain.readings import BrokerFacts, LastConnection, RoleFacts
from accounts.domain.role import ROLE_NAME, ROLE_PATH, policy_arn, role_arn
from tests.aws.conftest import ACCOUNT, QUICK, Sessions

THEN = datetime(2025, 1, 2, tzinfo=UTC)
POLICY_ARN = policy_arn("aws")


@pytest.fixture
def own_clients() -> Clients:
    return Clients(QUICK)


@pytest.fixture
def gateway(own_clients: Clients, sessions: Sessions) -> Gateway:
    return Gateway(own_clients, ACCOUNT, "aws", sessions)


@contextmanager
def answers(client: Any, *exchanges: tuple[str, dict[str, Any], dict[str, Any]]) -> Iterator[None]:
    """Expect these requests in this order, each checked, like its answer, against the model of the service."""
    with Stubber(client) as stub:
        for operation, request, answer in exchanges:
            stub.add_response(operation, answer, request)
        yield
        stub.assert_no_pending_responses()


def test_get_role(own_clients: Clients, gateway: Gateway) -> None:
    role = {
        "Path": ROLE_PATH,
        "RoleName": ROLE_NAME,
        "RoleId": "AROAEXAMPLEEXAMPLE01",
        "Arn": role_arn("aws", ACCOUNT),
        "CreateDate": THEN,
        "AssumeRolePolicyDocument": "percent-encoded",
        "Description": "Allows it",
        "MaxSessionDuration": 3600,
        "RoleLastUsed": {"LastUsedDate": THEN, "Region": "eu-west-1"},
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/fence",
        },
    }

    with answers(own_clients.iam("aws"), ("get_role", {"RoleName": ROLE_NAME}, {"Role": role})):
        found = gateway.role()

    assert found == RoleFacts(
        arn=role_arn("aws", ACCOUNT),
        role_id="AROAEXAMPLEEXAMPLE01",
        path=ROLE_PATH,
        name=ROLE_NAME,
        description="Allows it",
        created_at=THEN,
        last_used_at=THEN,
        last_used_region="eu-west-1",
        trust_document="percent-encoded",
        permissions_boundary_arn=f"arn:aws:iam::{ACCOUNT}:policy/fence",
    )


def test_list_attached_role_policies_goes_by_is_truncated(own_clients: Clients, gateway: Gateway) -> None:
    def page(*arns: str, more: str = "") -> dict[str, Any]:
        policies = [{"PolicyName": "any", "PolicyArn": arn} for arn in arns]
        return {"AttachedPolicies": policies, "IsTruncated": bool(more)} | ({"Marker": more} if more else {})

    first = ("list_attached_role_policies", {"RoleName": ROLE_NAME}, page(more="m1"))
    second = ("list_attached_role_policies", {"RoleName": ROLE_NAME, "Marker": "m1"}, page(POLICY_ARN))
    with answers(own_clients.iam("aws"), first, second):
        assert gateway.attached_policy_arns() == (POLICY_ARN,)


def test_list_role_policies_goes_by_is_truncated(own_clients: Clients, gateway: Gateway) -> None:
    first = ("list_role_policies", {"RoleName": ROLE_NAME}, {"PolicyNames": ["a"], "IsTruncated": True, "Marker": "m1"})
    second = ("list_role_policies", {"RoleName": ROLE_NAME, "Marker": "m1"}, {"PolicyNames": [], "IsTruncated": False})

    with answers(own_clients.iam("aws"), first, second):
        assert gateway.inline_policy_names() == ("a",)


def test_get_policy_and_its_default_version(own_clients: Clients, gateway: Gateway) -> None:
    policy = {"Policy": {"Arn": POLICY_ARN, "PolicyName": "AmazonMQServiceRolePolicy", "DefaultVersionId": "v2"}}
    version = {"PolicyVersion": {"VersionId": "v2", "IsDefaultVersion": True, "Document": "text"}}

    with answers(
        own_clients.iam("aws"),
        ("get_policy", {"PolicyArn": POLICY_ARN}, policy),
        ("get_policy_version", {"PolicyArn": POLICY_ARN, "VersionId": "v2"}, version),
    ):
        found = gateway.policy(POLICY_ARN)

    assert (found.arn, found.version_id, found.document) == (POLICY_ARN, "v2", "text")


def test_list_brokers(own_clients: Clients, gateway: Gateway) -> None:
    arn = f"arn:aws:mq:eu-west-1:{ACCOUNT}:broker:orders:b-1"
    summary = {
        "BrokerArn": arn,
        "BrokerId": "b-1",
        "BrokerName": "orders",
        "BrokerState": "REPLICA",
        "Created": THEN,
        "DeploymentMode": "CLUSTER_MULTI_AZ",
        "EngineType": "RABBITMQ",
        "HostInstanceType": "mq.m5.large",
    }

    with answers(own_clients.mq("eu-west-1"), ("list_brokers", {"MaxResults": 100}, {"BrokerSummaries": [summary]})):
        (found,) = gateway.brokers("eu-west-1")

    assert found == BrokerFacts(
        arn, "b-1", "orders", "eu-west-1", "RABBITMQ", "REPLICA", "CLUSTER_MULTI_AZ", "mq.m5.large", THEN
    )


DESCRIBED: dict[str, Any] = {
    "BrokerArn": f"arn:aws:mq:eu-west-1:{ACCOUNT}:broker:orders:b-1",
    "BrokerId": "b-1",
    "BrokerName": "orders",
    "BrokerState": "CRITICAL_ACTION_REQUIRED",
    "EngineType": "ACTIVEMQ",
    "EngineVersion": "5.18",
    "DataReplicationMode": "CRDR",
    "ActionsRequired": [{"ActionRequiredCode": "INVALID_KMS_KEY", "ActionRequiredInfo": "See to the key."}],
    "PendingEngineVersion": "5.19",
    "PendingSecurityGroups": ["sg-1"],
    "Tags": {"team": "orders"},
}


def described(gateway: Gateway) -> PlannedBroker:
    found = gateway.describe_broker("eu-west-1", "b-1")
    assert found is not None
    return found


def test_describe_broker(own_clients: Clients, gateway: Gateway) -> None:
    with answers(own_clients.mq("eu-west-1"), ("describe_broker", {"BrokerId": "b-1"}, DESCRIBED)):
        found = described(gateway)

    assert (found.name, found.state, found.engine_version) == ("orders", "CRITICAL_ACTION_REQUIRED", "5.18")
    assert (found.tags, found.replication) == ({"team": "orders"}, "CRDR")
    assert (found.actions_required, found.pending) == (("INVALID_KMS_KEY",), ("engine version", "security groups"))


def test_a_description_without_tags_is_not_taken_for_a_broker_without_tags(
    own_clients: Clients, gateway: Gateway
) -> None:
    untagged = {name: value for name, value in DESCRIBED.items() if name != "Tags"}
    arn = DESCRIBED["BrokerArn"]
    tags = ("list_tags", {"ResourceArn": arn}, {"Tags": {"protected": "yes"}})

    with answers(own_clients.mq("eu-west-1"), ("describe_broker", {"BrokerId": "b-1"}, untagged), tags):
        assert described(gateway).tags == {"protected": "yes"}


@pytest.mark.parametrize("other", [ACCOUNT, "999988887777"])
def test_another_brokers_description_is_thrown_away(own_clients: Clients, gateway: Gateway, other: str) -> None:
    answer = {**DESCRIBED, "BrokerArn": f"arn:aws:mq:eu-west-1:{other}:broker:orders:b-2"}

    with (
        answers(own_clients.mq("eu-west-1"), ("describe_broker", {"BrokerId": "b-1"}, answer)),
        pytest.raises(AwsError) as caught,
    ):
        gateway.describe_broker("eu-west-1", "b-1")

    assert caught.value.kind is (ErrorKind.BROKEN if other == ACCOUNT else ErrorKind.WRONG_ACCOUNT)


def test_the_last_connection_is_the_last_hour_that_had_one(own_clients: Clients, gateway: Gateway) -> None:
    hours = [THEN, THEN + timedelta(hours=1), THEN + timedelta(hours=2)]
    told: list[dict[str, Any]] = [
        {"Id": "m0", "Timestamps": hours, "Values": [2.0, 1.0, 0.0]},
        {"Id": "m1", "Timestamps": hours[:1], "Values": [0.0]},
        {"Id": "m2", "Timestamps": [], "Values": []},
    ]
    with Stubber(own_clients.cloudwatch("eu-west-1")) as stub:
        stub.add_response("get_metric_data", {"MetricDataResults": told[:2], "NextToken": "more"})
        stub.add_response("get_metric_data", {"MetricDataResults": [told[2], {**told[1], "Id": "m0"}]})

        found = gateway.last_connections("eu-west-1", ["busy", "idle", "silent"])

    assert found == {
        "busy": LastConnection(True, hours[1]),
        "idle": LastConnection(True, None),
        "silent": LastConnection(False, None),
    }


def test_list_regions(own_clients: Clients, gateway: Gateway) -> None:
    regions = {"Regions": [{"RegionName": "af-south-1", "RegionOptStatus": "DISABLED"}]}

    with answers(own_clients.account("us-east-1"), ("list_regions", {"MaxResults": 50}, regions)):
        assert gateway.region_states() == {"af-south-1": "DISABLED"}


def test_get_caller_identity(own_clients: Clients, gateway: Gateway) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/mqslr-scan-1"

    with answers(own_clients.sts("us-east-1"), ("get_caller_identity", {}, {"Account": ACCOUNT, "Arn": arn})):
        assert gateway.works_in_default_region()


@pytest.mark.parametrize(("partition", "region"), [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")])
def test_iam_is_asked_in_the_partition(own_clients: Clients, partition: str, region: str) -> None:
    assert own_clients.iam(partition).meta.region_name in (region, f"{partition}-global")
