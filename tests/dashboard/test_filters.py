"""Every filter, its removal, and what a value that makes no sense does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.domain.outcomes import Outcome
from accounts.models import Account, Region
from dashboard.access import Shell
from dashboard.chips import ChipFilterSet
from dashboard.cleanup_filters import cleanup_filter
from dashboard.filters import account_filter, broker_filter
from tests.dashboard.factories import absent, make_account, make_broker, make_cell, make_status, unreadable


@pytest.fixture
def estate(db: None) -> None:
    used = make_account(1, "orders-prod", tags={"env": "prod", "unit": "Orders"})
    make_status(used, policy_grade="superset")
    make_cell(used, "us-east-1", 2)
    make_cell(used, "eu-west-1", None, outcome="throttled")
    gone = make_account(2, "log-archive", tags={"env": "dev"})
    absent(gone)
    make_cell(gone, "us-east-1", 0)
    unreadable(make_account(3, "bi-reporting"))
    make_account(4, "brand-new")


@pytest.mark.django_db
@pytest.mark.parametrize("list_of", [account_filter, broker_filter, cleanup_filter])
def test_every_filter_stands_once_in_the_row_or_in_the_menu_of_more(list_of: Callable[..., ChipFilterSet]) -> None:
    narrowed = list_of(QueryDict(""), Shell.OPERATOR)

    fields = [field.name for field in (*narrowed.row, *narrowed.more)]

    assert sorted(fields) == sorted(narrowed.filters) and fields[0] == "q"


def names(query: str) -> list[str]:
    found = account_filter(QueryDict(query), Shell.OPERATOR)
    return sorted(account.name for account in found.accounts)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["bi-reporting", "brand-new", "log-archive", "orders-prod"]),
        ("q=ORDERS", ["orders-prod"]),
        ("q=nothing+like+it", []),
        ("tag=env", ["log-archive", "orders-prod"]),
        ("tag=env%3Dprod", ["orders-prod"]),
        ("tag=+unit+%3D+Orders+", ["orders-prod"]),
        ("tag=env%3D", []),
        ("verdict=in_use", ["orders-prod"]),
        ("verdict=in_use&verdict=absent", ["log-archive", "orders-prod"]),
        ("verdict=unknown", ["bi-reporting", "brand-new"]),
        ("policy=superset", ["orders-prod"]),
        ("policy=unreadable&policy=superset", ["bi-reporting", "orders-prod"]),
        ("policy=none", ["brand-new", "log-archive"]),
        ("trust=exact", ["orders-prod"]),
        ("trust=trust_mismatch", []),
        ("outcome=throttled", ["orders-prod"]),
        ("outcome=assume_denied", ["bi-reporting"]),
        ("outcome=throttled&outcome=assume_denied", ["bi-reporting", "orders-prod"]),
        ("outcome=unsupported", []),
        ("region=us-east-1", ["orders-prod"]),
        ("region=eu-west-1", []),
        ("verdict=in_use&region=us-east-1&q=prod", ["orders-prod"]),
        ("role=present", ["orders-prod"]),
        ("role=unknown&role=absent", ["bi-reporting", "brand-new", "log-archive"]),
        ("age=old", []),
        ("access=shut", []),
        ("partition=aws-us-gov", []),
        ("partition=aws&q=prod", ["orders-prod"]),
    ],
)
def test_a_filter_leaves_the_accounts_it_names(estate: None, query: str, expected: list[str]) -> None:
    assert names(query) == expected


@pytest.mark.parametrize("text", ["{}", "{:.4}-{:.8}", "{:.6}"])
def test_an_id_is_found_with_or_without_dashes(estate: None, text: str) -> None:
    account = Account.objects.get(name="brand-new")
    digits = account.account_id
    typed = text.format(digits) if "-" not in text else f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"

    assert "brand-new" in names(f"q={typed}")


def test_never_means_a_polled_region_without_a_cell(db: None) -> None:
    full, partial = make_account(1, "full"), make_account(2, "partial")
    for region in Region.objects.filter(partition="aws"):
        make_cell(full, region.code, 0)
    make_cell(partial, "us-east-1", 0)
    make_status(full), make_status(partial)

    assert names("outcome=never") == ["partial"]


def test_a_region_that_is_switched_off_makes_its_partition_unsupported(db: None) -> None:
    account = make_account(1, "orders")
    make_cell(account, "us-east-1", None, outcome="denied")
    Region.objects.filter(code="us-east-1").update(polled=False)

    assert names("outcome=unsupported") == ["orders"]
    assert names("outcome=denied") == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_filtered_for(estate: None, watching: Client, outcome: Outcome) -> None:
    assert watching.get("/matrix/", {"outcome": outcome.value}).status_code == 200


@pytest.mark.parametrize("query", ["verdict=bogus", "outcome=bogus", "region=mars-1", "policy=bogus"])
def test_a_value_that_makes_no_sense_shows_nothing_and_says_why(estate: None, watching: Client, query: str) -> None:
    html = watching.get(f"/matrix/?{query}").content.decode()

    assert names(query) == []
    assert 'role="alert"' in html
    assert "Remove the filter" in html


def test_a_chip_removes_its_filter_and_leaves_the_others(estate: None) -> None:
    chips = account_filter(QueryDict("verdict=unused&verdict=in_use&q=x&page=3&sort=-brokers"), Shell.OPERATOR).chips

    assert [(chip.label, chip.words) for chip in chips] == [("Name or id", "x"), ("Verdict", "unused, in use")]
    assert chips[1].without == "q=x&sort=-brokers"


def test_a_chip_counts_the_rows_that_its_filter_alone_leaves(estate: None) -> None:
    chips = account_filter(
        QueryDict("verdict=in_use&verdict=absent&q=archive&tag=env&policy=bogus"), Shell.OPERATOR
    ).chips

    assert [(chip.label, chip.rows) for chip in chips] == [
        ("Name or id", 1), ("Tag", 2), ("Verdict", 2), ("Policy", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["audit", "queue"]),
        ("q=queue", ["queue"]),
        ("q=orders", ["audit", "queue"]),
        ("engine=ActiveMQ", ["audit"]),
        ("engine=ActiveMQ&engine=RabbitMQ", ["audit", "queue"]),
        ("state=DELETION_IN_PROGRESS", ["audit"]),
        ("region=us-east-1", ["queue"]),
        ("engine=Kafka", []),
    ],
)
def test_brokers_are_filtered(db: None, query: str, expected: list[str]) -> None:
    account = make_account(1, "orders")
    make_broker(account, "us-east-1", "queue")
    make_broker(account, "eu-west-1", "audit", "ActiveMQ", state="DELETION_IN_PROGRESS")

    found = broker_filter(QueryDict(query), Shell.OPERATOR).qs

    assert sorted(broker.name for broker in found) == expected


def test_each_choice_says_how_many_rows_it_would_leave_beside_the_other_filters(watching: Client, db: None) -> None:
    for number, (verdict, policy) in enumerate([("unused", "exact"), ("unused", "superset"), ("in_use", "exact")]):
        make_status(make_account(number), verdict=verdict, policy_grade=policy)

    counts = watching.get("/accounts/?policy=exact&verdict=unused&_counts=verdict").json()

    assert (
        counts["unused"] == watching.get("/accounts/?policy=exact&verdict=unused").context["table"].paginator.count == 1
    )
    assert counts["in_use"] == 1
    assert counts["absent"] == 0


@pytest.mark.parametrize("url", ["/matrix/", "/accounts/", "/brokers/", "/regions/", "/cleanups/"])
def test_every_filter_with_choices_has_their_counts(watching: Client, db: None, url: str) -> None:
    make_broker(make_account(1), "eu-west-1", "orders")

    for name in watching.get(url).context["filter"].choosing:
        assert watching.get(url, {"_counts": name}).status_code == 200


@pytest.mark.parametrize("name", ["q", "nothing"])
def test_counts_of_what_has_no_choices_are_refused(watching: Client, db: None, name: str) -> None:
    assert watching.get("/accounts/", {"_counts": name}).status_code == 400
