"""Where AWS publishes which regions have Amazon MQ, and what the hub has to be allowed to read it."""

from __future__ import annotations

from typing import Any, Final

from accounts.domain.regions import DEFAULT_REGION

ROOT: Final = "/aws/service/global-infrastructure"
MQ_REGIONS: Final = f"{ROOT}/services/mq/regions"
REGIONS: Final = f"{ROOT}/regions"
BY_PATH: Final = "ssm:GetParametersByPath"
NAMES: Final = "ssm:GetParameters"


def statement(partition: str) -> dict[str, Any]:
    """What the hub's own policy needs for it: two calls that read, on public parameters alone."""
    region = DEFAULT_REGION[partition]
    return {
        "Sid": "ReadAwsListOfRegions",
        "Effect": "Allow",
        "Action": [BY_PATH, NAMES],
        # The account is left open: AWS's own parameters have none in their ARN, and for a path it may put the asker's.
        "Resource": f"arn:{partition}:ssm:{region}:*:parameter{ROOT}/*",
    }
