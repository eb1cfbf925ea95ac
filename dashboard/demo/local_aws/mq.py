"""Amazon MQ: brokers whose states take time, real paging, and AWS's refusals word for word."""

from __future__ import annotations

import base64
import re
import time
import uuid
from datetime import UTC, datetime

from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.descriptions import add_broker
from dashboard.demo.local_aws.wire import AwsError, timestamp
from dashboard.demo.local_aws.world import Broker, service_linked_role

DEFAULT_PAGE = 20
SMALLEST_PAGE, LARGEST_PAGE = 5, 100
DELETABLE = ("RUNNING", "CREATION_FAILED", "CRITICAL_ACTION_REQUIRED")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")


def list_brokers(context: Context) -> dict[str, object]:
    """One page of the region's brokers. Raises AwsError on a page size or token that AWS would not take."""
    context.allow("*")
    brokers = context.account.brokers_in(context.call.region)
    size, start = _page_size(context), _start(context)
    page: dict[str, object] = {"brokerSummaries": [_summary(broker) for broker in brokers[start : start + size]]}
    end = start + size
    # AWS may hand out a token although nothing follows: a full last page does so here.
    if end < len(brokers) or (brokers and end == len(brokers)):
        page["nextToken"] = base64.urlsafe_b64encode(f"from:{end}".encode()).decode()
    return page


def _page_size(context: Context) -> int:
    text = context.param("maxResults", str(DEFAULT_PAGE))
    if not text.isdigit() or not SMALLEST_PAGE <= int(text) <= LARGEST_PAGE:
        raise _bad_request(f"maxResults [{text}] must be between {SMALLEST_PAGE} and {LARGEST_PAGE}.", "maxResults")
    return int(text)


def _start(context: Context) -> int:
    token = context.param("nextToken")
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from:"))
    except ValueError:
        raise _bad_request("The nextToken is not valid.", "nextToken") from None


def _bad_request(text: str, attribute: str = "") -> AwsError:
    return AwsError(400, "BadRequestException", text, errorAttribute=attribute)


def _summary(broker: Broker) -> dict[str, object]:
    return {
        "brokerArn": broker.arn,
        "brokerId": broker.broker_id,
        "brokerName": broker.name,
        "brokerState": broker.state,
        "created": timestamp(broker.created),
        "deploymentMode": broker.mode,
        "engineType": broker.engine,
        "hostInstanceType": broker.instance_type,
    }


def _find(context: Context) -> Broker:
    """The broker that the path names, after the permission check. Raises AwsError NotFoundException."""
    broker_id, account, region = context.param("broker-id"), context.account, context.call.region
    broker = account.brokers.get(broker_id)
    unknown = f"arn:{account.partition}:mq:{region}:{account.account_id}:broker:unknown:{broker_id}"
    context.allow(broker.arn if broker else account.gone.get(broker_id, unknown))
    if broker is None or broker.region != region:
        text = f"Cannot find broker ID [{broker_id}]. Verify that your broker exists or check broker permissions."
        raise AwsError(404, "NotFoundException", text, errorAttribute="broker-id")
    return broker


def describe_broker(context: Context) -> dict[str, object]:
    """One broker with everything that is worth knowing before it is deleted."""
    broker = _find(context)
    return {
        **_summary(broker),
        "authenticationStrategy": "simple",
        "autoMinorVersionUpgrade": True,
        "actionsRequired": _actions_required(broker),
        "brokerInstances": _instances(broker),
        "configurations": {"current": {"id": "c" + broker.broker_id[1:], "revision": 1}, "history": []},
        "dataReplicationMode": broker.replication_mode,
        "encryptionOptions": {"useAwsOwnedKey": True},
        "engineVersion": broker.engine_version,
        "logs": {"general": True, "generalLogGroup": f"/aws/amazonmq/broker/{broker.broker_id}/general"},
        "maintenanceWindowStartTime": {"dayOfWeek": "SUNDAY", "timeOfDay": "03:00", "timeZone": "UTC"},
        "publiclyAccessible": False,
        "securityGroups": ["sg-" + broker.broker_id[2:10]],
        "storageType": "ebs" if broker.engine == "RabbitMQ" else "efs",
        "subnetIds": ["subnet-" + broker.broker_id[2:10]],
        "tags": broker.tags,
        "users": [] if broker.engine == "RabbitMQ" else [{"username": "admin"}],
    }


def _actions_required(broker: Broker) -> list[dict[str, str]]:
    if broker.state != "CRITICAL_ACTION_REQUIRED":
        return []
    return [{"actionRequiredCode": "INVALID_KMS_KEY", "actionRequiredInfo": "The broker's KMS key cannot be used."}]


def _instances(broker: Broker) -> list[dict[str, object]]:
    host = f"{broker.broker_id}.mq.{broker.region}.on.aws"
    scheme = "amqps" if broker.engine == "RabbitMQ" else "amqp+ssl"
    return [{"consoleURL": f"https://{host}", "endpoints": [f"{scheme}://{host}:5671"]}]


def list_tags(context: Context) -> dict[str, object]:
    """The tags of a broker, which its ARN names."""
    arn = context.param("resource-arn")
    context.allow(arn)
    broker = context.account.brokers.get(arn.rpartition(":")[2])
    if broker is None or broker.arn != arn:
        raise AwsError(404, "NotFoundException", f"Cannot find resource [{arn}].", errorAttribute="resource-arn")
    return {"tags": broker.tags}


def delete_broker(context: Context) -> dict[str, object]:
    """Start a deletion. Raises AwsError BadRequestException in a state from which AWS deletes nothing."""
    broker = _find(context)
    if broker.replication_mode == "CRDR":
        raise _bad_request(f"Broker [{broker.name}] can't be deleted while data replication is on.")
    if broker.state not in DELETABLE:
        raise _bad_request(f"Broker [{broker.name}] can't be deleted while in state [{broker.state}]")
    _set_state(broker, "DELETION_IN_PROGRESS", context.world.settings.broker_delete_seconds, "")
    return {"brokerId": broker.broker_id}


def reboot_broker(context: Context) -> dict[str, object]:
    """Restart a running broker."""
    broker = _find(context)
    if broker.state != "RUNNING":
        raise _bad_request(f"Broker [{broker.name}] can't be rebooted while in state [{broker.state}]")
    _set_state(broker, "REBOOT_IN_PROGRESS", context.world.settings.broker_create_seconds, "RUNNING")
    return {}


def _set_state(broker: Broker, state: str, seconds: float, then: str) -> None:
    broker.state, broker.until, broker.then = state, time.monotonic() + seconds, then


def create_broker(context: Context) -> dict[str, object]:
    """Make a broker. A RabbitMQ broker makes the service-linked role when the account has none."""
    context.allow("*")
    account, region, name = context.account, context.call.region, context.param("brokerName")
    if not _NAME.fullmatch(name):
        raise _bad_request(
            f"Broker name [{name}] must be 1 to 50 letters, digits, dashes and underscores.", "brokerName"
        )
    if any(broker.name == name for broker in account.brokers_in(region)):
        raise AwsError(409, "ConflictException", f"Broker [{name}] already exists.", errorAttribute="brokerName")
    broker = add_broker(account, _description(context, name))
    broker.created = datetime.now(UTC)
    _set_state(broker, "CREATION_IN_PROGRESS", context.world.settings.broker_create_seconds, "RUNNING")
    if broker.engine == "RabbitMQ" and account.role is None:
        account.role = service_linked_role(account.partition)
    return {"brokerArn": broker.arn, "brokerId": broker.broker_id}


def _description(context: Context, name: str) -> dict[str, object]:
    engine = context.param("engineType")
    if engine.lower() not in ("rabbitmq", "activemq"):
        raise _bad_request(f"Broker engine type [{engine}] is invalid.", "engineType")
    chosen = {
        "region": context.call.region,
        "name": name,
        "engine": engine,
        "broker_id": f"b-{uuid.uuid4()}",
        "mode": context.param("deploymentMode", "SINGLE_INSTANCE"),
        "instance_type": context.param("hostInstanceType", "mq.m5.large"),
        "tags": context.call.params.get("tags") or {},
    }
    version = context.param("engineVersion")
    return {**chosen, "engine_version": version} if version else chosen


ANSWERS = {
    "ListBrokers": list_brokers,
    "DescribeBroker": describe_broker,
    "ListTags": list_tags,
    "DeleteBroker": delete_broker,
    "RebootBroker": reboot_broker,
    "CreateBroker": create_broker,
}
