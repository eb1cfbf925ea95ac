"""Systems Manager's public parameters: the regions that AWS says have Amazon MQ, and what they are called."""

from __future__ import annotations

from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import REGION_ROWS

ROOT = "/aws/service/global-infrastructure"
MQ_REGIONS = f"{ROOT}/services/mq/regions"
# Where AWS's name of today is not the guide's.
NAMES = {row.code: row.name for row in REGION_ROWS} | {
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "us-gov-west-1": "AWS GovCloud (US-West)",
}
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


def get_parameters(context: Context) -> dict[str, object]:
    """The long names of regions, at most ten; a name that there is none of is told as invalid."""
    names = list(context.call.params.get("Names", []))
    if not 1 <= len(names) <= LARGEST_PAGE:
        raise AwsError(400, "ValidationException", f"Names must have between 1 and {LARGEST_PAGE} entries")
    long_names = {f"{ROOT}/regions/{code}/longName": name for code, name in NAMES.items()}
    found = [_told(context, name, long_names[name]) for name in names if name in long_names]
    return {"Parameters": found, "InvalidParameters": [name for name in names if name not in long_names]}


def _parameter(context: Context, code: str) -> dict[str, object]:
    return _told(context, f"{MQ_REGIONS}/{code}", code)


def _told(context: Context, name: str, value: str) -> dict[str, object]:
    arn = f"arn:{context.account.partition}:ssm:{context.call.region}::parameter{name}"
    return {"Name": name, "Type": "String", "Value": value, "Version": 1, "ARN": arn, "DataType": "text"}


ANSWERS = {"GetParametersByPath": get_parameters_by_path, "GetParameters": get_parameters}
