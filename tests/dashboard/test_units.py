"""The unit of an account: columns, filters, groups and files all say the same, whether AWS or a tag says it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from tests.dashboard.factories import make_account, make_broker, make_cell
from tests.dashboard.test_grouping import shown
from tests.dashboard.test_tables import exported

UNITS = {"of-aws": "Workloads/Prod", "of-tag": "Workloads/Prod", "both": "Workloads/Test", "neither": ""}


@pytest.fixture
def told(db: None) -> list[Account]:
    """One unit from AWS, one from a tag, one from both, none; a broker and a cell each."""
    accounts = [
        make_account(1, "of-aws", unit="Workloads/Prod"),
        make_account(2, "of-tag", tags={"unit": "Workloads/Prod"}),
        make_account(3, "both", unit="Workloads/Test", tags={"unit": "Workloads/Prod"}),
        make_account(4, "neither"),
    ]
    for account in accounts:
        make_cell(account, "eu-west-1", 1, last_ok_at=timezone.now())
        make_broker(account, "eu-west-1", "orders")
    return accounts


@pytest.mark.parametrize(
    ("url", "name"), [("/accounts/", "name"), ("/cells/", "account_name"), ("/brokers/", "account")]
)
def test_every_list_has_the_same_unit_on_its_page_and_in_its_file(
    told: list[Account], watching: Client, url: str, name: str
) -> None:
    query = "" if url == "/accounts/" else "region=eu-west-1"
    rows = exported(watching, url, query)
    names = {account.account_id: account.name for account in told}
    page = watching.get(f"{url}?{query}&columns={name},unit").content.decode()

    assert {names[str(row["account_id"])]: row["unit"] for row in rows} == UNITS
    assert page.count("<td>Workloads/Prod</td>") == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unit=workloads/prod", {"of-aws", "of-tag"}),
        ("unit=Workloads", {"of-aws", "of-tag", "both"}),
        ("unit=Workloads/Pro", set()),
    ],
)
@pytest.mark.parametrize("url", ["/accounts/", "/cells/", "/brokers/"])
def test_a_filter_leaves_the_accounts_whose_column_says_so(
    told: list[Account], watching: Client, url: str, query: str, found: set[str]
) -> None:
    ids = {str(row["account_id"]) for row in exported(watching, url, query)}

    assert {account.name for account in told if account.account_id in ids} == found


@pytest.mark.parametrize(
    ("group", "headings"),
    [
        ("unit", ["[Prod: 2 accounts · Workloads]", "[Test: 1 account · Workloads]", "[No unit: 1 account]"]),
        ("top-unit", ["[Workloads: 3 accounts]", "[No unit: 1 account]"]),
    ],
)
def test_a_tags_unit_groups_the_matrix_as_that_of_aws_does(
    told: list[Account], watching: Client, group: str, headings: list[str]
) -> None:
    assert [line for line in shown(watching, f"group={group}") if line.startswith("[")] == headings
    assert "1 broker" in watching.get(f"/matrix/?group={group}").content.decode()


def test_a_field_to_type_a_unit_into_is_told_which_occur(told: list[Account], watching: Client) -> None:
    assert watching.get("/accounts/?_counts=unit").json() == {"Workloads/Prod": 2, "Workloads/Test": 1}
    assert watching.get("/cells/?region=eu-west-1&_counts=unit").json() == {"Workloads/Prod": 2, "Workloads/Test": 1}
    assert watching.get("/brokers/?q=both&_counts=unit").json() == {"Workloads/Test": 1}
