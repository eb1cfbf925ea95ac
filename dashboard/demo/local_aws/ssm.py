"""Systems Manager's public parameters: the regions that AWS says have Amazon MQ."""

from __future__ import annotations

from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import REGION_ROWS

MQ_REGIONS = "/aws/service/global-infrastructure/services/mq/regions"
LARGEST_PAGE = 10


def get_parameters_by_path(context: Context) -> dict[str, object]:
    """One page of the region parameters; no other path has any. Raises AwsError as AWS does."""
    path = context.param("Path").rstrip("/")
    size = int(context.call.params.get("MaxResults", LARGEST_PAGE))
    token = context.param("NextToken").removeprefix("from-") or "0"
    if not 1 <= size <= LARGEST_PAGE or not token.isdigit():
        raise AwsError(400, "ValidationException", f"MaxResults must be between 1 and {LARGEST_PAGE}")
    codes = sorted(row.code for row in REGION_ROWS) if path == MQ_REGIONS else []
    start, end = int(token), int(token) + size
    page = [_parameter(context, code) for code in codes[start:end]]
    return {"Parameters": page, **({"NextToken": f"from-{end}"} if end < len(codes) else {})}


def _parameter(context: Context, code: str) -> dict[str, object]:
    name = f"{MQ_REGIONS}/{code}"
    arn = f"arn:{context.account.partition}:ssm:{context.call.region}::parameter{name}"
    return {"Name": name, "Type": "String", "Value": code, "Version": 1, "ARN": arn, "DataType": "text"}


ANSWERS = {"GetParametersByPath": get_parameters_by_path}
