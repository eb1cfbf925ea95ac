"""The matrix as a file of its own shape: what is no fresh answer can be read as no number, and least of all as zero."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import openpyxl
import pytest
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.domain.outcomes import Outcome
from accounts.models import Account, Region, RoleStatus
from dashboard.exports import MATRIX_COLUMNS, plain
from dashboard.matrix import broker_total, regions_of, row_of, with_cells
from dashboard.shown_matrix import shown_matrix_export
from dashboard.tables.matrix import matrix_table
from dashboard.words import stale_before
from tests.dashboard.factories import make_account, make_cell, make_status, seed

SHOWN = "/matrix/?_export=csv&_as=shown"
HOUR = timedelta(hours=1)


def text_of(response: HttpResponseBase) -> str:
    return b"".join(response).decode()


def rows(client: Client, url: str = SHOWN) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(client.get(url)), newline="")))


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "orders")
    make_status(account)
    return account


def test_only_a_fresh_answer_is_a_number(account: Account, watching: Client) -> None:
    then = timezone.now() - 9 * HOUR
    Region.objects.filter(code="sa-east-1").update(polled=False)
    make_cell(account, "us-east-1", 3), make_cell(account, "us-east-2", 0)
    make_cell(account, "us-west-1", 4, last_ok_at=then)
    make_cell(account, "us-west-2", 0, outcome="denied", last_ok_at=then)
    make_cell(account, "eu-west-1", None, outcome="throttled")
    make_cell(account, "af-south-1", None, outcome="region_disabled")
    make_cell(account, "sa-east-1", 2, last_ok_at=then)

    (row,) = rows(watching)

    at = plain(then)
    found = [row[code] for code in ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "af-south-1")]
    assert found == ["3", "0", f"old (4 as of {at})", f"denied (0 as of {at})", "throttled", "region_disabled"]
    assert (row["sa-east-1"], row["eu-central-1"]) == (f"unsupported (2 as of {at})", "never")


def test_each_cell_is_what_the_matrix_says_of_it(db: None) -> None:
    seed(28), make_account(99, "never-polled")
    Region.objects.filter(code="eu-west-1").update(polled=False)
    accounts, fresh_since = with_cells(Account.objects.all()), stale_before(timezone.now())
    regions = regions_of(Account.objects.all())

    export = shown_matrix_export(matrix_table(Account.objects.all()))
    found = {row[0]: dict(zip(export.columns, row, strict=True)) for row in export.rows()}

    assert len(found) == 29
    for one in accounts:
        views, row = row_of(one, regions), found[one.account_id]
        for region in regions:
            view, said = views.get(region.code), row[region.code]
            fresh = view is not None and view.outcome is Outcome.OK and (view.last_ok_at or fresh_since) > fresh_since
            assert isinstance(said, int) == fresh
            assert said == (view.brokers if view else None) or not fresh
            assert (said is None) == (view is None)
        total = broker_total(views.values())
        assert isinstance(row["brokers"], int) <= total.complete
        assert str(total.known or 0) in str(row["brokers"]) or total.known is None


def test_a_total_that_is_not_complete_or_not_fresh_is_no_number(account: Account, watching: Client) -> None:
    Region.objects.exclude(code__in=("us-east-1", "us-east-2")).delete()
    old = timezone.now() - 9 * HOUR

    def total() -> str:
        return rows(watching)[0]["brokers"]

    assert total() == "unknown"
    first = make_cell(account, "us-east-1", 3)
    assert total() == "at least 3"
    make_cell(account, "us-east-2", None, outcome="region_disabled")
    assert total() == "3"
    first.last_ok_at = old
    first.save()
    assert total() == f"3 (as of {plain(old)})"


def test_a_verdict_and_a_grade_of_an_old_look_say_since_when(db: None, watching: Client) -> None:
    old = timezone.now() - 9 * HOUR
    make_status(make_account(1, "a"), verdict="unused")
    make_status(make_account(2, "b"), checked_at=old, last_ok_at=old, policy_last_ok_at=old)
    make_status(make_account(3, "c"), policy_outcome="denied", policy_last_ok_at=old, policy_grade="superset")
    make_account(4, "d")

    found = [(row["verdict"], row["policy"], row["trust"]) for row in rows(watching)]

    since = f" (as of {plain(old)})"
    assert found == [
        ("unused", "exact", "exact"),
        (f"in_use{since}", f"exact{since}", f"exact{since}"),
        ("in_use", f"superset{since}", "exact"),
        ("unknown", "not_read", "not_read"),
    ]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("columns=brokers,eu-west-1,us-east-1", ["brokers", "us-east-1", "eu-west-1"]),
        ("columns=role,us-east-1,eu-west-1&pin=eu-west-1", ["verdict", "eu-west-1", "us-east-1"]),
        ("hide=empty&columns=policy", ["policy", "trust", "eu-west-1"]),
        ("hide=empty&columns=policy&_columns=account_name,eu-west-1", None),
    ],
)
def test_it_has_the_columns_and_regions_that_are_shown_in_their_order(
    account: Account, watching: Client, query: str, columns: list[str] | None
) -> None:
    make_cell(account, "eu-west-1", 2), make_cell(account, "us-east-1", 0)

    (row,) = rows(watching, f"{SHOWN}&{query}")

    named = ["account_name", "eu-west-1"]
    assert list(row) == (["account_id", "account_name", *columns] if columns else named)


def test_its_rows_are_filtered_and_sorted_and_those_of_every_page(db: None, watching: Client) -> None:
    for number, verdict in enumerate(["unused", "in_use"] * 30):
        make_status(make_account(number), verdict=verdict, brokers=number)

    found = [row["account_name"] for row in rows(watching, f"{SHOWN}&verdict=unused&sort=-brokers&page=2")]

    assert found == [f"account-{number:03d}" for number in range(58, -1, -2)]


def test_accounts_of_collapsed_groups_are_in_it_with_the_name_of_their_group(db: None, watching: Client) -> None:
    make_account(1, "b", tags={"env": "prod"}), make_account(2, "a"), make_account(3, "c", tags={"env": "dev"})

    found = [(row["group"], row["account_name"]) for row in rows(watching, f"{SHOWN}&group=environment&collapsed=all")]

    assert found == [("dev", "c"), ("prod", "b"), ("No environment", "a")]


def test_a_region_of_another_partition_is_nothing_at_all(db: None, watching: Client) -> None:
    make_account(1, "a"), make_account(2, "b", partition="aws-cn")

    lines = [json.loads(line) for line in text_of(watching.get("/matrix/?_export=json&_as=shown")).splitlines()]

    assert [(line["us-east-1"], line["cn-north-1"]) for line in lines] == [("never", None), (None, "never")]


def test_a_workbook_has_numbers_where_answers_are_fresh_and_texts_elsewhere(account: Account, watching: Client) -> None:
    make_cell(account, "us-east-1", 3), make_cell(account, "us-east-2", 3, outcome="denied")

    book = openpyxl.load_workbook(io.BytesIO(b"".join(watching.get("/matrix/?_export=xlsx&_as=shown"))))

    heads, cells = list(book.active.iter_rows())
    found = {head.value: cell for head, cell in zip(heads, cells, strict=True)}
    assert (found["us-east-1"].value, found["us-east-1"].data_type) == (3, "n")
    assert found["us-east-2"].data_type in ("s", "inlineStr")


def test_a_workbook_with_an_account_that_was_never_polled_is_whole(db: None, watching: Client) -> None:
    make_account(1, "new")

    book = openpyxl.load_workbook(io.BytesIO(b"".join(watching.get("/matrix/?_export=xlsx&_as=shown"))))

    heads, cells = list(book.active.iter_rows(values_only=True))
    found = dict(zip(heads, cells, strict=True))
    assert (found["verdict"], found["policy"], found["brokers"]) == ("unknown", "not_read", "unknown")


def test_a_verdict_that_is_only_remembered_is_no_word_of_now(account: Account, watching: Client) -> None:
    then = timezone.now() - 9 * HOUR
    RoleStatus.objects.update(verdict_last_known_at=then)

    assert rows(watching)[0]["verdict"] == f"in_use (as of {plain(then)})"


@pytest.mark.parametrize(("minutes", "dated"), [(50, False), (70, True)])
def test_page_and_file_have_one_rule_for_the_age_of_a_policy(
    account: Account, watching: Client, minutes: int, dated: bool
) -> None:
    RoleStatus.objects.update(policy_last_ok_at=timezone.now() - timedelta(minutes=minutes))

    assert ("as of" in rows(watching)[0]["policy"]) is dated
    assert ('">last known, ' in watching.get("/matrix/").content.decode()) is dated


def test_a_formula_in_a_name_is_defused_here_too(db: None, watching: Client) -> None:
    make_account(1, "=HYPERLINK(0)", tags={"env": "@SUM(A1)"})

    (row,) = rows(watching, f"{SHOWN}&group=environment")

    assert (row["group"], row["account_name"]) == ("'@SUM(A1)", "'=HYPERLINK(0)")


def test_the_usual_export_keeps_a_row_per_account_and_region(account: Account, watching: Client) -> None:
    assert text_of(watching.get("/matrix/?_export=csv")).startswith(",".join(MATRIX_COLUMNS))


def test_the_menu_says_which_is_which(account: Account, watching: Client) -> None:
    page = watching.get("/matrix/?verdict=in_use").content.decode()

    assert "One row per account and region, every column" in page
    assert "As shown here: accounts down, regions across" in page
    assert "_as=shown" in page and "_as=" not in watching.get("/accounts/").content.decode()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/matrix/?_export=csv&_as=pivot", "There is no export as “pivot”: use shown, or none."),
        ("/accounts/?_export=csv&_as=shown", "There is no export as “shown”: this list has but one."),
        (f"{SHOWN}&_columns=detail", "There is no column “detail” to export: use account_id, account_name, verdict"),
    ],
)
def test_a_shape_or_column_that_is_not_there_is_refused(db: None, watching: Client, url: str, why: str) -> None:
    response = watching.get(url)

    assert response.status_code == 400
    assert why in response.content.decode()


def test_it_asks_the_database_as_often_for_two_hundred_accounts_as_for_two(db: None) -> None:
    def questions() -> int:
        export = shown_matrix_export(matrix_table(Account.objects.all()))
        with CaptureQueriesContext(connection) as asked:
            list(export.rows())
        return len(asked)

    seed(2, sweep=False)
    few = questions()
    for number in range(100, 290):
        make_status(make_account(number))

    assert questions() == few
