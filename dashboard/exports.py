"""What leaves Rolecall as CSV or JSON: the same rows and columns from a page and from the shell."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from accounts.domain.outcomes import Outcome
from accounts.models import Account, AccountQuerySet, RoleStatus
from dashboard.matrix import CellView, regions_of, role_status_of, row_of, with_cells
from dashboard.tables.columns import SortedColumn

CHUNK = 500  # accounts or rows held in memory at a time
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones too: East Asian Excel

MATRIX_COLUMNS = (
    "account_id",
    "account_name",
    "partition",
    "region",
    "role",
    "policy",
    "trust",
    "outcome",
    "brokers",
    "rabbitmq",
    "activemq",
    "checked_at",
    "last_ok_at",
    "detail",
)
Row = tuple[object, ...]


@dataclass(frozen=True)
class Export:
    """Named columns and a stream of rows."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


def matrix_export(accounts: AccountQuerySet) -> Export:
    """A row per account and region of its partition, in the order of these accounts."""
    return Export("matrix", MATRIX_COLUMNS, lambda: _matrix_rows(accounts))


def _matrix_rows(accounts: AccountQuerySet) -> Iterator[Row]:
    regions = regions_of(accounts)
    for account in with_cells(accounts).iterator(chunk_size=CHUNK):
        said = _old_grades(role_status_of(account))
        for region, view in row_of(account, regions).items():
            yield _matrix_row(account, region, view, said)


def _matrix_row(account: Account, region: str, view: CellView, said_of_role: str) -> Row:
    status = role_status_of(account)
    about = (account.account_id, account.name, account.partition, region)
    role = (status.presence, status.policy_grade, status.trust_grade, view.outcome.value)
    counts = (view.brokers, view.rabbitmq, view.activemq)
    return (*about, *role, *counts, view.checked_at, view.last_ok_at, _detail(view, said_of_role))


def _detail(view: CellView, said_of_role: str) -> str:
    why = () if view.outcome is Outcome.OK else (view.code, view.permission, view.detail)
    return " | ".join(filter(None, (": ".join(filter(None, why)), said_of_role)))


def _old_grades(status: RoleStatus) -> str:
    """Since when and why role, policy and trust are only the last known ones; empty when they are of the last look."""
    role = ("role", status.outcome, status.last_ok_at, status.permission)
    policy = ("policy", status.policy_outcome, status.policy_last_ok_at, status.policy_permission)
    for part, outcome, last_ok_at, permission in (role, policy):
        if Outcome(outcome).failing and last_ok_at is not None:
            return f"{part} last read {plain(last_ok_at)}, since then {' '.join(filter(None, (outcome, permission)))}"
    return ""


def table_export(name: str, table: Any) -> Export:
    """Every row of a table in its present order, columns that the page hides included."""
    columns = [(column.name, column.column) for column in table.columns.iterall()]
    exported = [(label, column) for label, column in columns if isinstance(column, SortedColumn)]
    return Export(name, tuple(label for label, _ in exported), lambda: _table_rows(table.data.data, exported))


def _table_rows(rows: QuerySet[Any], columns: list[tuple[str, SortedColumn]]) -> Iterator[Row]:
    for record in rows.iterator(chunk_size=CHUNK):
        yield tuple(column.export(record) for _, column in columns)


def plain(value: object) -> object:
    """A value as both formats write it: times in UTC as ISO 8601."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value


def csv_cell(value: object) -> object:
    """A value as CSV writes it: nothing known is empty, and no text can act as a formula in a spreadsheet."""
    value = "" if value is None else plain(value)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


class _Echo:
    """A file that gives back what is written to it, so that a CSV writer can feed a stream."""

    def write(self, text: str) -> str:
        return text


def csv_lines(export: Export) -> Iterator[str]:
    """The header line, then a line per row."""
    writer = csv.writer(_Echo())
    yield str(writer.writerow(export.columns))
    for row in export.rows():
        yield str(writer.writerow([csv_cell(value) for value in row]))


def json_lines(export: Export) -> Iterator[str]:
    """One object a line."""
    for row in export.rows():
        values = dict(zip(export.columns, map(plain, row), strict=True))
        yield json.dumps(values, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Export], Iterator[str]]] = {"csv": csv_lines, "json": json_lines}


def in_blocks(lines: Iterable[str], size: int = 64 * 1024) -> Iterator[str]:
    """Join lines into blocks, since a write to the network per line is slow."""
    block: list[str] = []
    length = 0
    for line in lines:
        block.append(line)
        length += len(line)
        if length >= size:
            yield "".join(block)
            block, length = [], 0
    yield "".join(block)


def csv_response(export: Export) -> StreamingHttpResponse:
    """The export as a download, streamed: its size does not matter to the server's memory."""
    filename = f"rolecall-{export.name}-{timezone.now():%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(in_blocks(csv_lines(export)), content_type="text/csv; charset=utf-8", headers=headers)
