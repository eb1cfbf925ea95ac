"""The list of clean-ups, what leaves it as CSV, and what the overview and the account's page say of clean-ups."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.cleanups import State
from accounts.models import Account, Cleanup
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, planned
from tests.dashboard.factories import make_account, make_status


@pytest.fixture
def three(db: None) -> list[Cleanup]:
    made = []
    for number, state in enumerate((State.DONE, State.WAITING, State.AWAITING_APPROVAL), 1):
        account = make_account(number, f"account-{number}")
        made.append(make_cleanup(account, make_plan(account, planned(account)), state, reason=f"because {number}"))
    return made


def exported(client: Client, query: str) -> list[dict[str, str]]:
    content = b"".join(client.get(f"/cleanups/?{query}&_export=csv").streaming_content)  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_an_empty_list_says_what_to_do(watching: Client) -> None:
    html = watching.get("/cleanups/").content.decode()

    assert "No clean-up yet" in html
    assert "/matrix/?verdict=unused" in html


@pytest.mark.parametrize(
    ("query", "accounts"),
    [
        ("", {"account-1", "account-2", "account-3"}),
        ("state=waiting", {"account-2"}),
        ("state=waiting&state=done", {"account-1", "account-2"}),
        ("q=account-3", {"account-3"}),
        ("person=ANNA", {"account-1", "account-2"}),
        ("person=nobody", set()),
    ],
)
def test_the_list_is_narrowed(watching: Client, three: list[Cleanup], query: str, accounts: set[str]) -> None:
    assert {row["account"] for row in exported(watching, query)} == accounts


def test_a_filter_that_makes_no_sense_shows_nothing_and_says_so(watching: Client, three: list[Cleanup]) -> None:
    html = watching.get("/cleanups/?state=bogus").content.decode()

    assert "there is no “bogus”" in html
    assert "account-1" not in html


def test_the_csv_has_what_an_auditor_asks_for(watching: Client, three: list[Cleanup]) -> None:
    row = exported(watching, "q=account-1")[0]

    assert row["state"] == "done"
    assert row["deletes"] == "2"
    assert (row["requested_by"], row["confirmed_by"], row["approved_by"]) == ("olga", "conrad", "anna")
    assert row["reason"] == "because 1"


def test_the_command_writes_the_same_rows_as_the_page(
    watching: Client, three: list[Cleanup], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export", "cleanups")

    assert list(csv.DictReader(io.StringIO(capsys.readouterr().out))) == exported(watching, "")


@pytest.mark.parametrize("count", [2, 30])
def test_queries_do_not_grow_with_rows(
    watching: Client, db: None, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        account = make_account(number)
        make_cleanup(account, make_plan(account, planned(account)), State.DONE)

    with django_assert_max_num_queries(12):
        watching.get("/cleanups/", {"per_page": 100})


def test_the_overview_names_what_needs_a_person(watching: Client, three: list[Cleanup]) -> None:
    Cleanup.objects.filter(pk=three[0].pk).update(state=State.FAILED)

    html = watching.get("/").content.decode()

    assert f'<a href="{three[0].get_absolute_url()}"><b>1</b> <span>clean-up failed' in html
    assert f'<a href="{three[1].get_absolute_url()}"><b>1</b> <span>clean-up waits before the next try' in html
    assert f'<a href="{three[2].get_absolute_url()}"><b>1</b> <span>clean-up waits for a second person' in html


def test_a_failure_that_somebody_has_taken_up_needs_nobody(watching: Client, three: list[Cleanup]) -> None:
    Cleanup.objects.filter(pk=three[0].pk).update(state=State.FAILED)
    make_cleanup(three[0].account)

    assert "clean-up failed" not in watching.get("/").content.decode()


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "warehouse-eu")
    make_status(account, verdict="unused")
    return account


def test_the_accounts_page_offers_a_plan_to_operators(operating: Client, watching: Client, account: Account) -> None:
    assert "Plan clean-up</button>" in operating.get(account.get_absolute_url()).content.decode()
    assert "Plan clean-up</button>" not in watching.get(account.get_absolute_url()).content.decode()


def test_the_accounts_page_leads_to_the_open_clean_up(operating: Client, account: Account) -> None:
    cleanup = make_cleanup(account)

    html = operating.get(account.get_absolute_url()).content.decode()

    assert f'href="{cleanup.get_absolute_url()}">To Clean-up' in html
    assert "Plan clean-up</button>" not in html


def test_a_name_that_protects_is_said_on_the_accounts_page(watching: Client) -> None:
    account = make_account(2, "payments-prod")
    make_status(account)

    assert "CLEANUP_PROTECTED_NAMES" in watching.get(account.get_absolute_url()).content.decode()


def test_an_open_clean_up_is_told_however_many_refused_rows_came_after_it(watching: Client, account: Account) -> None:
    still_open = make_cleanup(account, make_plan(account, planned(account)), State.WAITING)
    for _ in range(6):
        Cleanup.objects.create(account=account, state=State.VOID, requested_by="ana", reason="Another one is open.")

    assert watching.get(account.get_absolute_url()).context["cleanups"].open_one == still_open
