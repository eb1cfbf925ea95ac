from __future__ import annotations

import pytest

from accounts.domain.region_table import (
    Kind,
    Published,
    Row,
    changes_between,
    differences,
    fingerprint,
    guide_row,
    left_out,
    with_taken,
)
from accounts.domain.regions import check_region_code, endpoint_of

DUBLIN = Row("eu-west-1", "Europe (Ireland)", beyond_guide=False)
GOV = Row("us-gov-west-1", "AWS GovCloud (US)", supported=False, beyond_guide=False, polled=False)


def kinds(rows: list[Row], names: dict[str, str], **states: str) -> list[str]:
    said = Published(names, {code.replace("_", "-"): frozenset(told.split()) for code, told in states.items()})
    return [one.key for one in differences({row.code: row for row in rows}, said)]


@pytest.mark.parametrize(
    "text", ["eu-west-1", " EU-West-1 ", "us-gov-west-1", "cn-north-1", "ap-southeast-12", "nz-x-1"]
)
def test_a_code_as_aws_writes_it_fits(text: str) -> None:
    assert check_region_code(text) == text.strip().lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("mars", "is not the code of a region"),
        ("eu-west-1; drop", "is not the code of a region"),
        ("eu-wëst-1", "is not the code of a region"),
        ("eu-west-1\n2", "is not the code of a region"),
        ("a" * 500, "is not the code of a region"),
        ("us-iso-east-1", "a partition that Rolecall does not watch"),
        ("eusc-de-east-1", "a partition that Rolecall does not watch"),
    ],
)
def test_what_is_no_region_that_can_be_watched_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_region_code(text)


def test_the_endpoint_of_china_ends_otherwise() -> None:
    assert endpoint_of("eu-west-1") == "mq.eu-west-1.amazonaws.com"
    assert endpoint_of("cn-north-1") == "mq.cn-north-1.amazonaws.com.cn"


def test_the_guides_no_is_not_polled() -> None:
    row = guide_row("us-gov-west-1")

    assert row is not None
    assert (row.supported, row.polled, row.beyond_guide) == (False, False, False)
    assert guide_row("eu-nowhere-1") is None


def test_a_change_says_field_by_field_what_differs() -> None:
    (change,) = changes_between({"eu-west-1": DUBLIN}, {"eu-west-1": Row("eu-west-1", "Dublin", polled=False)})

    assert change.words == ("name: “Europe (Ireland)” → “Dublin”; beyond the guide: No → Yes; polled: Yes → No")


def test_a_table_that_says_what_aws_says_has_no_difference() -> None:
    assert kinds([DUBLIN], {"eu-west-1": "Europe (Ireland)"}, eu_west_1="ENABLED_BY_DEFAULT") == []


def test_differences_are_told_apart() -> None:
    rows = [DUBLIN, GOV, Row("eu-gone-1", "Gone")]
    names = {"eu-west-1": "Europe (Dublin)", "us-gov-west-1": "AWS GovCloud (US)", "eu-new-1": "New"}

    assert kinds(rows, names, eu_west_1="DISABLED ENABLED") == [
        *("new:eu-new-1", "support:us-gov-west-1", "gone:eu-gone-1", "name:eu-west-1", "opt-in:eu-west-1"),
    ]


def test_a_partition_of_which_aws_names_no_region_is_not_gone() -> None:
    assert kinds([DUBLIN, Row("cn-north-1", "China (Beijing)")], {"eu-west-1": "Europe (Ireland)"}) == []


def test_a_region_without_a_name_keeps_the_tables() -> None:
    assert kinds([DUBLIN], {"eu-west-1": ""}) == []


def test_regions_of_other_partitions_are_left_out_and_told() -> None:
    names = {"eu-west-1": "Europe (Ireland)", "eusc-de-east-1": "Sovereign"}

    assert kinds([DUBLIN], names) == []
    assert left_out(names) == ["eusc-de-east-1"]


def test_what_is_taken_is_what_was_said() -> None:
    gone = Row("eu-gone-1", "Gone", note="Small.")
    said = Published({"us-gov-west-1": "AWS GovCloud (US-West)", "eu-new-1": ""}, {})
    new, support, _, name = differences({row.code: row for row in (GOV, gone)}, said)
    (lost,) = [one for one in differences({gone.code: gone}, said) if one.kind is Kind.GONE]

    assert with_taken(None, new, said, "2026-11-24") == Row("eu-new-1", "eu-new-1", opt_in=True)
    assert with_taken(GOV, support, said, "2026-11-24").polled
    assert with_taken(GOV, name, said, "2026-11-24").name == "AWS GovCloud (US-West)"
    after = with_taken(gone, lost, said, "2026-11-24")
    assert (after.supported, after.polled) == (False, False)
    assert after.note == "Small. AWS’s public list did not name it on 2026-11-24."


def test_a_fingerprint_is_of_what_was_shown() -> None:
    one = changes_between({}, {"eu-west-1": DUBLIN})

    assert fingerprint(one) == fingerprint(list(one))
    assert fingerprint(one) != fingerprint([])
