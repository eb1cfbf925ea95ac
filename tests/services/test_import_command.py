"""`manage.py import_accounts`: the page's service for a shell."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, HubIdentity
from accounts.services.account_files import HEADER

ID = "111122223333"
LINE = f"{ID},shop,arn:aws:iam::{ID}:role/MqSlrReader,,,\n"

pytestmark = pytest.mark.django_db


def run(file: Path, text: str, *arguments: str) -> str:
    out = StringIO()
    file.write_text(f"{HEADER}\n{text}")
    call_command("import_accounts", str(file), *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "accounts.csv"


def test_a_file_is_imported_and_imported_again(file: Path) -> None:
    said = [run(file, LINE), run(file, LINE), run(file, LINE.replace("shop", "store"))]

    assert said == [
        "1 account added, 0 updated, 0 unchanged",
        "0 accounts added, 0 updated, 1 unchanged",
        "0 accounts added, 1 updated, 0 unchanged",
    ]
    assert Account.objects.get().name == "store"


def test_a_dry_run_says_what_would_be_done(file: Path) -> None:
    assert run(file, LINE, "--dry-run") == "1 account would be added, 0 would be updated, 0 unchanged"
    assert not Account.objects.exists()


def test_every_bad_line_is_printed_and_nothing_is_imported(file: Path) -> None:
    file.write_text(f"{HEADER}\n{LINE}1.23457E+11,x,y,,,\nz\n")
    problems = StringIO()

    with pytest.raises(CommandError, match="3 problems: nothing was imported"):
        call_command("import_accounts", str(file), stderr=problems)

    assert [line.partition(":")[0] for line in problems.getvalue().splitlines()] == ["line 3", "line 3", "line 4"]
    assert not Account.objects.exists()


@pytest.mark.parametrize("made", ["stackset", "random"])
def test_a_new_account_without_an_external_id_gets_the_kind_that_was_asked_for(file: Path, made: str) -> None:
    run(file, LINE, "--external-ids", made)

    prefix = HubIdentity.objects.filter(partition="aws").values_list("external_id_prefix", flat=True).first()
    assert Account.objects.get().external_id.startswith("rolecall-")
    assert (Account.objects.get().external_id == f"{prefix}-{ID}") == (made == "stackset")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_accounts", str(tmp_path / "none.csv"))
