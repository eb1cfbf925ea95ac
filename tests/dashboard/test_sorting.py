"""Every column of every table sorts both ways, and every table has its CSV: over one estate, which nobody changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import Account, AuditEntry, Broker, Cleanup, MatrixCell, Poll, Region, Sweep
from dashboard.tables.accounts import AccountTable
from dashboard.tables.brokers import BrokerTable
from dashboard.tables.cleanups import CleanupTable
from dashboard.tables.matrix_cells import MatrixCellTable
from dashboard.tables.onboarding import OnboardingTable
from dashboard.tables.region_accounts import RegionAccountTable
from dashboard.tables.regions import RegionTable
from dashboard.tables.sweeps import AuditTable, PollTable, SweepTable
from tests.dashboard.cleanup_factories import make_cleanup
from tests.dashboard.factories import seed
from tests.dashboard.test_tables import exported
from tests.shared_rows import shared_rows

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


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[int]:
    """The number of the sweep in an estate that every table has rows of."""
    with shared_rows(django_db_blocker):
        make_cleanup(seed(4)[0])
        AuditEntry.objects.create(actor="olga", action="poll", subject="Sweep 1")
        yield Sweep.objects.get().pk


@pytest.mark.parametrize(("url", "column"), COLUMNS)
@pytest.mark.parametrize("prefix", ["", "-"])
def test_every_column_sorts(operating: Client, world: int, url: str, column: str, prefix: str) -> None:
    assert operating.get(url.format(sweep=world), {"sort": prefix + column}).status_code == 200


def test_a_sort_that_does_not_exist_is_no_sort(watching: Client, world: int) -> None:
    assert watching.get("/matrix/?sort=nonsense&page=99999&per_page=7").status_code == 200


@pytest.mark.parametrize(("url", "table"), [(url, table) for url, (table, _) in TABLES.items()])
def test_every_table_has_its_csv(operating: Client, world: int, url: str, table: Any) -> None:
    url = url.format(sweep=world)
    page = operating.get(url).context["table"]

    found = exported(operating, url)

    assert len(found) == page.paginator.count > 0
    assert list(found[0]) == list(table.base_columns)
