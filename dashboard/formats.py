"""How an export is written: CSV, JSON lines and XLSX, each as a stream of blocks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from json.encoder import encode_basestring

from dashboard.exports import Export, Row, Value
from dashboard.xlsx import xlsx_blocks

ROWS_AT_ONCE = 500  # of one block: a write to the network per row is slow
# The wide ones too: East Asian Excel takes them for formulas.
YES = ("No", "Yes")
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")


def csv_row(row: Row) -> list[Value]:
    """A row as CSV writes it: no text can act as a formula in a spreadsheet; yes and no are words, as in the guide."""
    # In one expression: a call for each of five million values would take half of all the time.
    return [
        (f"'{v}" if v[:1] in FORMULA_STARTS else v) if isinstance(v, str) else YES[v] if v.__class__ is bool else v
        for v in row
    ]


def csv_blocks(export: Export) -> Iterator[bytes]:
    """The header line, then a line per row; what is not known is empty."""
    rows = export.rows()
    block = io.StringIO()
    writer = csv.writer(block)
    writer.writerow(export.columns)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        writer.writerows(map(csv_row, chunk))
        yield block.getvalue().encode()
        block.seek(0)
        block.truncate()
    yield block.getvalue().encode()  # the header of an export without rows


def json_blocks(export: Export) -> Iterator[bytes]:
    """One object a line; what is not known is null."""
    rows = export.rows()
    names = (encode_basestring(column).replace("%", "%%") for column in export.columns)
    line = "{" + ", ".join(f"{name}: %s" for name in names) + "}\n"  # the names are the same each time
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield "".join([line % tuple(map(_json_value, row)) for row in chunk]).encode()


def _json_value(value: Value) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    return "null" if value is None else json.dumps(value) if value.__class__ is not int else str(value)


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write an export."""

    name: str
    words: str
    extension: str
    content_type: str
    blocks: Callable[[Export], Iterator[bytes]]


_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: dict[str, Format] = {
    "csv": Format("csv", "CSV", "csv", "text/csv; charset=utf-8", csv_blocks),
    "json": Format("json", "JSON lines", "jsonl", "application/x-ndjson; charset=utf-8", json_blocks),
    "xlsx": Format(
        "xlsx",
        "Excel (XLSX)",
        "xlsx",
        _XLSX_TYPE,
        lambda export: xlsx_blocks(export.name, export.columns, export.rows()),
    ),
}
