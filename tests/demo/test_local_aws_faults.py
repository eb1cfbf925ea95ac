"""Faults by rule, and the control API that sets them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from dashboard.demo.local_aws.client import LocalAws, LocalAwsError
from tests.demo.conftest import ACCOUNT, Cloud


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"status": 429, "code": "TooManyRequestsException"}, "TooManyRequestsException"),
        ({"status": 429}, "429"),
        ({"status": 500, "code": "InternalServerErrorException", "message": "sorry"}, "InternalServerErrorException"),
    ],
)
def test_a_rule_answers_with_an_error(local: LocalAws, cloud: Cloud, rule: dict[str, Any], code: str) -> None:
    local.add_fault(account=ACCOUNT, region="eu-west-1", action="List.*", **rule)
    keys = cloud.assume()

    with pytest.raises(ClientError) as caught:
        cloud.client("mq", "eu-west-1", keys).list_brokers()

    assert caught.value.response["Error"]["Code"] == code
    assert cloud.client("mq", "eu-west-2", keys).list_brokers()["BrokerSummaries"] == []


def test_a_rule_resets_the_connection(local: LocalAws, cloud: Cloud) -> None:
    local.add_fault(service="mq", reset=True)
    mq = cloud.reader("mq", "eu-west-1")

    with pytest.raises(BotoCoreError):
        mq.list_brokers()


@pytest.mark.parametrize("rule", [{"truncate": True}, {"html": True, "status": 200}, {"body": '{"brokerSumm'}])
def test_a_broken_answer_reaches_the_caller_without_brokers(
    local: LocalAws, cloud: Cloud, rule: dict[str, Any]
) -> None:
    local.add_fault(service="mq", **rule)

    answer = cloud.reader("mq", "eu-west-1").list_brokers()

    # botocore raises nothing for a broken JSON body: the caller must notice that the list is not there.
    assert "BrokerSummaries" not in answer


@pytest.mark.parametrize("rule", [{"truncate": True}, {"html": True, "status": 200}])
def test_a_broken_answer_of_iam_cannot_be_parsed(local: LocalAws, cloud: Cloud, rule: dict[str, Any]) -> None:
    local.add_fault(service="iam", **rule)

    with pytest.raises(ResponseParserError):
        cloud.reader("iam").get_role(RoleName="AWSServiceRoleForAmazonMQ")


def test_iam_is_throttled_in_its_own_words(local: LocalAws, cloud: Cloud) -> None:
    local.add_fault(service="iam", action="^GetRole$", status=400, code="Throttling", message="Rate exceeded")

    with pytest.raises(ClientError, match=r"\(Throttling\).*Rate exceeded"):
        cloud.reader("iam").get_role(RoleName="AWSServiceRoleForAmazonMQ")


def test_a_rule_puts_another_account_into_the_true_answer(local: LocalAws, cloud: Cloud) -> None:
    local.add_broker(ACCOUNT, "eu-west-1", "orders")
    local.add_fault(service="mq", owner="999988887777")

    (broker,) = cloud.reader("mq", "eu-west-1").list_brokers()["BrokerSummaries"]

    assert broker["BrokerName"] == "orders"
    assert broker["BrokerArn"].split(":")[4] == "999988887777"


def test_an_engine_of_another_name_needs_a_version(local: LocalAws, cloud: Cloud) -> None:
    with pytest.raises(LocalAwsError, match="engine “Kafka” is not RabbitMQ or ActiveMQ"):
        local.add_broker(ACCOUNT, "eu-west-1", "slip", engine="Kafka")

    local.add_broker(ACCOUNT, "eu-west-1", "novel", engine="Kafka", engine_version="4.0")

    (broker,) = cloud.reader("mq", "eu-west-1").list_brokers()["BrokerSummaries"]
    assert broker["EngineType"] == "Kafka"


def test_a_rule_ends_after_its_times(local: LocalAws, cloud: Cloud) -> None:
    local.add_fault(service="mq", status=503, code="ServiceUnavailable", times=1)
    mq = cloud.reader("mq", "eu-west-1")

    with pytest.raises(ClientError):
        mq.list_brokers()

    assert mq.list_brokers()["BrokerSummaries"] == []
    assert local.faults() == []


def test_a_rule_can_only_delay(local: LocalAws, cloud: Cloud) -> None:
    local.add_fault(service="mq", delay=0.3)
    mq = cloud.reader("mq", "eu-west-1")
    start = time.monotonic()

    mq.list_brokers()

    assert time.monotonic() - start >= 0.3


def test_an_assume_role_is_about_the_account_whose_role_is_wanted(local: LocalAws, cloud: Cloud) -> None:
    rule = local.add_fault(account=ACCOUNT, action="AssumeRole", status=403, code="AccessDenied", message="no")

    with pytest.raises(ClientError, match="no"):
        cloud.assume()
    local.remove_fault(rule)

    assert cloud.assume()["AccessKeyId"].startswith("ASIA")


def test_the_log_names_account_region_and_status(local: LocalAws, cloud: Cloud) -> None:
    mq = cloud.reader("mq", "eu-west-1")
    local.clear_log()

    mq.list_brokers()

    (line,) = local.log()
    told = {name: line[name] for name in ("account", "region", "service", "action", "key_account", "status")}
    assert list(told.values()) == [ACCOUNT, "eu-west-1", "mq", "ListBrokers", ACCOUNT, 200]


def test_bad_rules_and_descriptions_are_refused_by_name(local: LocalAws) -> None:
    with pytest.raises(LocalAwsError, match="unknown field “colour”"):
        local.add_fault(colour="red")
    with pytest.raises(LocalAwsError, match="partition “moon”"):
        local.put_account("111122224444", partition="moon")
    with pytest.raises(LocalAwsError, match="known settings are"):
        local.set(session_minutes=1)


def test_a_session_outlives_a_restart_of_the_world(local: LocalAws, cloud: Cloud) -> None:
    mq = cloud.reader("mq", "eu-west-1")

    local.reset("empty")
    local.put_account(ACCOUNT, name="again")

    assert mq.list_brokers()["BrokerSummaries"] == []
