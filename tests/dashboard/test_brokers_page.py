"""The list of brokers: narrowed by account, unit, environment and age, and honest about what is old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Region
from tests.dashboard.factories import make_account, make_broker, make_cell
from tests.dashboard.test_pages import text_of
from tests.dashboard.test_tables import exported


@pytest.fixture
def two(db: None) -> list[Account]:
    """Two accounts, a broker each: one of production and a year old, one young."""
    old, young = (
        make_account(1, unit="Workloads/Prod", tags={"env": "prod"}),
        make_account(2, unit="Workloads/Production"),
    )
    make_cell(old, "us-east-1", 1)
    make_cell(young, "us-east-1", 1)
    make_broker(old, "us-east-1", "orders", created_at=timezone.now() - timedelta(days=500))
    make_broker(young, "us-east-1", "trial", created_at=timezone.now() - timedelta(days=2))
    return [old, young]


def names(client: Client, query: str) -> list[str]:
    return [str(row["name"]) for row in exported(client, "/brokers/", query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("environment=prod", ["orders"]),
        ("unit=workloads/prod/", ["orders"]),
        ("unit=Workloads", ["orders", "trial"]),
        ("unit=Workloads/Pro", []),
        ("created=within-7", ["trial"]),
        ("created=before-365", ["orders"]),
        ("knowledge=current", ["orders", "trial"]),
        ("knowledge=old", []),
    ],
)
def test_brokers_are_narrowed(watching: Client, two: list[Account], query: str, found: list[str]) -> None:
    assert names(watching, query) == found


def test_brokers_of_one_account_are_found_by_its_id_as_people_write_it(watching: Client, two: list[Account]) -> None:
    digits = two[1].account_id

    assert names(watching, f"account={digits[:4]}-{digits[4:8]}%20{digits[8:]}") == ["trial"]


def test_a_broker_whose_region_has_not_answered_since_is_marked_as_old(watching: Client, two: list[Account]) -> None:
    two[0].cells.update(outcome="denied")

    text = text_of(watching, "/brokers/")

    assert "1 row is old" in text
    assert "old denied" in text
    assert names(watching, "knowledge=old") == ["orders"]


def test_a_broker_that_was_seen_too_long_ago_is_old_though_nothing_failed(watching: Client, two: list[Account]) -> None:
    two[0].brokers.update(seen_at=timezone.now() - timedelta(hours=5))

    assert "no look within the time that counts as fresh" in text_of(watching, "/brokers/")


def test_a_broker_in_a_region_that_is_no_longer_polled_is_old(watching: Client, two: list[Account]) -> None:
    Region.objects.filter(code="us-east-1").update(polled=False)

    assert names(watching, "knowledge=old") == ["orders", "trial"]


def test_a_broker_without_a_cell_is_old(watching: Client, two: list[Account]) -> None:
    two[0].cells.all().delete()

    assert names(watching, "knowledge=old") == ["orders"]
    assert "old not polled yet" in text_of(watching, "/brokers/")
