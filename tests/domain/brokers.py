"""Plans and brokers for tests of the rules, with nothing to write but what the test is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from accounts.domain.plans import Plan, PlannedBroker

ACCOUNT = "111122223333"


def broker(name: str = "orders", region: str = "eu-west-1", **more: Any) -> PlannedBroker:
    planned = PlannedBroker(
        arn=f"arn:aws:mq:{region}:{ACCOUNT}:broker:{name}:b-{name}",
        broker_id=f"b-{name}",
        name=name,
        region=region,
        engine="RabbitMQ",
        state="RUNNING",
        tags={},
    )
    return replace(planned, **more)


def plan(*deletes: PlannedBroker, **more: Any) -> Plan:
    drawn = Plan(
        account_id=ACCOUNT,
        partition="aws",
        account_name="orders-dev",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/mq.amazonaws.com/AWSServiceRoleForAmazonMQ",
        role_id="AROA1",
        deletes=deletes,
    )
    return replace(drawn, **more)
