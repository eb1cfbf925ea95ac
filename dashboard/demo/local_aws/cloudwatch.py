"""CloudWatch: how many connections a RabbitMQ broker has had, hour by hour; of other engines and metrics, nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.demo.local_aws.authorize import Context, authorize
from dashboard.demo.local_aws.world import Broker

CONNECTIONS = ("AWS/AmazonMQ", "ConnectionCount")


def get_metric_data(context: Context) -> dict[str, object]:
    """All metrics that are asked for, each with the hours that it has."""
    authorize(context, "cloudwatch:GetMetricData", "*")  # the service signs as `monitoring`
    brokers = {broker.name: broker for broker in context.account.brokers_in(context.call.region)}
    return {"MetricDataResults": [_result(query, brokers) for query in context.call.params["MetricDataQueries"]]}


def _result(query: dict[str, Any], brokers: dict[str, Broker]) -> dict[str, object]:
    metric = query["MetricStat"]["Metric"]
    named = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}
    broker = brokers.get(named.get("Broker", ""))
    known = broker is not None and broker.engine == "RabbitMQ"
    hours = _hours(broker) if broker and known and (metric["Namespace"], metric["MetricName"]) == CONNECTIONS else {}
    return {
        "Id": query["Id"],
        "Label": metric["MetricName"],
        "Timestamps": [at.timestamp() for at in hours],
        "Values": list(hours.values()),
        "StatusCode": "Complete",
    }


def _hours(broker: Broker) -> dict[datetime, float]:
    """The last hour, without a connection, and the one in which there was one."""
    last = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    return {last: 0.0, **({broker.connected: 3.0} if broker.connected else {})}


ANSWERS = {"GetMetricData": get_metric_data}
