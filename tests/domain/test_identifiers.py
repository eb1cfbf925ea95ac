from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.identifiers import (
    Arn,
    check_external_id,
    group_digits,
    parse_account_id,
    parse_arn,
    parse_role_arn,
)

READER = "arn:aws:iam::111122223333:role/ops/rolecall-reader"


@pytest.mark.parametrize("text", ["012345678901", " 012345678901\t", "0123-4567-8901", "0123 4567 8901"])
def test_an_account_id_is_read_as_people_write_it(text: str) -> None:
    assert parse_account_id(text) == "012345678901"


@given(st.integers(0, 10**12 - 1))
def test_grouped_digits_read_back(number: int) -> None:
    account_id = f"{number:012}"

    assert parse_account_id(group_digits(account_id)) == account_id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "12345678901",
            "account_id “12345678901” has 11 digits, not 12: did a spreadsheet drop a leading zero? "
            "Format the column as text",
        ),
        ("1234", "account_id “1234” has 4 digits, not 12"),
        ("1234567890123", "account_id “1234567890123” has 13 digits, not 12"),
        (
            "1.23457E+11",
            "account_id “1.23457E+11” is not 12 digits: did a spreadsheet round it? "
            "Format the column as text and fill it in anew",
        ),
        ("", "account_id is empty"),
        ("١٢٣٤٥٦٧٨٩٠١٢", "account_id “١٢٣٤٥٦٧٨٩٠١٢” is not 12 digits"),
        ("-123456789012", "account_id “-123456789012” is not 12 digits"),
        ("1-2345678901-2", "account_id “1-2345678901-2” is not 12 digits"),
        ("x" * 200, f"account_id “{'x' * 40}…” is not 12 digits"),
    ],
)
def test_a_wrong_account_id_is_explained(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        parse_account_id(text)

    assert str(refusal.value) == message


def test_an_arn_comes_apart() -> None:
    broker = "arn:aws-cn:mq:cn-north-1:111122223333:broker:orders:b-1"

    assert parse_arn(broker) == Arn("aws-cn", "mq", "cn-north-1", "111122223333", "broker:orders:b-1")


@pytest.mark.parametrize(
    "text", ["", "arn:aws:iam", "arn:aws:iam::1:", "ARN:aws:iam::1:x", "arn::iam::1:x", "arn:aws:::1:x"]
)
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ARN"):
        parse_arn(text)


def test_a_role_arn_comes_apart() -> None:
    assert parse_role_arn(READER) == Arn("aws", "iam", "", "111122223333", "role/ops/rolecall-reader")


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::11112222333:role/reader",
        "arn:aws:iam::111122223333:user/reader",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/ops/",
        "arn:aws:iam::111122223333:role/reader\n",
        "arn:aws:iam::111122223333:role/réader",
        "arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:role/reader",
        "arn:aws-iso:iam::111122223333:role/reader",
        "arn:aws:sts::111122223333:assumed-role/reader/me",
        "arn:aws:iam::111122223333:role/" + "x" * 65,
        "arn:aws:iam::111122223333:role/" + "x/" * 1020 + "reader",
    ],
)
def test_a_role_that_could_never_be_assumed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not the ARN of an IAM role"):
        parse_role_arn(text)


@pytest.mark.parametrize("text", ["ab", "x" * 1224, "a_b+c=d,e.f@g:h/i-j"])
def test_an_external_id_that_sts_takes_is_kept(text: str) -> None:
    assert check_external_id(text) == text


@pytest.mark.parametrize("text", ["", "a", "x" * 1225, "a b", "ab!", "ab\n", "äb"])
def test_an_external_id_that_sts_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="external_id must be 2 to 1224"):
        check_external_id(text)
