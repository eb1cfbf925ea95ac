"""The matrix as a list: all cells, those without a row too, as the export of the matrix has them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Cell, Region
from accounts.services.tally import cells_of, census_of, tally
from dashboard.access import Shell
from dashboard.exports import matrix_export
from dashboard.words import stale_before
from tests.dashboard.factories import make_account, make_cell, make_status, seed
from tests.dashboard.test_pages import text_of
from tests.dashboard.test_tables import exported

SHARED = ("account_name", "account_id", "partition", "region", "outcome", "brokers", "rabbitmq", "activemq")
TIMES_AND_ROLE = ("role", "policy", "trust", "checked_at", "last_ok_at")


@pytest.fixture
def world(db: None) -> list[Account]:
    """Every outcome, a region switched off, an account never polled, one of GovCloud."""
    accounts = seed(28)
    accounts.append(make_account(700, "never-polled"))
    make_cell(make_account(701, "gov", "aws-us-gov"), "us-gov-east-1", 1)
    Region.objects.filter(code="eu-central-1").update(polled=False)
    Cell.objects.filter(account=accounts[0], region="us-east-1").update(
        outcome="ok", brokers=0, rabbitmq=0, activemq=0, last_ok_at=timezone.now() - timedelta(hours=5)
    )
    return accounts


def count(client: Client, query: str) -> int:
    number: int = client.get(f"/cells/?{query}").context["table"].paginator.count
    return number


def test_it_has_the_rows_of_the_export_of_the_matrix(world: list[Account], watching: Client) -> None:
    whole = matrix_export(Account.objects.all())
    named = [*SHARED, *TIMES_AND_ROLE]
    shown = [dict(zip(whole.columns, row, strict=True)) for row in whole.rows()]
    wanted = {tuple("" if row[name] is None else str(row[name]) for name in named) for row in shown}

    rows = exported(watching, "/cells/", "view=none")

    assert {tuple(row[name] for name in named) for row in rows} == wanted
    assert len(rows) == len(wanted) > 28 * 30


def test_a_cell_that_was_never_polled_says_so(world: list[Account], watching: Client) -> None:
    query = f"account={world[-1].account_id}&outcome=never"

    assert count(watching, query) == Region.objects.filter(partition="aws", polled=True).count()
    assert "not polled yet" in text_of(watching, f"/cells/?{query}")


def test_a_region_that_is_switched_off_is_unsupported_and_keeps_its_last_count(
    world: list[Account], watching: Client
) -> None:
    rows = exported(watching, "/cells/", "region=eu-central-1&brokers=some")

    assert {row["outcome"] for row in rows} == {"unsupported"}
    assert "137" in [row["brokers"] for row in rows]
    assert count(watching, "polled=no") == count(watching, "outcome=unsupported") == len(world) + 1  # GovCloud East


def test_its_filters_and_the_census_agree(world: list[Account], watching: Client) -> None:
    accounts = Account.objects.all()
    census = census_of(accounts, tally(cells_of(accounts), stale_before(timezone.now())))

    assert count(watching, "polled=yes") == census.cells
    assert count(watching, "age=fresh") == census.fresh > 0
    assert count(watching, "age=old") == census.old > 0
    assert count(watching, "failing=yes") == census.failing > 0
    assert count(watching, "outcome=region_disabled") == census.disabled > 0
    assert count(watching, "outcome=never") == census.never > 0
    assert count(watching, "brokers=some&brokers=none&polled=yes") == census.counted > 0
    assert count(watching, "brokers=unknown&polled=yes") == census.cells - census.counted


def test_a_filter_of_accounts_narrows_cells_too(world: list[Account], watching: Client) -> None:
    refused = world[12]

    here = f"q={refused.account_id}"
    assert count(watching, f"{here}&failing=yes") == count(watching, f"{here}&polled=yes")
    assert {row["account_id"] for row in exported(watching, "/cells/", "verdict=unknown&failing=yes")} >= {
        refused.account_id
    }
    assert count(watching, "account_outcome=unreachable") > count(watching, "outcome=unreachable") > 0


def test_a_wrong_value_shows_no_cell_and_says_why(world: list[Account], watching: Client) -> None:
    assert count(watching, "outcome=nonsense") == 0
    assert "there is no “nonsense”" in text_of(watching, "/cells/?outcome=nonsense")


def test_cells_are_sorted_by_several_keys_what_is_not_known_last(world: list[Account], watching: Client) -> None:
    brokers = [row["brokers"] for row in exported(watching, "/cells/", "sort=-brokers,region,account_name")]

    known = [int(number) for number in brokers if number]
    assert known == sorted(known, reverse=True)
    assert brokers[len(known) :] == [""] * (len(brokers) - len(known))


def test_an_archived_account_has_no_cells_here(world: list[Account], watching: Client) -> None:
    before = count(watching, "view=none")
    Account.objects.filter(pk=world[0].pk).update(archived_at=timezone.now())

    assert count(watching, "view=none") == before - Region.objects.filter(partition="aws").count()


@pytest.mark.parametrize("accounts", [3, 40])
def test_its_page_asks_no_question_for_each_row(
    db: None, watching: Client, accounts: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    seed(accounts)

    with django_assert_max_num_queries(12):
        response = watching.get("/cells/?per_page=100&columns=account_name,region,outcome,role,policy,unit,detail")
    assert len(response.content) < 300_000


def test_a_last_known_number_is_marked_and_leads_to_its_brokers(db: None, watching: Client) -> None:
    account = make_account(1)
    make_status(account)
    make_cell(account, "us-east-1", 3, outcome="throttled")

    html = watching.get("/cells/?failing=yes").content.decode()

    assert f'<a href="/brokers/?account={account.account_id}&amp;region=us-east-1">3</a><small' in html
    assert f'href="/accounts/{account.account_id}/regions/us-east-1/"' in html


def test_the_shell_sees_the_same_cells(world: list[Account]) -> None:
    from django.http import QueryDict

    from dashboard.listings import LISTINGS

    shown = LISTINGS["cells"].shown(QueryDict("failing=yes"), Shell.OPERATOR)

    assert (
        shown.table.paginator.count
        == Cell.objects.filter(
            region__polled=True, outcome__in=["assume_denied", "denied", "throttled", "unreachable", "failed"]
        ).count()
    )


def test_a_cause_is_printed_once_where_an_accounts_rows_share_it(db: None, watching: Client) -> None:
    account, other = make_account(1, "a"), make_account(2, "b")
    for code in ("eu-west-1", "eu-west-2"):
        make_cell(account, code, None, outcome="assume_denied", detail="AWS refused. Do this.")
    make_cell(other, "eu-west-1", None, outcome="assume_denied", detail="AWS refused. Do this.")

    rows = watching.get("/cells/?failing=yes&sort=account_name").content.decode().partition('id="rows"')[2]

    assert rows.count(">AWS refused<") == 2
    assert rows.count("as above") == 1
    assert rows.count("⊘ not let in") == 3
