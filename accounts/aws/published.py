"""AWS's public list of the regions that have Amazon MQ: parameters of Systems Manager, the same for every account.

The path is described under "Calling public parameters for AWS services, Regions …" in Systems Manager's user guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from accounts.aws.answers import answering, broken, text
from accounts.domain.published_regions import BY_PATH, MQ_REGIONS, NAMES, REGIONS

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import GetParametersByPathRequestTypeDef

PAGE: Final = 10  # the most that both calls take
MAX_PAGES: Final = 50
LONG_NAME: Final = "longName"


def amazon_mq_regions(ssm: SSMClient) -> dict[str, str]:
    """Every region that has Amazon MQ with AWS's name for it, empty where it gives none. All of it, or AwsError."""
    codes = sorted(set(_codes(ssm)))
    if not codes:
        raise broken(BY_PATH, "", "EmptyList")  # there is no AWS without Amazon MQ: nothing was told
    names: dict[str, str] = {}
    for start in range(0, len(codes), PAGE):
        names.update(_names(ssm, codes[start : start + PAGE]))
    return {code: names.get(code, "") for code in codes}


def _codes(ssm: SSMClient) -> Iterator[str]:
    token, seen = "", set[str]()
    for _ in range(MAX_PAGES):
        request: GetParametersByPathRequestTypeDef = {"Path": MQ_REGIONS, "MaxResults": PAGE}
        if token:
            request["NextToken"] = token
        with answering(BY_PATH):
            answer = ssm.get_parameters_by_path(**request)
            yield from [text(parameter, "Value") for parameter in answer["Parameters"]]
            token = answer.get("NextToken", "")
        if not token:
            return
        if token in seen:
            raise broken(BY_PATH, "", "RepeatedToken")
        seen.add(token)
    raise broken(BY_PATH, "", "EndlessPages")


def _names(ssm: SSMClient, codes: Sequence[str]) -> dict[str, str]:
    """A region that AWS has no name for is among InvalidParameters, which is no error."""
    with answering(NAMES):
        answer: Any = ssm.get_parameters(Names=[f"{REGIONS}/{code}/{LONG_NAME}" for code in codes])
        found = {text(parameter, "Name").split("/")[-2]: text(parameter, "Value") for parameter in answer["Parameters"]}
        return {code: name for code, name in found.items() if code in codes}
