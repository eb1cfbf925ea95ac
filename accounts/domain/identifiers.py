"""Account ids, role ARNs, external ids and ARNs in general: read strictly, explained kindly."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTITIONS = ("aws", "aws-us-gov", "aws-cn")

# Plain, or grouped as the console writes it (1234-5678-9012) and as Rolecall does (1234 5678 9012).
_ACCOUNT_ID = re.compile(r"\d{12}|\d{4}([ -])\d{4}\1\d{4}", re.ASCII)
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
# A path, which may be missing, and the role's name of at most 64 characters.
_ROLE_ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:role/([\w+=,.@/-]*/)?[\w+=,.@-]{1,64}",
    re.ASCII,
)
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
    """Take an ARN apart. Raises ValueError when the text is not one; only region and account id may be empty in one."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        raise ValueError(f"“{_short(text, 120)}” is not an ARN")
    return Arn(*parts[1:])


def parse_account_id(text: str) -> str:
    """Give the twelve digits of an account id, also when written 1234-5678-9012. Raises ValueError."""
    written = text.strip()
    if _ACCOUNT_ID.fullmatch(written):
        return re.sub("[ -]", "", written)
    raise ValueError(_what_is_wrong_with(written))


def _what_is_wrong_with(account_id: str) -> str:
    if not account_id:
        return "account_id is empty"
    where = f"account_id “{_short(account_id, 40)}”"
    if _ROUNDED.fullmatch(account_id):
        return f"{where} is not 12 digits: did a spreadsheet round it? Format the column as text and fill it in anew"
    count = len(account_id)
    if not (account_id.isascii() and account_id.isdigit()) or count > 40:
        return f"{where} is not 12 digits"
    hint = ": did a spreadsheet drop a leading zero? Format the column as text" if 9 <= count < 12 else ""
    return f"{where} has {count} digits, not 12{hint}"


def parse_role_arn(text: str) -> Arn:
    """Take a role's ARN apart. Raises ValueError when AssumeRole could never accept it."""
    if len(text) > MAX_ROLE_ARN or not _ROLE_ARN.fullmatch(text):
        if re.match(r"arn:[\w-]+:iam:", text, re.ASCII) and text.split(":")[1] not in PARTITIONS:
            known = f"Rolecall knows the partitions {', '.join(PARTITIONS)}"
            raise ValueError(f"“{_short(text, 120)}” is not the ARN of an IAM role that it could assume: {known}")
        raise ValueError(f"“{_short(text, 120)}” is not the ARN of an IAM role (arn:aws:iam::123456789012:role/NAME)")
    return parse_arn(text)


def check_external_id(text: str) -> str:
    """Give the external id back when STS would take it. Raises ValueError: botocore itself checks only its length."""
    if not _EXTERNAL_ID.fullmatch(text):
        raise ValueError("external_id must be 2 to 1224 of the characters A-Z a-z 0-9 _ + = , . @ : / -")
    return text


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def ungroup_digits(text: str) -> str:
    """An account's id as people write it, without the spaces and dashes; any other text is only shorter."""
    return re.sub(r"[\s-]", "", text)


def group_digits(account_id: str) -> str:
    """Write an account id as people read it: 1234 5678 9012."""
    return f"{account_id[:4]} {account_id[4:8]} {account_id[8:]}"
