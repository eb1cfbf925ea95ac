"""Every column of every table sorts both ways; what is not known stays last; an export has the page's order."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, AuditEntry, Broker, Cleanup, MatrixCell, Poll, Region, Sweep
from dashboard.exports import MATRIX_COLUMNS
from dashboard.tables.accounts import AccountTable
from dashboard.tables.brokers import BrokerTable
from dashboard.tables.cleanups import CleanupTable
from dashboard.tables.matrix import matrix_table
from dashboard.tables.matrix_cells import MatrixCellTable
from dashboard.tables.onboarding import OnboardingTable
from dashboard.tables.region_accounts import RegionAccountTable
from dashboard.tables.regions import RegionTable
from dashboard.tables.sweeps import AuditTable, PollTable, SweepTable
from tests.dashboard.cleanup_factories import make_cleanup
from tests.dashboard.factories import make_account, make_cell, make_status, seed

TABLES: dict[str, tuple[Any, Any]] = {
    "/accounts/": (AccountTable, Account),
    "/brokers/": (BrokerTable, Broker),
    "/cells/": (MatrixCellTable, MatrixCell),
    "/regions/": (RegionTable, Region),
    "/regions/us-east-1/": (RegionAccountTable, Account),
    "/sweeps/": (SweepTable, Sweep),
    "/sweeps/{sweep}/": (PollTable, Poll),
    "/cleanups/": (CleanupTable, Cleanup),
    "/audit/": (AuditTable, AuditEntry),
    "/onboarding/": (OnboardingTable, Account),
}
COLUMNS = [
    pytest.param(url, name, id=f"{url} {name}") for url, (table, _) in TABLES.items() for name in table.base_columns
]


@pytest.fixture
def world(db: None) -> int:
    make_cleanup(seed(4)[0])
    AuditEntry.objects.create(actor="olga", action="poll", subject="Sweep 1")
    return Sweep.objects.get().pk


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def exported(client: Client, url: str, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"{url}?{query}&_export=csv")
    return rows(b"".join(response.streaming_content))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("url", "column"), COLUMNS)
@pytest.mark.parametrize("prefix", ["", "-"])
def test_every_column_sorts(operating: Client, world: int, url: str, column: str, prefix: str) -> None:
    assert operating.get(url.format(sweep=world), {"sort": prefix + column}).status_code == 200


def test_every_column_of_the_matrix_sorts_both_ways(db: None) -> None:
    seed(2, sweep=False)
    table = matrix_table(Account.objects.all())

    for name in table.columns.names():
        for prefix in ("", "-"):
            table.order_by = prefix + name
            assert len(list(table.data.data)) == 2, name


@pytest.mark.parametrize(("sort", "expected"), [("us-east-1", "few many none"), ("-us-east-1", "many few none")])
def test_a_region_sorts_by_its_brokers_and_the_unknown_stay_last(
    watching: Client, db: None, sort: str, expected: str
) -> None:
    for number, (name, brokers) in enumerate({"many": 9, "none": None, "few": 1}.items()):
        account = make_account(number, name)
        if brokers is not None:
            make_cell(account, "us-east-1", brokers)

    order = [
        row["account_name"] for row in exported(watching, "/matrix/", f"sort={sort}") if row["region"] == "us-east-1"
    ]

    assert order == expected.split()


def test_a_sort_that_does_not_exist_is_no_sort(watching: Client, world: int) -> None:
    assert watching.get("/matrix/?sort=nonsense&page=99999&per_page=7").status_code == 200


@pytest.mark.parametrize("size", [25, 50, 100])
def test_a_page_has_as_many_rows_as_asked_for(watching: Client, db: None, size: int) -> None:
    for number in range(101):
        make_account(number)

    response = watching.get("/accounts/", {"per_page": size})

    assert response.content.decode().count('class="name"') == size


@pytest.mark.parametrize(("url", "table"), [(url, table) for url, (table, _) in TABLES.items()])
def test_every_table_has_its_csv(operating: Client, world: int, url: str, table: Any) -> None:
    url = url.format(sweep=world)
    page = operating.get(url).context["table"]

    found = exported(operating, url)

    assert len(found) == page.paginator.count > 0
    assert list(found[0]) == list(table.base_columns)


def test_an_export_has_the_pages_filter_and_order(watching: Client, db: None) -> None:
    for number, name in enumerate(("beta", "alpha", "gamma")):
        make_status(make_account(number, name), verdict="unused" if name != "gamma" else "in_use")

    found = exported(watching, "/accounts/", "verdict=unused&sort=-name")

    assert [row["name"] for row in found] == ["beta", "alpha"]


def test_an_export_has_all_rows_not_only_the_page(watching: Client, db: None) -> None:
    for number in range(30):
        make_account(number)

    assert len(exported(watching, "/accounts/", "page=2")) == 30


def test_the_matrix_export_has_a_row_per_account_and_region(watching: Client, db: None) -> None:
    make_cell(make_account(), "us-east-1", 2)

    found = exported(watching, "/matrix/")

    assert len(found) == Region.objects.filter(partition="aws").count()
    assert tuple(found[0]) == MATRIX_COLUMNS
    assert [row["region"] for row in found if row["brokers"]] == ["us-east-1"]
    assert {row["outcome"] for row in found} == {"ok", "never"}


def test_an_export_in_another_format_is_refused_with_a_sentence(watching: Client, db: None) -> None:
    response = watching.get("/accounts/?_export=pdf")

    assert response.status_code == 400
    assert "use _export=csv, json, xlsx" in response.content.decode()
