"""What leaves Rolecall: formulas defused, times in UTC, the same from page and shell, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Verdict
from accounts.models import Change, DailyFigures, Region
from dashboard.exports import Value, plain
from dashboard.formats import csv_row
from dashboard.management.commands.export import write_whole
from dashboard.xlsx import xlsx_blocks
from tests.dashboard.factories import make_account, make_cell, make_status, seed

EVERYTHING = ("matrix", "accounts", "brokers", "audit")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_text_that_a_spreadsheet_would_run_is_defused(start: str) -> None:
    assert csv_row([f"{start}cmd"]) == [f"'{start}cmd"]


@pytest.mark.parametrize(("value", "cell"), [("plain", "plain"), (None, None), (0, 0), (-3, -3), ("012345678901",) * 2])
def test_everything_else_is_written_as_it_is(value: Value, cell: Value) -> None:
    assert csv_row([value]) == [cell]


def test_a_word_of_the_domain_is_its_text_in_every_format() -> None:
    assert type(plain(Verdict.UNKNOWN)) is type(plain(SafeString("a"))) is str
    assert csv_row([SafeString("=1")]) == ["'=1"]
    workbook = io.BytesIO(b"".join(xlsx_blocks("words", ["a", "b"], [[Verdict.UNKNOWN, Decimal("1.5")]])))
    cells = list(openpyxl.load_workbook(workbook).active.iter_rows(values_only=True))
    assert cells[1] == ("unknown", "1.5")


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


def lines_of(client: Client, url: str) -> list[dict[str, Any]]:
    content = b"".join(client.get(url)).decode()
    return [json.loads(line) for line in content.splitlines()]


def test_an_accounts_regions_are_the_rows_that_the_matrix_exports(watching: Client, db: None) -> None:
    account = seed(3)[0]
    whole = lines_of(watching, "/matrix/?_export=json")

    own = lines_of(watching, f"{account.get_absolute_url()}files/regions/?_export=json")

    assert own == [row for row in whole if row["account_id"] == account.account_id]


def test_an_accounts_history_is_a_file_and_its_filter_is_kept(watching: Client, db: None) -> None:
    account, at = make_account(1), datetime(2026, 11, 23, 10, tzinfo=UTC)
    for kind, old, new in (("role", "", "present"), ("brokers", "1", "=2")):
        Change.objects.create(account=account, at=at, kind=kind, old=old, new=new, region_code="us-east-1")
    url = f"{account.get_absolute_url()}files/history/"

    every, some = watching.get(url), watching.get(f"{url}?kind=role&_export=json")
    page = watching.get(f"{account.get_absolute_url()}?kind=role").content.decode()

    assert b"".join(every).decode().splitlines() == [
        "at,kind,region,old,new,detail",
        "2026-11-23T10:00:00Z,brokers,us-east-1,1,'=2,",
        "2026-11-23T10:00:00Z,role,us-east-1,,present,",
    ]
    assert f"rolecall-history-{account.account_id}-filtered-role-20" in some["Content-Disposition"]
    assert [json.loads(line)["new"] for line in b"".join(some).decode().splitlines()] == ["present"]
    assert f'href="{url}?_export=xlsx&amp;kind=role"' in page


def test_the_history_of_a_deleted_account_leaves_too(operating: Client, db: None) -> None:
    account = make_account(1, archived_at=datetime.now(UTC))
    Change.objects.create(account=account, at=datetime.now(UTC), kind="role", new="present")
    page = operating.get(account.get_absolute_url()).content.decode()

    assert (url := f"{account.get_absolute_url()}files/history/") in page
    assert [line["new"] for line in lines_of(operating, f"{url}?_export=json")] == ["present"]


def test_the_ninety_days_are_a_file_and_a_day_that_nobody_measured_has_no_figure(watching: Client, db: None) -> None:
    make_status(make_account(1), verdict="unused")
    measured = {"accounts": 2, "looked_at": 1, "roles_read": 1, "policies_read": 1, "judged": 1, "cells": 34}
    counted = {"answered": 34, "disabled": 0, "roles": 1, "in_use": 0, "unused": 1, "drifted": 0, "failing": 0}
    day = datetime.now(UTC).date() - timedelta(days=2)
    DailyFigures.objects.create(day=day, written_at=datetime.now(UTC), brokers=None, **measured, **counted)

    today, gap, before = lines_of(watching, "/days/?_export=json")

    assert (today["measured"], today["unused"], today["unused_complete"]) == (True, 1, True)
    assert {value for name, value in gap.items() if name not in ("day", "measured")} == {None}
    assert (gap["measured"], before["day"], before["measured"]) == (False, day.isoformat(), True)
    assert (before["unused"], before["unused_complete"], before["brokers"]) == (1, False, None)
    assert (before["accounts_polled"], before["accounts"], before["cells_answered"]) == (1, 2, 34)
    assert "/days/?_export=csv" in watching.get("/").content.decode()


@pytest.mark.parametrize(
    "query", ["?foo=1", "?_export=pdf", "?_columns=colour", "?kind=colour", "?_as=shown", "?sort=-day"]
)
def test_a_file_of_a_pages_table_refuses_what_it_does_not_know(watching: Client, db: None, query: str) -> None:
    account = make_account(1).get_absolute_url()

    for url in ("/days/", f"{account}files/regions/", f"{account}files/history/"):
        assert watching.get(f"{url}{query}").status_code == 400


def test_a_file_of_a_pages_table_can_have_some_of_its_columns(watching: Client, db: None) -> None:
    url = f"{make_account(1).get_absolute_url()}files/regions/"

    rows = b"".join(watching.get(f"{url}?_columns=region,outcome")).decode().splitlines()

    assert (rows[0], len(rows[1].split(","))) == ("region,outcome", 2)


def test_yes_and_no_are_true_and_false_in_json_and_the_guides_words_in_csv(watching: Client, db: None) -> None:
    Region.objects.filter(code="us-east-1").update(polled=False)

    row = next(row for row in lines_of(watching, "/regions/?_export=json") if row["code"] == "us-east-1")
    page = watching.get("/regions/?_export=csv&_columns=code,supported,polled")

    assert (row["supported"], row["beyond_guide"], row["polled"]) == (True, False, False)
    assert "us-east-1,Yes,No" in b"".join(page).decode().splitlines()
    assert csv_row([True, False, None, 1, "x"]) == ["Yes", "No", None, 1, "x"]
