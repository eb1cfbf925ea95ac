"""The local AWS answers as AWS does: real boto3 over HTTP, and the words that AWS uses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts.domain import role as documented
from dashboard.demo.local_aws.client import LocalAws
from tests.demo.conftest import ACCOUNT, EXTERNAL_ID, Cloud, eventually, refused

NAME = documented.ROLE_NAME


# --- the role -----------------------------------------------------------------------------------------------------


def test_the_role_is_as_documented(cloud: Cloud) -> None:
    iam = cloud.reader("iam")

    role = iam.get_role(RoleName=NAME)["Role"]
    attached = iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]

    assert role["Arn"] == documented.role_arn("aws", ACCOUNT)
    assert role["AssumeRolePolicyDocument"] == documented.TRUST_DOCUMENT
    assert [policy["PolicyArn"] for policy in attached] == [documented.policy_arn("aws")]
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == []


def test_the_policy_is_the_documented_version(cloud: Cloud) -> None:
    iam = cloud.reader("iam")
    arn = documented.policy_arn("aws")

    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]

    assert version == "v1"
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document == documented.POLICY_DOCUMENT


def test_a_missing_role_is_told_in_iams_words(local: LocalAws, cloud: Cloud) -> None:
    local.put_account(ACCOUNT, external_id=EXTERNAL_ID)

    answer = refused(cloud.reader("iam").get_role, RoleName=NAME)

    assert answer == ("NoSuchEntity", f"The role with name {NAME} cannot be found.", 404)


def test_the_role_can_be_made_once_and_without_suffix(local: LocalAws, cloud: Cloud) -> None:
    local.put_account(ACCOUNT, external_id=EXTERNAL_ID)
    iam = cloud.admin("iam")
    service = documented.SERVICE_PRINCIPAL

    suffix = refused(iam.create_service_linked_role, AWSServiceName=service, CustomSuffix="x")
    made = iam.create_service_linked_role(AWSServiceName=service)["Role"]
    again = refused(iam.create_service_linked_role, AWSServiceName=service)

    assert suffix[:2] == ("InvalidInput", "Custom suffix is not allowed for mq.amazonaws.com")
    assert made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": ["mq.amazonaws.com"]}
    assert again[0] == "InvalidInput"
    assert again[1].startswith(f"Service role name {NAME} has been taken in this account")


def test_the_role_is_protected(cloud: Cloud) -> None:
    iam = cloud.admin("iam")

    delete = refused(iam.delete_role, RoleName=NAME)
    session = refused(iam.update_role, RoleName=NAME, MaxSessionDuration=7200)
    iam.update_role_description(RoleName=NAME, Description="ours")

    text = f"Cannot perform the operation on the protected role '{NAME}' - this role is only modifiable by AWS"
    assert delete == ("UnmodifiableEntity", text, 400)
    assert session[0] == "UnmodifiableEntity"
    assert iam.get_role(RoleName=NAME)["Role"]["Description"] == "ours"


# --- deleting the role --------------------------------------------------------------------------------------------


def delete(iam: Any) -> str:
    """Start a deletion and name its task."""
    return str(iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"])


def outcome(iam: Any, task: str) -> Any:
    """How a deletion ends."""
    open_states = ("NOT_STARTED", "IN_PROGRESS")
    assert eventually(lambda: status(iam, task)["Status"] not in open_states)
    return status(iam, task)


def status(iam: Any, task: str) -> Any:
    """How a deletion stands."""
    return iam.get_service_linked_role_deletion_status(DeletionTaskId=task)


def test_an_unused_role_is_deleted(cloud: Cloud) -> None:
    iam = cloud.client("iam", keys=cloud.assume("MqSlrCleaner"))

    task = delete(iam)
    first = status(iam, task)["Status"]
    same = delete(iam)

    assert task.startswith(f"task/aws-service-role/mq.amazonaws.com/{NAME}/")
    assert first == "NOT_STARTED"
    assert same == task
    assert outcome(iam, task)["Status"] == "SUCCEEDED"
    assert refused(iam.get_role, RoleName=NAME)[0] == "NoSuchEntity"


def test_a_rabbitmq_broker_stops_the_deletion_and_an_activemq_broker_does_not(local: LocalAws, cloud: Cloud) -> None:
    local.add_broker(ACCOUNT, "us-west-2", "old", "ActiveMQ")
    rabbit = local.add_broker(ACCOUNT, "eu-west-1", "orders", "RabbitMQ")
    iam = cloud.client("iam", keys=cloud.assume("MqSlrCleaner"))

    task = delete(iam)
    failed = outcome(iam, task)

    assert failed["Status"] == "FAILED"
    assert failed["Reason"]["RoleUsageList"] == [{"Region": "eu-west-1", "Resources": [rabbit]}]
    assert delete(iam) != task


def test_deletions_go_odd_ways_when_told_to(local: LocalAws, cloud: Cloud) -> None:
    brokers = [{"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}]
    odd: dict[str, Any] = {"external_id": EXTERNAL_ID, "role": {}}
    local.put_account(ACCOUNT, **odd, brokers=brokers, deletion={"no_usage_list": True})
    local.put_account("111122224444", **odd, brokers=brokers, deletion={"usage_region": "eu-north-1"})
    local.put_account("111122225555", **odd, deletion={"purge_task": True, "role_visible_reads": 1})
    clients = [
        cloud.client("iam", keys=cloud.assume("MqSlrCleaner", number))
        for number in (ACCOUNT, "111122224444", "111122225555")
    ]

    silent, elsewhere = (outcome(iam, delete(iam)) for iam in clients[:2])
    task = delete(clients[2])

    assert "RoleUsageList" not in silent["Reason"]
    assert elsewhere["Reason"]["RoleUsageList"][0]["Region"] == "eu-north-1"
    assert eventually(lambda: local.account("111122225555")["role_present"] is False)
    assert refused(clients[2].get_service_linked_role_deletion_status, DeletionTaskId=task)[0] == "NoSuchEntity"
    assert clients[2].get_role(RoleName=NAME)["Role"]["RoleName"] == NAME
    assert refused(clients[2].get_role, RoleName=NAME)[0] == "NoSuchEntity"


def test_task_ids_are_checked(cloud: Cloud) -> None:
    look = cloud.reader("iam").get_service_linked_role_deletion_status

    bogus = refused(look, DeletionTaskId="bogus")
    unknown = refused(look, DeletionTaskId=f"task/aws-service-role/mq.amazonaws.com/{NAME}/0")

    assert bogus[:2] == ("InvalidInput", "Invalid task id")
    assert unknown[:2] == ("NoSuchEntity", "Cannot find deletion status for given id.")


# --- brokers ------------------------------------------------------------------------------------------------------


def test_brokers_come_in_pages_and_the_last_may_be_empty(local: LocalAws, cloud: Cloud) -> None:
    names = [f"queue-{number:02d}" for number in range(10)]
    brokers = [{"region": "eu-west-1", "name": name, "engine": "RabbitMQ"} for name in names]
    local.put_account(ACCOUNT, external_id=EXTERNAL_ID, role={}, brokers=brokers)
    mq = cloud.reader("mq", "eu-west-1")

    pages = list(mq.get_paginator("list_brokers").paginate(PaginationConfig={"PageSize": 5}))

    assert [len(page["BrokerSummaries"]) for page in pages] == [5, 5, 0]
    assert sorted(broker["BrokerName"] for page in pages for broker in page["BrokerSummaries"]) == names
    assert len(mq.list_brokers()["BrokerSummaries"]) == 10
    assert refused(mq.list_brokers, MaxResults=4)[0] == "BadRequestException"
    assert refused(mq.list_brokers, NextToken="garbage")[0] == "BadRequestException"


def test_a_broker_takes_time_to_come_and_to_go(local: LocalAws, cloud: Cloud) -> None:
    local.put_account(ACCOUNT, external_id=EXTERNAL_ID)
    mq = cloud.admin("mq", "eu-west-1")
    wish = {"BrokerName": "orders", "EngineType": "RABBITMQ", "HostInstanceType": "mq.m5.large"}
    rest = {"DeploymentMode": "SINGLE_INSTANCE", "PubliclyAccessible": False, "Tags": {"team": "orders"}}

    broker_id = mq.create_broker(**wish, **rest)["BrokerId"]
    early = mq.describe_broker(BrokerId=broker_id)
    too_early = refused(mq.delete_broker, BrokerId=broker_id)
    twice = refused(mq.create_broker, **wish, **rest)

    assert (early["BrokerState"], early["EngineType"]) == ("CREATION_IN_PROGRESS", "RabbitMQ")
    assert early["Tags"] == mq.list_tags(ResourceArn=early["BrokerArn"])["Tags"] == {"team": "orders"}
    assert too_early[1] == "Broker [orders] can't be deleted while in state [CREATION_IN_PROGRESS]"
    assert twice[0] == "ConflictException"
    assert local.account(ACCOUNT)["role_present"] is True
    assert eventually(lambda: mq.describe_broker(BrokerId=broker_id)["BrokerState"] == "RUNNING")
    mq.delete_broker(BrokerId=broker_id)
    assert eventually(lambda: mq.list_brokers()["BrokerSummaries"] == [])


def test_a_rebooting_broker_cannot_be_deleted(local: LocalAws, cloud: Cloud) -> None:
    local.set(broker_create_seconds=60)
    broker_id = local.add_broker(ACCOUNT, "eu-west-1", "orders").rpartition(":")[2]
    mq = cloud.admin("mq", "eu-west-1")

    mq.reboot_broker(BrokerId=broker_id)

    text = "Broker [orders] can't be deleted while in state [REBOOT_IN_PROGRESS]"
    assert refused(mq.delete_broker, BrokerId=broker_id) == ("BadRequestException", text, 400)


def test_an_unknown_broker_is_told_in_mqs_words(cloud: Cloud) -> None:
    answer = refused(cloud.admin("mq", "eu-west-1").describe_broker, BrokerId="b-0")

    text = "Cannot find broker ID [b-0]. Verify that your broker exists or check broker permissions."
    assert answer == ("NotFoundException", text, 404)


# --- regions and organization -------------------------------------------------------------------------------------


def test_regions_are_listed_in_pages_with_their_state(local: LocalAws, cloud: Cloud) -> None:
    local.put_account(ACCOUNT, external_id=EXTERNAL_ID, regions={"eu-south-1": "ENABLED", "af-south-1": "ENABLING"})
    account = cloud.reader("account")

    first = account.list_regions()
    whole = account.list_regions(MaxResults=50)

    states = {region["RegionName"]: region["RegionOptStatus"] for region in whole["Regions"]}
    assert (len(first["Regions"]), "NextToken" in first) == (20, True)
    assert len(states) == 34
    assert states["eu-south-1"] == "ENABLED"
    assert states["us-east-1"] == "ENABLED_BY_DEFAULT"
    assert states["mx-central-1"] == "DISABLED"
    assert refused(account.list_regions, AccountId=ACCOUNT)[1].startswith("Your organization must first enable")


def test_a_region_that_is_off_does_not_know_the_token(cloud: Cloud) -> None:
    keys = cloud.assume()
    text = "The security token included in the request is invalid"

    brokers = refused(cloud.client("mq", "mx-central-1", keys).list_brokers)
    identity = refused(cloud.client("sts", "mx-central-1", keys).get_caller_identity)

    assert brokers == ("UnrecognizedClientException", f"{text}.", 403)
    assert identity == ("InvalidClientTokenId", text, 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("sts", "mx-central-1").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/MqSlrReader", RoleSessionName="mqslr-scan-1", ExternalId=EXTERNAL_ID
        )


def test_the_organization_lists_states_and_no_status(local: LocalAws, cloud: Cloud) -> None:
    for number in range(20):
        local.put_account(f"2222333344{number:02d}", unit="Tests", state="ACTIVE" if number else "CLOSED")
    organizations = cloud.client("organizations")

    pages = list(organizations.get_paginator("list_accounts").paginate())

    assert [len(page["Accounts"]) for page in pages] == [20, 2]
    assert pages[0]["Accounts"][1]["State"] == "CLOSED"
    assert "Status" not in pages[0]["Accounts"][0]
    assert pages[1]["Accounts"][-1]["Name"] == "management"


def test_ssm_knows_the_regions_of_amazon_mq(cloud: Cloud) -> None:
    path = "/aws/service/global-infrastructure/services/mq/regions"

    pages = list(cloud.admin("ssm").get_paginator("get_parameters_by_path").paginate(Path=path))

    names = [parameter["Name"] for page in pages for parameter in page["Parameters"]]
    assert len(pages) > 1
    assert f"{path}/eu-central-1" in names


def test_the_rest_of_iam_is_there_for_whoever_may(cloud: Cloud) -> None:
    iam = cloud.admin("iam")

    iam.create_user(UserName="somebody")

    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["somebody"]
    assert refused(cloud.reader("iam").list_users)[0] == "AccessDenied"
