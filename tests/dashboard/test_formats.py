"""Each format gives back what went in; no text of ours acts as a formula; SQL and Python export the same."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from accounts.models import Account, AuditEntry, Broker, Region
from dashboard.exports import (
    MATRIX_COLUMNS,
    Export,
    UnknownColumn,
    Value,
    export_columns,
    matrix_export,
    plain,
    table_export,
)
from dashboard.formats import FORMATS, FORMULA_STARTS
from dashboard.matrix import broker_total, regions_of, role_status_of, row_of, with_cells
from dashboard.tables.accounts import AccountTable
from dashboard.tables.brokers import BrokerTable, with_knowledge
from dashboard.tables.sweeps import AuditTable
from dashboard.xlsx import CELL_LENGTH, xlsx_blocks
from tests.dashboard.factories import make_account, make_cell, make_status, seed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.one_of(
    TEXT, st.integers(-(10**9), 10**9), st.none(), st.sampled_from(["=1+1", "@SUM(A1)", "_x0041_", "\x01"])
)
ROWS = st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=5)


def written(form: str, rows: list[Any], columns: tuple[str, ...] = ("a", "b")) -> bytes:
    return b"".join(FORMATS[form].blocks(Export("test", columns, lambda: iter(rows))))


def sheet(content: bytes) -> list[list[Any]]:
    cells = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()
    return [[unescape(cell.value) if isinstance(cell.value, str) else cell.value for cell in row] for row in cells]


@given(ROWS)
def test_csv_gives_back_every_value_as_text_and_no_formula(rows: list[list[Value]]) -> None:
    head, *found = csv.reader(io.StringIO(written("csv", rows).decode(), newline=""))

    assert head == ["a", "b"]
    assert [[_undefused(value) for value in row] for row in found] == [
        ["" if value is None else str(value) for value in row] for row in rows
    ]
    texts = [
        cell
        for row, kept in zip(found, rows, strict=True)
        for cell, value in zip(row, kept, strict=True)
        if isinstance(value, str)
    ]
    assert not any(text[:1] in FORMULA_STARTS for text in texts if text)


def _undefused(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in FORMULA_STARTS else text


@given(ROWS)
def test_json_gives_back_every_value(rows: list[list[Value]]) -> None:
    found = [json.loads(line) for line in written("json", rows).decode().split("\n")[:-1]]

    assert found == [dict(zip("ab", row, strict=True)) for row in rows]


@settings(deadline=None)  # a workbook is opened each time, on a machine that may be busy
@given(ROWS)
def test_a_workbook_gives_back_every_value_and_no_formula(rows: list[list[Value]]) -> None:
    content = written("xlsx", rows)

    head, *found = sheet(content)

    assert head == ["a", "b"]
    assert found == [[_as_excel(value) for value in row] for row in rows]
    cells = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2)
    assert all(cell.data_type != "f" for row in cells for cell in row)


def _as_excel(value: Value) -> Value:
    return None if value == "" else value


def test_a_workbook_says_of_a_formula_that_it_is_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", [["=1+1", "plain"]])))

    assert (book.active["A2"].quotePrefix, book.active["B2"].quotePrefix) == (True, False)


def test_a_text_that_excel_would_call_damage_is_cut_and_says_so() -> None:
    (_, (text, _)) = sheet(written("xlsx", [["é" * (CELL_LENGTH + 9), 1]]))

    assert (len(text), text[-1]) == (CELL_LENGTH, "…")


def test_a_text_is_measured_as_excel_does_and_no_character_is_cut_in_half() -> None:
    """Excel counts UTF-16: what lies beyond the basic plane counts twice."""
    texts = [*("a" * cut + "🐇" * CELL_LENGTH for cut in (0, 1)), "🐇" * (CELL_LENGTH // 2)]

    _, *rows = sheet(written("xlsx", [[text, 1] for text in texts]))

    cut, odd, whole = (row[0] for row in rows)
    assert len(cut.encode("utf-16-le")) // 2 <= CELL_LENGTH >= len(odd.encode("utf-16-le")) // 2
    assert (cut[-2:], odd[-2:], whole) == ("🐇…", "🐇…", texts[2])


def test_rows_beyond_a_sheet_go_on_in_the_next() -> None:
    content = b"".join(xlsx_blocks("t", ["a"], ([number] for number in range(5)), rows_of_sheet=2))

    book = openpyxl.load_workbook(io.BytesIO(content))

    assert [[row[0] for row in each.iter_rows(values_only=True)] for each in book] == [
        ["a", 0, 1],
        ["a", 2, 3],
        ["a", 4],
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_without_rows_is_still_a_file_of_its_format(form: str) -> None:
    content = written(form, [])

    expected = {"csv": content == b"a,b\r\n", "json": content == b"", "xlsx": content[:2] == b"PK"}
    assert expected[form]


def test_the_first_bytes_leave_before_the_last_row_is_read() -> None:
    read: list[int] = []

    def rows() -> Any:
        for number in range(5000):
            read.append(number)
            yield ("x", number)

    for form in FORMATS.values():
        read.clear()
        next(form.blocks(Export("test", ("a", "b"), rows)))
        assert len(read) < 5000, form.name


@pytest.mark.parametrize(
    "table",
    [
        lambda: AccountTable(Account.objects.select_related("role_status")),
        lambda: BrokerTable(with_knowledge(Broker.objects.select_related("account"))),
        lambda: AuditTable(AuditEntry.objects.all()),
    ],
    ids=["accounts", "brokers", "audit"],
)
def test_sql_exports_what_the_records_say(db: None, table: Any) -> None:
    seed(14), make_account(99, "never-polled")
    AuditEntry.objects.create(actor="olga", action="poll")
    rows = table().data.data.order_by("pk")
    of_table = table()
    of_table.data.data = rows

    columns = export_columns(of_table).values()
    assert all(column.value is not None for column in columns)

    assert [list(row) for row in table_export("x", of_table).rows()] == [
        [plain(column.export(record)) for column in columns] for record in rows
    ]


def test_the_matrix_export_says_what_the_matrix_says(db: None) -> None:
    seed(28), make_account(99, "never-polled")
    Region.objects.filter(code="eu-west-1").update(polled=False)
    accounts = with_cells(Account.objects.all())
    regions = regions_of(Account.objects.all())

    exported = {(row["account_id"], row["region"]): row for row in _named(matrix_export(accounts))}

    assert len(exported) == sum(len(row_of(account, regions)) for account in accounts)
    for account in accounts:
        for region, view in row_of(account, regions).items():
            row = exported[account.account_id, region]
            said = (
                row["outcome"],
                row["brokers"],
                row["rabbitmq"],
                row["activemq"],
                row["checked_at"],
                row["last_ok_at"],
            )
            known = (view.brokers, view.rabbitmq, view.activemq, plain(view.checked_at), plain(view.last_ok_at))
            assert said == (view.outcome.value, *known)
            assert row["role"] == role_status_of(account).presence
            assert view.detail in str(row["detail"])


def _named(export: Export) -> list[dict[str, Value]]:
    return [dict(zip(export.columns, row, strict=True)) for row in export.rows()]


def test_a_failed_look_keeps_its_reason_and_old_grades_their_age(db: None) -> None:
    account = make_account()
    make_status(account, policy_outcome="denied", policy_permission="iam:GetPolicyVersion")
    make_cell(account, "us-east-1", 3, outcome="denied", code="AccessDenied", permission="mq:ListBrokers", detail="no")

    row = next(row for row in _named(matrix_export(Account.objects.all())) if row["region"] == "us-east-1")

    assert str(row["detail"]).startswith("AccessDenied: mq:ListBrokers: no | policy last read 20")
    assert str(row["detail"]).endswith("since then denied iam:GetPolicyVersion")
    assert broker_total([]).known is None


def test_columns_come_in_the_order_that_was_asked_for(db: None) -> None:
    make_account(1, "orders")
    whole = matrix_export(Account.objects.all(), ["us-east-1"])

    assert list(whole.only(["region", "account_name"]).rows()) == [("us-east-1", "orders")]
    assert list(whole.only(["region"]).rows()) == [("us-east-1",)]
    assert whole.columns == MATRIX_COLUMNS


def test_a_column_that_is_not_there_is_named_with_those_that_are(db: None) -> None:
    with pytest.raises(UnknownColumn, match=r"no column “colour” to export: use account_id, account_name"):
        matrix_export(Account.objects.all()).only(["colour"])
