"""The list of brokers: narrowed by account, unit, environment and age, and honest about what is old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Region
from tests.dashboard.factories import make_account, make_broker, make_cell
from tests.dashboard.test_figures import check
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


@pytest.fixture
def gappy(two: list[Account]) -> list[Account]:
    """The same accounts in two regions that are polled: of four cells one fails, and one was never asked."""
    Region.objects.exclude(code__in=["us-east-1", "eu-west-1"]).update(polled=False)
    make_cell(two[0], "eu-west-1", None, outcome="throttled")
    return two


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("view=none", "≥ 2 brokers as last listed by AWS. 1 cell gave no answer, 1 cell is not polled yet: there may"),
        (
            "region=eu-west-1",
            "≥ 0 brokers as last listed by AWS. 1 cell gave no answer, 1 cell is not polled yet: there",
        ),
        ("region=us-east-1", "Brokers 2 brokers as last listed by AWS. Only RabbitMQ"),
        ("unit=Workloads/Prod", "≥ 1 broker as last listed by AWS. 1 cell gave no answer: there may be more."),
        ("environment=prod", "≥ 1 broker as last listed by AWS. 1 cell gave no answer: there may be more."),
        ("account={young}", "≥ 1 broker as last listed by AWS. 1 cell is not polled yet: there may be more."),
        ("engine=RabbitMQ&region=us-east-1", "Brokers 2 brokers as last listed by AWS. Only RabbitMQ"),
    ],
)
def test_what_may_be_missing_is_counted_where_the_filters_look(
    watching: Client, gappy: list[Account], query: str, said: str
) -> None:
    assert said in text_of(watching, f"/brokers/?{query.format(young=gappy[1].account_id)}")


@pytest.mark.parametrize("query", ["view=none", "region=eu-west-1", "unit=Workloads/Prod"])
def test_the_cells_that_may_have_more_are_listed(watching: Client, gappy: list[Account], query: str) -> None:
    check(watching, f"/brokers/?{query}", 1)


def test_a_broker_is_found_by_its_own_name_and_not_by_its_accounts(watching: Client, two: list[Account]) -> None:
    Account.objects.filter(pk=two[1].pk).update(name="orders-dev")

    assert (names(watching, "name=ORD"), names(watching, "q=ord")) == (["orders"], ["orders", "trial"])
