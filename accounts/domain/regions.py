"""The supported-regions table: the guide's rows with the guide's Yes and No, and the regions it does not list."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One row of the table. `supported` is the guide's Yes or No; rows beyond the guide are Yes."""

    code: str
    name: str
    supported: bool
    beyond_guide: bool = False
    opt_in: bool = False
    note: str = ""


GUIDE_ROWS: tuple[RegionRow, ...] = (
    RegionRow("us-east-1", "US East (N. Virginia)", True),
    RegionRow("us-east-2", "US East (Ohio)", True),
    RegionRow("us-west-1", "US West (N. California)", True),
    RegionRow("us-west-2", "US West (Oregon)", True),
    RegionRow("ap-south-1", "Asia Pacific (Mumbai)", True),
    RegionRow("ap-northeast-3", "Asia Pacific (Osaka-Local)", True),
    RegionRow("ap-northeast-2", "Asia Pacific (Seoul)", True),
    RegionRow("ap-southeast-1", "Asia Pacific (Singapore)", True),
    RegionRow("ap-southeast-2", "Asia Pacific (Sydney)", True),
    RegionRow("ap-northeast-1", "Asia Pacific (Tokyo)", True),
    RegionRow("ca-central-1", "Canada (Central)", True),
    RegionRow("eu-central-1", "Europe (Frankfurt)", True),
    RegionRow("eu-west-1", "Europe (Ireland)", True),
    RegionRow("eu-west-2", "Europe (London)", True),
    RegionRow("eu-west-3", "Europe (Paris)", True),
    RegionRow("sa-east-1", "South America (São Paulo)", True),
    RegionRow(
        "us-gov-west-1",
        "AWS GovCloud (US)",
        False,
        note="The guide says No; AWS's GovCloud guide now says that Amazon MQ runs here with both engines. "
        "Switch it on to poll it.",
    ),
)

BEYOND_GUIDE_ROWS: tuple[RegionRow, ...] = tuple(
    RegionRow(code, name, True, beyond_guide=True, opt_in=opt_in)
    for code, name, opt_in in (
        ("af-south-1", "Africa (Cape Town)", True),
        ("ap-east-1", "Asia Pacific (Hong Kong)", True),
        ("ap-east-2", "Asia Pacific (Taipei)", True),
        ("ap-south-2", "Asia Pacific (Hyderabad)", True),
        ("ap-southeast-3", "Asia Pacific (Jakarta)", True),
        ("ap-southeast-4", "Asia Pacific (Melbourne)", True),
        ("ap-southeast-5", "Asia Pacific (Malaysia)", True),
        ("ap-southeast-6", "Asia Pacific (New Zealand)", True),
        ("ap-southeast-7", "Asia Pacific (Thailand)", True),
        ("ca-west-1", "Canada West (Calgary)", True),
        ("eu-central-2", "Europe (Zurich)", True),
        ("eu-north-1", "Europe (Stockholm)", False),
        ("eu-south-1", "Europe (Milan)", True),
        ("eu-south-2", "Europe (Spain)", True),
        ("il-central-1", "Israel (Tel Aviv)", True),
        ("me-central-1", "Middle East (UAE)", True),
        ("me-south-1", "Middle East (Bahrain)", True),
        ("mx-central-1", "Mexico (Central)", True),
        ("us-gov-east-1", "AWS GovCloud (US-East)", False),
        ("cn-north-1", "China (Beijing)", False),
        ("cn-northwest-1", "China (Ningxia)", False),
    )
)

_DOCUMENTED: dict[str, RegionRow] = {row.code: row for row in GUIDE_ROWS + BEYOND_GUIDE_ROWS}

# Where STS and IAM are asked: a default region, which nobody can switch off.
DEFAULT_REGION = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}

_GEOGRAPHIES = (
    ("US", re.compile(r"us-(east|west)-")),
    ("CA · MX · SA", re.compile(r"(ca|mx|sa)-")),
    ("Europe", re.compile(r"eu-")),
    ("Asia Pacific", re.compile(r"ap-")),
    ("ME · AF", re.compile(r"(me|il|af)-")),
    ("GovCloud", re.compile(r"us-gov-")),
    ("China", re.compile(r"cn-")),
)


# As AWS writes them: us-east-1, ap-southeast-7, us-gov-west-1. Geographies that AWS has not opened yet fit, too.
_CODE = re.compile(r"[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}", re.ASCII)
_OTHER_PARTITION = re.compile(r"eusc-|[a-z]{2}-iso[a-z]?-")


def documented_row(code: str) -> RegionRow | None:
    """The guide's row, or the one beyond it that Rolecall ships; None for a region that somebody added by hand."""
    return _DOCUMENTED.get(code)


def check_region_code(text: str) -> str:
    """Give a region's code, cleared of case and spaces around it. Raises ValueError, which says what would fit.

    Whether AWS has such a region is not asked: a new one is known to nobody here.
    """
    code = text.strip().lower()
    if not code:
        raise ValueError("code is empty: write a region such as eu-west-1")
    if len(code) > 32 or not _CODE.fullmatch(code):
        raise ValueError(f"“{code[:40]}” is not the code of a region: write it as AWS does, such as eu-west-1")
    if _OTHER_PARTITION.match(code):
        raise ValueError(f"{code} is of a partition that Rolecall does not watch: it knows aws, aws-us-gov and aws-cn")
    return code


def endpoint_of(region: str) -> str:
    """The host name that Amazon MQ has in a region, whether or not there is one."""
    return f"mq.{region}.amazonaws.com{'.cn' if partition_of(region) == 'aws-cn' else ''}"


def partition_of(region: str) -> str:
    """The partition that a region belongs to."""
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws-cn" if region.startswith("cn-") else "aws"


def geography_of(region: str) -> str:
    """The heading under which a region stands in the matrix."""
    return next((name for name, pattern in _GEOGRAPHIES if pattern.match(region)), "Elsewhere")


def display_order(region: str) -> tuple[int, str]:
    """A sort key: geographies in the order of the headings, codes in alphabetical order within."""
    names = [name for name, _ in _GEOGRAPHIES]
    geography = geography_of(region)
    return (names.index(geography) if geography in names else len(names), region)
