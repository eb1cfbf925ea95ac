"""Accounts from a CSV: taken whole or refused whole, every bad line named."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Q

from accounts.domain.identifiers import PARTITIONS, check_external_id, parse_account_id, parse_role_arn
from accounts.models import AccessCheck, Account, Broker, Cell, RoleStatus, SealedCredential, StoredRegionStates
from accounts.models.account import WAYS_IN
from accounts.services import audit
from accounts.services.edits import WATCHED, Edit, difference, keep

COLUMNS = ("account_id", "name", "reader_role_arn", "cleaner_role_arn", "external_id", "tags")
STORED = ("name", "partition", "reader_role_arn", "cleaner_role_arn", "external_id", "tags")
MAX_NAME = 200
MAX_TAG = 256
BATCH = 2000


@dataclass(frozen=True, slots=True)
class BadLine:
    """One thing wrong with the file. `line` counts from 1, the header included, as an editor shows it."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One good row."""

    account_id: str
    name: str
    partition: str
    reader_role_arn: str
    cleaner_role_arn: str
    external_id: str
    tags: dict[str, str] = field(hash=False)


class BadFile(Exception):
    """The file was refused whole; nothing was stored."""

    def __init__(self, problems: list[BadLine]) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do. An account that comes back with its history is among the created."""

    created: int
    updated: int


def read_accounts(content: bytes) -> list[AccountRow]:
    """Read a whole CSV file. Raises BadFile with every bad line."""
    problems: list[BadLine] = []
    rows: list[AccountRow] = []
    seen: dict[str, int] = {}
    for line, fields in _records(_decode(content)):
        try:
            row = _read_row(fields)
        except ExceptionGroup as group:
            problems.extend(BadLine(line, str(error)) for error in group.exceptions)
            continue
        if row.account_id in seen:
            problems.append(BadLine(line, f"account {row.account_id} stands on line {seen[row.account_id]} already"))
        seen.setdefault(row.account_id, line)
        rows.append(row)
    if problems:
        raise BadFile(problems)
    return rows


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadFile([BadLine(line, f"not UTF-8 at byte {error.start}: save the file as “CSV UTF-8”")]) from error
    if "\0" in text:
        raise BadFile([BadLine(text[: text.index("\0")].count("\n") + 1, "a NUL byte: this is not a CSV file")])
    return text


def _records(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, fields); blank lines are passed over. Raises BadFile on a wrong header or broken quoting."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = _read_header(next(reader, []))
        start = reader.line_num + 1
        for values in reader:
            if any(value.strip() for value in values):
                yield start, _by_column(header, values)
            start = reader.line_num + 1
    except csv.Error as error:
        raise BadFile([BadLine(reader.line_num or 1, f"not CSV: {error}")]) from error


def _read_header(names: list[str]) -> list[str]:
    header = [name.strip().lower() for name in names]
    problems = [f"column “{name}” is missing" for name in COLUMNS if name not in header]
    problems += [f"unknown column “{name}”" for name in header if name not in COLUMNS]
    problems += [f"column “{name}” appears twice" for name in sorted(set(header)) if header.count(name) > 1]
    if problems:
        wanted = ",".join(COLUMNS)
        raise BadFile([BadLine(1, f"{problem}; the header must be {wanted}") for problem in problems])
    return header


def _by_column(header: list[str], values: list[str]) -> dict[str, str]:
    fields = dict(zip(header, (value.strip() for value in values), strict=False))
    if len(values) != len(header):
        fields["_width"] = f"{len(values)} fields, not {len(header)}"
    return fields


def _read_row(fields: dict[str, str]) -> AccountRow:
    """Check one row. Raises an ExceptionGroup of ValueErrors, one for each thing wrong."""
    if "_width" in fields:
        raise ExceptionGroup("bad row", [ValueError(fields["_width"])])
    problems: list[Exception] = []
    try:
        account_id = parse_account_id(fields["account_id"])
    except ValueError as error:
        account_id = ""
        problems.append(error)
    checks = (
        lambda: check_name(fields["name"]),
        lambda: check_role(fields["reader_role_arn"], account_id, "reader_role_arn"),
        lambda: check_cleaner(fields, account_id),
        lambda: fields["external_id"] and check_external_id(fields["external_id"]),
        lambda: parse_tags(fields["tags"]),
    )
    for check in checks:
        try:
            check()
        except ValueError as error:
            problems.append(error)
    if problems:
        raise ExceptionGroup("bad row", problems)
    return AccountRow(
        account_id=account_id,
        name=fields["name"],
        partition=parse_role_arn(fields["reader_role_arn"]).partition,
        reader_role_arn=fields["reader_role_arn"],
        cleaner_role_arn=fields["cleaner_role_arn"],
        external_id=fields["external_id"],
        tags=parse_tags(fields["tags"]),
    )


def check_name(name: str) -> None:
    """Raise ValueError when an account cannot be called so."""
    if not name:
        raise ValueError("name is empty")
    if len(name) > MAX_NAME:
        raise ValueError(f"name has {len(name)} characters, more than {MAX_NAME}")
    if not name.isprintable():
        raise ValueError("name has a control character")


def check_role(arn: str, account_id: str, column: str) -> None:
    """Raise ValueError, `column` named, when this is not the ARN of a role of the account."""
    if not arn:
        raise ValueError(f"{column} is empty")
    try:
        role = parse_role_arn(arn)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error
    if account_id and role.account_id != account_id:
        raise ValueError(f"{column} is a role of account {role.account_id}, not of {account_id}")


def check_cleaner(fields: dict[str, str], account_id: str) -> None:
    """Raise ValueError when the cleaner role does not go with the reader role; none is fine."""
    cleaner, reader = fields["cleaner_role_arn"], fields["reader_role_arn"]
    if not cleaner:
        return
    check_role(cleaner, account_id, "cleaner_role_arn")
    if cleaner == reader:
        raise ValueError("cleaner_role_arn is the reader role: looking and deleting need two roles")
    if cleaner.split(":")[1] != reader.removeprefix("arn:").partition(":")[0]:
        raise ValueError("cleaner_role_arn is in another partition than reader_role_arn")


def parse_tags(text: str) -> dict[str, str]:
    """Read tags: `key=value;key=value`, or a JSON object of texts; a word alone is a key. Raises ValueError."""
    if text.startswith("{"):
        return _parse_json_tags(text)
    tags: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[;,|]", text))):
        key, _, value = (piece.strip() for piece in part.partition("="))
        _add_tag(tags, key, value)
    return tags


def _parse_json_tags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"tags are not JSON: {error}") from error
    except RecursionError:
        raise ValueError("tags are JSON too deep to read") from None
    tags: dict[str, str] = {}
    for key, value in found.items():
        if not isinstance(value, str):
            raise ValueError(f"tags: the value of “{key}” is not a text")
        _add_tag(tags, key, value)
    return tags


def _add_tag(tags: dict[str, str], key: str, value: str) -> None:
    if not key:
        raise ValueError(f"tags: “={value}” has no key")
    if key in tags:
        raise ValueError(f"tags: “{key}” appears twice")
    if not (key + value).isprintable():  # PostgreSQL refuses some of these, and no tag of AWS has any
        raise ValueError(f"tags: “{ascii(key)[1:41]}” has a control character")
    if len(key) > MAX_TAG or len(value) > MAX_TAG:
        raise ValueError(f"tags: “{key[:40]}” is longer than {MAX_TAG} characters")
    tags[key] = value


def import_accounts(rows: list[AccountRow], actor: str, *, dry_run: bool = False) -> Imported:
    """Store the rows in one transaction; a known account is updated. With `dry_run` nothing is stored."""
    with transaction.atomic():
        before = Account.objects.count()
        changed: list[Edit | None] = []
        for start in range(0, len(rows), BATCH):
            changed += store(rows[start : start + BATCH])
        created = Account.objects.count() - before
        if dry_run:
            transaction.set_rollback(True)
        else:
            told = f"{created} new, {len(rows) - created} updated"
            keep(audit.note(actor, "import accounts", f"accounts: {len(rows)}", told), changed)
    return Imported(created=created, updated=len(rows) - created)


def store(rows: list[AccountRow]) -> list[Edit | None]:
    """Write the rows down; a known account is updated, and what a change makes untrue of it is forgotten.

    One that was deleted and kept comes back. Gives what is to be kept with the caller's audit entry.
    """
    known = {
        account.account_id: account for account in Account.every.filter(account_id__in=[r.account_id for r in rows])
    }
    _forget_what_moves(rows)
    _forget_old_checks(rows)
    accounts = [Account(account_id=row.account_id, **{name: getattr(row, name) for name in STORED}) for row in rows]
    Account.every.bulk_create(
        accounts,
        update_conflicts=True,
        unique_fields=["account_id"],
        update_fields=(*STORED, "archived_at", "archived_by", "updated_at"),
    )
    _forget_old_sessions([row.account_id for row in rows])
    return [_edit(known.get(account.account_id), account) for account in accounts]


def _edit(before: Account | None, after: Account) -> Edit | None:
    """What storing has changed; an account that was archived is watched again."""
    edit = difference(before, after, STORED)
    if before is None or before.archived_at is None:
        return edit
    was, now = (edit.before, edit.after) if edit else ({}, {})
    return Edit(after.account_id, {WATCHED: False, **(was or {})}, {WATCHED: True, **(now or {})})


def _forget_what_moves(rows: list[AccountRow]) -> None:
    """In another partition it is another account of the same number: nothing known of the one holds for the other."""
    for partition in PARTITIONS:
        here = [row.account_id for row in rows if row.partition == partition]
        leaving = Account.every.filter(account_id__in=here).exclude(partition=partition).order_by("pk")
        pks = [account.pk for account in leaving.select_for_update()]
        for known in (Cell, Broker, RoleStatus, StoredRegionStates):
            known.objects.filter(account__in=pks).delete()
        Account.every.filter(pk__in=pks).update(next_poll_at=None)


def _forget_old_checks(rows: list[AccountRow]) -> None:
    """A check of another role, or with another external id, must not go on saying “ready”."""
    told = {row.account_id: tuple(getattr(row, name) for name in WAYS_IN) for row in rows}
    checked = Account.every.filter(account_id__in=told, access_check__isnull=False).order_by("pk")
    locked = checked.select_for_update(of=("self",))  # before its check, as whoever stores one does
    changed = [account.pk for account in locked if account.ways_in != told[account.account_id]]
    AccessCheck.objects.filter(account__in=changed).delete()


def _forget_old_sessions(account_ids: list[str]) -> None:
    """A session of a role that Rolecall is no longer told to assume must not lie about until it ends."""
    sessions = SealedCredential.objects.filter(account__account_id__in=account_ids)
    reader = Q(purpose=SealedCredential.Purpose.READER, role_arn=F("account__reader_role_arn"))
    cleaner = Q(purpose=SealedCredential.Purpose.CLEANER, role_arn=F("account__cleaner_role_arn"))
    sessions.exclude(reader | cleaner).delete()
