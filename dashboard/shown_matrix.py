"""The matrix as a file of its own shape: accounts down, the columns and regions that are shown across.

A number stands only where an answer is fresh. Anything else is a text that begins with the word for what it is, so that
no spreadsheet adds it up and no program reads it as a zero (docs/decisions/0020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from accounts.domain.outcomes import Outcome, Presence
from accounts.models import Account, Region, RoleStatus
from dashboard.exports import ACCOUNTS_AT_ONCE, CHUNK, Export, IsoTime, Row, Value, cells_by_account, chunks, plain
from dashboard.last_known import old_policy, old_role, old_verdict
from dashboard.matrix import role_status_of
from dashboard.tables.columns import SortedColumn
from dashboard.tables.matrix import MatrixTable, RegionColumn
from dashboard.words import stale_before

OLD = "old"
NOT_READ, NONE, UNKNOWN = "not_read", "none", "unknown"
SETTLED = (Outcome.OK.value, Outcome.REGION_DISABLED.value)


@dataclass(frozen=True, slots=True)
class Line:
    """One account of the file: what its columns are written from."""

    account: Account
    status: RoleStatus
    cells: Mapping[str, Any]
    regions: list[Region]  # all of its partition, hidden ones too: the total rests on them
    since: datetime  # an answer from before is old
    fresh_since: str  # the same in UTC and written as all times here, so that they compare as text

    def dated(self, word: str, old: Callable[[RoleStatus, datetime], datetime | None]) -> str:
        """A word that stands for itself if it is of now; else with the time when it was so."""
        read_at = old(self.status, self.since)
        return f"{word} (as of {plain(read_at)})" if read_at else word


Write = Callable[[Line], Value]


def shown_matrix_export(table: MatrixTable) -> Export:
    """What the matrix shows, every account that matches: those of other pages and of collapsed groups, too."""
    bound = [column for column in table.columns if not isinstance(column.column, RegionColumn)]
    columns = dict(chain.from_iterable(_written(column.name, column.column) for column in bound))
    if table.groups is not None:
        nothing = table.groups.by.nothing
        columns = {"group": lambda line: line.account.group_key or nothing, **columns}  # type: ignore[attr-defined]
    names = (*columns, *(region.code for region in table.regions))
    return Export("matrix-as-shown", names, lambda: _rows(table, list(columns.values())))


def _written(name: str, column: SortedColumn) -> Iterator[tuple[str, Write]]:
    """The columns of the file for one of the page."""
    yield from FIXED.get(name, {name: lambda line: plain(column.export(line.account))}).items()


def _rows(table: MatrixTable, fixed: list[Write]) -> Iterator[Row]:
    since = stale_before(table.now)
    fresh_since = str(plain(since))
    accounts = table.all_rows.prefetch_related(None).iterator(chunk_size=CHUNK)
    for chunk in chunks(accounts, ACCOUNTS_AT_ONCE):
        cells = cells_by_account([account.pk for account in chunk], "outcome", "brokers", IsoTime("last_ok_at"))
        for account in chunk:
            own = [region for region in table.layout.every if region.partition == account.partition]
            line = Line(account, role_status_of(account), cells[account.pk], own, since, fresh_since)
            yield (*(write(line) for write in fixed), *_cells(line, table.regions))


def _cells(line: Line, regions: list[Region]) -> Iterator[Value]:
    for region in regions:
        mine = region.partition == line.account.partition
        yield said_of_cell(region, line.cells.get(region.code), line.fresh_since) if mine else None


def said_of_cell(region: Region, cell: Any, fresh_since: str) -> Value:
    """A fresh answer's number; else what there is instead, with the last number and its time where one is known."""
    if cell is None:
        return Outcome.NEVER.value if region.polled else Outcome.UNSUPPORTED.value
    _, _, outcome, brokers, last_ok_at = cell
    if not region.polled:
        outcome = Outcome.UNSUPPORTED.value
    elif outcome == Outcome.OK.value:
        if last_ok_at >= fresh_since:
            return brokers  # type: ignore[no-any-return]
        outcome = OLD
    return outcome if brokers is None else f"{outcome} ({brokers} as of {last_ok_at})"


def _verdict(line: Line) -> Value:
    return line.dated(line.status.verdict, old_verdict)


def _policy(line: Line) -> Value:
    return line.dated(line.status.policy_grade or _ungraded(line.status), old_policy)


def _trust(line: Line) -> Value:
    return line.dated(line.status.trust_grade or _ungraded(line.status), old_role)


def _ungraded(status: RoleStatus) -> str:
    return NONE if status.presence == Presence.ABSENT else NOT_READ


def _brokers(line: Line) -> Value:
    """The sum where it is complete and fresh; else since when it is known, or “at least” so many."""
    found = [line.cells.get(region.code) for region in line.regions]
    known = [cell for cell in found if cell is not None and cell[3] is not None]
    if not known:
        return UNKNOWN
    total, oldest = sum(cell[3] for cell in known), min(cell[4] for cell in known)
    asked = zip(line.regions, found, strict=True)
    if not all(region.polled and cell is not None and cell[2] in SETTLED for region, cell in asked):
        return f"at least {total}"
    return total if oldest >= line.fresh_since else f"{total} (as of {oldest})"


FIXED: dict[str, dict[str, Write]] = {
    "account": {
        "account_id": lambda line: line.account.account_id,
        "account_name": lambda line: line.account.name,
    },
    "role": {"verdict": _verdict},
    "policy": {"policy": _policy, "trust": _trust},
    "brokers": {"brokers": _brokers},
    "trust": {"trust": _trust},
}
