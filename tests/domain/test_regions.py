from __future__ import annotations

import botocore.session
import pytest

from accounts.domain.identifiers import PARTITIONS
from accounts.domain.regions import (
    BEYOND_GUIDE_ROWS,
    DEFAULT_REGION,
    GUIDE_ROWS,
    display_order,
    geography_of,
    partition_of,
)

ROWS = GUIDE_ROWS + BEYOND_GUIDE_ROWS

# The guide's table, row by row, as printed.
GUIDE = """
US East (N. Virginia) | us-east-1 | Yes
US East (Ohio) | us-east-2 | Yes
US West (N. California) | us-west-1 | Yes
US West (Oregon) | us-west-2 | Yes
Asia Pacific (Mumbai) | ap-south-1 | Yes
Asia Pacific (Osaka-Local) | ap-northeast-3 | Yes
Asia Pacific (Seoul) | ap-northeast-2 | Yes
Asia Pacific (Singapore) | ap-southeast-1 | Yes
Asia Pacific (Sydney) | ap-southeast-2 | Yes
Asia Pacific (Tokyo) | ap-northeast-1 | Yes
Canada (Central) | ca-central-1 | Yes
Europe (Frankfurt) | eu-central-1 | Yes
Europe (Ireland) | eu-west-1 | Yes
Europe (London) | eu-west-2 | Yes
Europe (Paris) | eu-west-3 | Yes
South America (São Paulo) | sa-east-1 | Yes
AWS GovCloud (US) | us-gov-west-1 | No
"""
# The regions that an account must opt in to, as AWS's account management guide lists them.
OPT_IN = """
af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1
"""


def test_the_guides_seventeen_rows_are_the_guides() -> None:
    printed = [f"{row.name} | {row.code} | {'Yes' if row.supported else 'No'}" for row in GUIDE_ROWS]

    assert printed == GUIDE.strip().splitlines()
    assert not any(row.beyond_guide or row.opt_in for row in GUIDE_ROWS)


def test_the_no_says_that_aws_now_says_otherwise() -> None:
    assert [row.code for row in GUIDE_ROWS if row.note] == ["us-gov-west-1"]


def test_rows_beyond_the_guide_are_marked_and_supported() -> None:
    assert all(row.beyond_guide and row.supported for row in BEYOND_GUIDE_ROWS)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_table_holds_every_amazon_mq_region_that_botocore_knows(partition: str) -> None:
    known = botocore.session.Session().get_available_regions("mq", partition)

    assert sorted(row.code for row in ROWS if partition_of(row.code) == partition) == sorted(known)


def test_no_region_stands_twice() -> None:
    assert len({row.code for row in ROWS}) == len({row.name for row in ROWS}) == len(ROWS) == 38


def test_opt_in_regions_are_marked() -> None:
    assert sorted(row.code for row in ROWS if row.opt_in) == OPT_IN.split()


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_region_asked_first_is_in_the_partition_and_always_on(partition: str) -> None:
    (row,) = [row for row in ROWS if row.code == DEFAULT_REGION[partition]]

    assert partition_of(row.code) == partition
    assert not row.opt_in


def test_every_region_of_the_table_has_a_geography() -> None:
    assert {geography_of(row.code) for row in ROWS} == {
        "US",
        "CA · MX · SA",
        "Europe",
        "Asia Pacific",
        "ME · AF",
        "GovCloud",
        "China",
    }


def test_geographies_stand_together_and_strangers_last() -> None:
    codes = [
        "xx-north-1",
        "cn-north-1",
        "us-gov-west-1",
        "af-south-1",
        "eu-west-1",
        "us-west-1",
        "us-east-1",
        "sa-east-1",
    ]

    assert sorted(codes, key=display_order) == [
        *("us-east-1", "us-west-1", "sa-east-1", "eu-west-1"),
        *("af-south-1", "us-gov-west-1", "cn-north-1", "xx-north-1"),
    ]
