"""What leaves Rolecall: formulas defused, times in UTC, the same from page and shell, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard.exports import Value, plain
from dashboard.formats import csv_row
from dashboard.management.commands.export import write_whole
from tests.dashboard.factories import make_account, make_cell, make_status, seed

EVERYTHING = ("matrix", "accounts", "brokers", "audit")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_text_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    assert csv_row([f"{start}cmd"]) == [f"'{start}cmd"]


@pytest.mark.parametrize(("value", "cell"), [("plain", "plain"), (None, None), (0, 0), (-3, -3), ("012345678901",) * 2])
def test_everything_else_is_written_as_it_is(value: Value, cell: Value) -> None:
    assert csv_row([value]) == [cell]


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    noon = datetime(2026, 11, 23, 12, 0, 0, 500, tzinfo=timezone(timedelta(hours=2)))

    assert plain(noon) == "2026-11-23T10:00:00Z"


def test_a_formula_in_a_name_is_defused_on_the_way_out(watching: Client, db: None) -> None:
    make_account(name="=HYPERLINK(0)")

    response = watching.get("/accounts/?_export=csv")

    assert b"'=HYPERLINK(0)" in b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_download_names_itself_and_is_streamed(watching: Client, db: None) -> None:
    response = watching.get("/matrix/?_export=csv")

    assert response.streaming
    assert response["Content-Disposition"].startswith('attachment; filename="rolecall-matrix-')


def test_the_shell_writes_what_the_page_writes(watching: Client, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    seed(3)
    page = watching.get("/matrix/?_export=csv")

    call_command("export", "matrix")

    assert capsys.readouterr().out.encode() == b"".join(page.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize("what", EVERYTHING)
def test_json_is_one_object_a_line(db: None, tmp_path: Path, what: str) -> None:
    seed(3)
    file, table = tmp_path / "out.json", tmp_path / "out.csv"

    call_command("export", what, "--format", "json", "--output", str(file))
    call_command("export", what, "--output", str(table))

    objects = [json.loads(line) for line in file.read_text().splitlines()]
    records = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [list(each) for each in objects] == [list(each) for each in records]


def test_counts_that_nobody_knows_are_null_in_json_and_empty_in_csv(db: None, tmp_path: Path) -> None:
    account = make_account()
    make_status(account)
    make_cell(account, "us-east-1", None, outcome="denied", detail="no")
    call_command("export", "matrix", "--format", "json", "--output", str(tmp_path / "out"))

    rows = map(json.loads, (tmp_path / "out").read_text().splitlines())
    row = next(row for row in rows if row["region"] == "us-east-1")

    assert (row["outcome"], row["brokers"], row["rabbitmq"], row["last_ok_at"]) == ("denied", None, None, None)


def test_a_failure_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("yesterday's")

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError):
        write_whole(file, breaking())

    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert file.read_text() == "yesterday's"


def test_a_folder_that_is_not_there_is_one_clear_line(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot write .*nowhere.*: No such file or directory"):
        call_command("export", "matrix", "--output", str(tmp_path / "nowhere" / "out.csv"))
