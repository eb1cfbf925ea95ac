"""The CSV of accounts: read whole or refused whole, every bad line named; written so that it reads back the same."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from accounts.domain.identifiers import parse_account_id, parse_role_arn
from accounts.services.importing import (
    AccountRow,
    check_cleaner,
    check_external_id_or_none,
    check_name,
    check_role,
    parse_tags,
    write_tags,
)

COLUMNS = ("account_id", "name", "reader_role_arn", "cleaner_role_arn", "external_id", "tags")
HEADER = ",".join(COLUMNS)
MAX_BYTES = 32 * 1024 * 1024  # read and compared in memory, in the request of whoever sent it
MAX_ROWS = 100_000
QUOTES = 200  # problems with their lines: a page shows no more
QUOTED = 200  # characters of a line
ROWS_AT_ONCE = 500  # of one block that is written

# How files begin that are no text, and what people call them.
_SIGNS = (
    (b"PK\x03\x04", "an Excel workbook (XLSX) or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (XLS)"),
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"%PDF", "a PDF"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATORS = ",;\t"  # Excel writes `;` where a comma stands in decimal numbers, and tabs as “Unicode text”
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
# What acts as a formula in a spreadsheet, the wide signs of East Asia too, stands behind an apostrophe in a file.
_FORMULA = "=+\\-@＝＋－＠"
_NEEDS_GUARD = re.compile(f"['{_FORMULA}]")
_GUARDED = re.compile(f"'['{_FORMULA}]")
_KEPT_AS_TEXT = re.compile(r'="(.*)"')  # how people keep a spreadsheet from eating leading zeros


@dataclass(frozen=True, slots=True)
class BadLine:
    """One thing wrong with the file. `line` counts from 1, the header included, as an editor shows it.

    `quoted` is how the line begins; of what nobody reads on a page it is empty.
    """

    line: int
    problem: str
    quoted: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


class BadFile(Exception):
    """The file was refused whole; nothing was stored. `good` counts the lines that nothing is wrong with."""

    def __init__(self, problems: list[BadLine], good: int = 0) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}")
        self.problems = problems
        self.good = good


def read_accounts(content: bytes) -> list[AccountRow]:
    """Read a whole CSV file. Raises BadFile with every bad line."""
    text = _decode(content)
    try:
        return _read(text)
    except BadFile as refusal:
        raise BadFile(_quoted(refusal.problems, text), refusal.good) from None


def _quoted(problems: list[BadLine], text: str) -> list[BadLine]:
    """The first problems with the lines that they are of."""
    lines = io.StringIO(text, newline="").readlines()
    first = (
        replace(bad, quoted="".join(lines[bad.line - 1 : bad.line]).rstrip()[:QUOTED]) for bad in problems[:QUOTES]
    )
    return [*first, *problems[QUOTES:]]


def _read(text: str) -> list[AccountRow]:
    problems: list[BadLine] = []
    rows: list[AccountRow] = []
    seen: dict[str, int] = {}
    for found in _records(text):
        if isinstance(found, BadLine):
            problems.append(found)
            continue
        line, fields = found
        try:
            row = _read_row(fields)
        except ExceptionGroup as group:
            problems.extend(BadLine(line, str(error)) for error in group.exceptions)
            continue
        if row.account_id in seen:
            problems.append(BadLine(line, f"account {row.account_id} stands on line {seen[row.account_id]} already"))
            continue
        seen[row.account_id] = line
        rows.append(row)
    if not rows and not problems:
        problems.append(BadLine(1, "there is no account below the header"))
    if problems:
        raise BadFile(problems, len(rows))
    return rows


def _decode(content: bytes) -> str:
    for sign, what in _SIGNS:
        if content.startswith(sign):
            raise BadFile([BadLine(1, f"this is {what}: save it as “CSV UTF-8” and take that file")])
    if len(content) > MAX_BYTES:
        raise BadFile([BadLine(1, f"the file is larger than {MAX_BYTES >> 20} MB: split it")])
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's “Unicode text”
    encoding = "utf-16" if wide else "utf-8-sig"
    if not wide and b"\0" in content:
        before = content.partition(b"\0")[0].decode(encoding, "replace")
        said = "a NUL byte: this is no text, or UTF-16 without its mark; save it as “CSV UTF-8”"
        raise BadFile([BadLine(_line_after(before), said)])
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = _line_after(content[: error.start].decode(encoding, "replace"))
        kind = "whole UTF-16" if wide else "UTF-8"
        said = f"not {kind} at byte {error.start}: save the file as “CSV UTF-8”"
        raise BadFile([BadLine(line, said)]) from error
    if "\0" in text:
        raise BadFile([BadLine(_line_after(text.partition("\0")[0]), "a NUL character: this is not a CSV file")])
    return text


def _line_after(text: str) -> int:
    return len(_LINE_END.findall(text)) + 1


def _records(text: str) -> Iterator[tuple[int, dict[str, str]] | BadLine]:
    """Yield (line number, fields) or what is wrong with the line; blank ones are passed over. Raises BadFile."""
    lines = io.StringIO(text, newline="")
    skipped, separator = _start(lines)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    header = _read_header(reader, skipped)
    start, count = skipped + reader.line_num + 1, 0
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            yield BadLine(start, _what_is_not_csv(str(error)))
        else:
            if values is None:
                return
            if any(value.strip() for value in values):
                count += 1
                yield start, _by_column(header, values, separator)
        if count > MAX_ROWS:
            raise BadFile([BadLine(start, f"more than {MAX_ROWS:,} accounts: split the file")])
        start = skipped + reader.line_num + 1


def _start(lines: io.StringIO) -> tuple[int, str]:
    """Go to the header: how many lines stand before it, and what separates its names."""
    skipped, separator, begin = 0, "", 0
    line = lines.readline()
    while line and (not line.strip() or _SEPARATOR_LINE.fullmatch(line)):
        if found := _SEPARATOR_LINE.fullmatch(line):
            separator = found[1]
        skipped, begin = skipped + 1, lines.tell()
        line = lines.readline()
    if not line:
        raise BadFile([BadLine(1, f"the file is empty: its first line must be {HEADER}")])
    lines.seek(begin)
    return skipped, separator or max(_SEPARATORS, key=lambda one: len(set(_names(line.split(one))) & set(COLUMNS)))


def _names(cells: Iterable[str]) -> list[str]:
    return [cell.strip().strip('"').strip().lower() for cell in cells]


def _read_header(reader: Iterator[list[str]], skipped: int) -> list[str]:
    line = skipped + 1
    try:
        header = _names(next(reader))
    except csv.Error as error:
        raise BadFile([BadLine(line, _what_is_not_csv(str(error)))]) from error
    if not set(header) & set(COLUMNS):
        raise BadFile([BadLine(line, f"this is not the header: the first line must be {HEADER}")])
    problems = [f"column “{name}” is missing" for name in COLUMNS if name not in header]
    problems += [f"unknown column “{name[:40]}”" for name in header if name not in COLUMNS]
    problems += [f"column “{name[:40]}” appears twice" for name in sorted(set(header)) if header.count(name) > 1]
    if problems:
        raise BadFile([BadLine(line, f"{problem}; the header must be {HEADER}") for problem in problems])
    return header


def _what_is_not_csv(error: str) -> str:
    if "unexpected end of data" in error:
        return 'a quote (") is opened in this row and not closed'
    if "field limit" in error:
        return f'a field of more than {csv.field_size_limit():,} characters: is a quote (") not closed?'
    if "expected after" in error:
        return 'something follows a closing quote ("): a quote inside a value is written twice ("")'
    return f"not CSV: {error}"


def _by_column(header: list[str], values: list[str], separator: str) -> dict[str, str]:
    fields = {name: _as_meant(value) for name, value in zip(header, values, strict=False)}
    if len(values) != len(header):
        hint = f": a value that has {'a tab' if separator == chr(9) else f'a “{separator}”'} in it stands in quotes"
        fields["_width"] = f"{len(values)} fields, not {len(header)}{hint if len(values) > len(header) else ''}"
    return fields


def _as_meant(value: str) -> str:
    """Without what surrounds it, and without what keeps a spreadsheet from reading it as a formula or a number."""
    value = value.replace("\u00a0", " ").strip()
    if _GUARDED.match(value):
        return value[1:]
    kept = _KEPT_AS_TEXT.fullmatch(value)
    return kept[1] if kept else value


def _read_row(fields: dict[str, str]) -> AccountRow:
    """Check one row. Raises an ExceptionGroup of ValueErrors, one for each thing wrong."""
    if "_width" in fields:
        raise ExceptionGroup("bad row", [ValueError(fields["_width"])])
    problems: list[Exception] = []
    try:
        account_id = parse_account_id(fields["account_id"].removeprefix("'"))
    except ValueError as error:
        account_id = ""
        problems.append(error)
    checks = (
        lambda: check_name(fields["name"]),
        lambda: check_role(fields["reader_role_arn"], account_id, "reader_role_arn"),
        lambda: check_cleaner(fields, account_id),
        lambda: check_external_id_or_none(fields["external_id"]),
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


def write_accounts(rows: Iterable[AccountRow]) -> Iterator[bytes]:
    """Write rows as a CSV that reads back as the same rows, and in which no text acts as a formula."""
    left = iter(rows)
    block = io.StringIO()
    writer = csv.writer(block)
    writer.writerow(COLUMNS)
    while chunk := list(islice(left, ROWS_AT_ONCE)):
        writer.writerows(map(_as_written, chunk))
        yield block.getvalue().encode()
        block.seek(0)
        block.truncate()
    yield block.getvalue().encode()  # the header of a file without rows


def _as_written(row: AccountRow) -> list[str]:
    roles = (row.reader_role_arn, row.cleaner_role_arn)
    values = (row.account_id, row.name, *roles, row.external_id, write_tags(row.tags))
    return [f"'{value}" if _NEEDS_GUARD.match(value) else value for value in values]
