"""Account ids, role ARNs, external ids and ARNs in general: read strictly, explained kindly."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTITIONS = ("aws", "aws-us-gov", "aws-cn")

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
_ROLE_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role/([\w+=,.@/-]+)", re.ASCII)
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
MAX_ROLE_ARN = 2048


@dataclass(frozen=True, slots=True)
class Arn:
    """The six parts of an Amazon Resource Name."""

    partition: str
    service: str
    region: str
    account_id: str
    resource: str


def parse_arn(text: str) -> Arn:
    """Take an ARN apart. Raises ValueError when the text is not one."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[5]:
        raise ValueError(f"“{text}” is not an ARN")
    return Arn(*parts[1:])


def parse_account_id(text: str) -> str:
    """Give the twelve digits of an account id, also when written 1234-5678-9012. Raises ValueError."""
    digits = re.sub(r"[\s-]", "", text)
    if _ACCOUNT_ID.fullmatch(digits):
        return digits
    if digits.isascii() and digits.isdigit() and len(digits) < 12:
        hint = ": did a spreadsheet drop a leading zero?" if len(digits) >= 9 else ""
        raise ValueError(f"account_id “{text}” has {len(digits)} digits, not 12{hint}")
    raise ValueError(f"account_id “{text}” is not 12 digits")


def parse_role_arn(text: str) -> Arn:
    """Take a role's ARN apart. Raises ValueError when AssumeRole could never accept it."""
    if len(text) > MAX_ROLE_ARN or not _ROLE_ARN.fullmatch(text):
        raise ValueError(f"“{text[:120]}” is not the ARN of an IAM role (arn:aws:iam::123456789012:role/NAME)")
    return parse_arn(text)


def check_external_id(text: str) -> str:
    """Give the external id back when STS would take it. Raises ValueError: botocore itself checks only its length."""
    if not _EXTERNAL_ID.fullmatch(text):
        raise ValueError("external_id must be 2 to 1224 of the characters A-Z a-z 0-9 _ + = , . @ : / -")
    return text


def group_digits(account_id: str) -> str:
    """Write an account id as people read it: 1234 5678 9012."""
    return f"{account_id[:4]} {account_id[4:8]} {account_id[8:]}"
