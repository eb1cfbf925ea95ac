"""What leaves Rolecall: the same rows and columns from a page, a report and the shell; the formats are in `formats`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from django.db.models import CharField, Func, QuerySet

from accounts.domain.outcomes import Outcome, Presence
from accounts.models import AccountQuerySet, Cell, Region
from dashboard.matrix import regions_of
from dashboard.tables.columns import SortedColumn, TimeColumn

CHUNK = 2000  # rows held in memory at a time
ACCOUNTS_AT_ONCE = 200  # of the matrix: each brings a cell per region, some 7,000 in all

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
Value = str | int | float | bool | None
Row = Sequence[Value]


class NoSuchExport(Exception):
    """What an address asks of an export does not exist; the text says what does."""


class UnknownColumn(NoSuchExport):
    """An export has no column of this name; the text says which ones it has."""


@dataclass(frozen=True)
class Export:
    """Named columns and a stream of rows. Every value is text, a number, yes or no, or None; times are text already."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]

    def only(self, names: Sequence[str]) -> Export:
        """The same rows with these columns in this order. Raises UnknownColumn."""
        for name in names:
            if name not in self.columns:
                raise UnknownColumn(f"There is no column “{name}” to export: use {', '.join(self.columns)}.")
        places = [self.columns.index(name) for name in names]
        pick: Callable[[Row], Row] = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)
        return replace(self, columns=tuple(names), rows=lambda: map(pick, self.rows()))


class IsoTime(Func):
    """A moment as text in UTC, written by PostgreSQL: half a million of them cost Python more than all else."""

    template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    output_field = CharField()


def plain(value: object) -> Value:
    """A value as every format writes it: a time in UTC as ISO 8601, what is no plain value as its text.

    A word of the domain is its text, too: a format may not know what else it is.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, str):
        return str.__str__(value)
    return value if value is None or isinstance(value, (int, float)) else str(value)


def matrix_export(accounts: AccountQuerySet, regions: Iterable[str] | None = None) -> Export:
    """A row per account and region of its partition, in the order of these accounts; of all regions, or of some."""
    some = None if regions is None else frozenset(regions)
    return Export("matrix", MATRIX_COLUMNS, lambda: _matrix_rows(accounts, some))


_ROLE = (
    *("role_status__presence", "role_status__policy_grade", "role_status__trust_grade"),
    *("role_status__outcome", "role_status__last_ok_at", "role_status__permission"),
    *("role_status__policy_outcome", "role_status__policy_last_ok_at", "role_status__policy_permission"),
)
_COUNTS = ("outcome", "brokers", "rabbitmq", "activemq", IsoTime("checked_at"), IsoTime("last_ok_at"))
_NO_ANSWER: Row = (None,) * 5


def _matrix_rows(accounts: AccountQuerySet, some: frozenset[str] | None) -> Iterator[Row]:
    regions = [region for region in regions_of(accounts) if some is None or region.code in some]
    ordered = accounts.prefetch_related(None).values_list("pk", "account_id", "name", "partition", *_ROLE)
    for chunk in chunks(ordered.iterator(chunk_size=CHUNK), ACCOUNTS_AT_ONCE):
        cells = cells_by_account([account[0] for account in chunk], *_COUNTS, "code", "permission", "detail")
        for account in chunk:
            yield from _rows_of_account(account, regions, cells.get(account[0], {}))


def chunks(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """The rows, so many at a time."""
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def cells_by_account(accounts: list[int], *fields: Any) -> dict[int, dict[str, Any]]:
    """The stored cells of these accounts by region, each with its account, its region and these fields."""
    cells: dict[int, dict[str, Any]] = {pk: {} for pk in accounts}
    stored = Cell.objects.filter(account__in=accounts).order_by()
    said = stored.values_list("account", "region", *fields)
    for cell in said.iterator(chunk_size=CHUNK):
        cells[cell[0]][cell[1]] = cell
    return cells


def _rows_of_account(account: Any, regions: list[Region], cells: dict[str, Any]) -> Iterator[Row]:
    _, account_id, name, partition, presence, policy, trust, *looks = account
    role = (presence or Presence.UNKNOWN.value, policy or "", trust or "")
    of_role = _old_grades(*looks) if presence is not None else ""
    for region in regions:
        if region.partition == partition:
            said = _said_of_cell(region, cells.get(region.code), of_role)
            yield (account_id, name, partition, region.code, *role, *said)


def _said_of_cell(region: Region, cell: Any, of_role: str) -> Row:
    """Outcome, counts, times and detail, as `dashboard.matrix.cell_view` derives them; a test compares the two."""
    if cell is None:
        return (Outcome.NEVER.value if region.polled else Outcome.UNSUPPORTED.value, *_NO_ANSWER, of_role)
    _, _, outcome, *known, code, permission, detail = cell
    if not region.polled:
        return (Outcome.UNSUPPORTED.value, *known, of_role)
    why = "" if outcome == Outcome.OK.value else ": ".join(filter(None, (code, permission, detail)))
    return (outcome, *known, f"{why} | {of_role}" if why and of_role else why or of_role)


def _old_grades(
    outcome: str, last_ok_at: datetime | None, permission: str,
    policy_outcome: str, policy_last_ok_at: datetime | None, policy_permission: str,
) -> str:  # fmt: skip
    """Since when and why role, policy and trust are only the last known ones; empty when they are of the last look."""
    role = ("role", outcome, last_ok_at, permission)
    policy = ("policy", policy_outcome, policy_last_ok_at, policy_permission)
    for part, came_to, read_at, lacking in (role, policy):
        if Outcome(came_to).failing and read_at is not None:
            return f"{part} last read {plain(read_at)}, since then {' '.join(filter(None, (came_to, lacking)))}"
    return ""


def export_columns(table: Any) -> dict[str, SortedColumn]:
    """The columns of a table that an export can have, those that the page hides included."""
    return {bound.name: bound.column for bound in table.columns.iterall() if isinstance(bound.column, SortedColumn)}


def table_export(name: str, table: Any) -> Export:
    """Every row of a table in its present order, columns that the page hides included."""
    columns = export_columns(table)
    return Export(name, tuple(columns), lambda: _table_rows(table.data.data, list(columns.values())))


def _table_rows(rows: QuerySet[Any], columns: list[SortedColumn]) -> Iterator[Row]:
    """Rows straight from SQL where every column says how; else record by record, which is some ten times slower."""
    if all(column.value is not None for column in columns):
        return _rows_from_sql(rows, columns)
    return (tuple(plain(column.export(record)) for column in columns) for record in rows.iterator(chunk_size=CHUNK))


def _rows_from_sql(rows: QuerySet[Any], columns: list[SortedColumn]) -> Iterator[Row]:
    named: dict[str, Any] = {f"_x{number}": _as_text(column) for number, column in enumerate(columns)}
    flat = rows.select_related(None).annotate(**named)
    return iter(flat.values_list(*named).iterator(chunk_size=CHUNK))


def _as_text(column: SortedColumn) -> Any:
    return IsoTime(column.value) if isinstance(column, TimeColumn) else column.value
