"""The search box of the bar: accounts, brokers and regions, and what it says when there is nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from tests.dashboard.factories import make_account, make_broker


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "orders-prod")
    make_account(2, "orders-dev")
    make_broker(account, "us-east-1", "alerts-prod")
    return account


def page(client: Client, text: str) -> str:
    return client.get("/search/", {"q": text}).content.decode()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("orders-p", "/accounts/{id}/"),
        ("{id}", "/accounts/{id}/"),
        ("alerts", "/accounts/{id}/regions/us-east-1/"),
        ("eu-central-1", "/regions/eu-central-1/"),
        ("Frankfurt", "/regions/eu-central-1/"),
    ],
)
def test_one_thing_alone_is_opened(watching: Client, account: Account, text: str, address: str) -> None:
    response = watching.get("/search/", {"q": text.format(id=account.account_id)})

    assert response["Location"] == address.format(id=account.account_id)


def test_several_things_are_listed_by_kind_with_their_numbers(watching: Client, account: Account) -> None:
    html = page(watching, "prod")

    assert "<b>1 account</b>, <b>1 broker</b> for “prod”." in html
    assert account.get_absolute_url() in html
    assert "RabbitMQ in us-east-1 of orders-prod" in html


def test_the_first_ten_lead_to_the_list_of_all(watching: Client, db: None) -> None:
    for number in range(12):
        make_account(number, f"team-{number:02d}")

    html = page(watching, "team")

    assert "The first 10." in html
    assert 'href="/accounts/?q=team"' in html
    assert "team-11" not in html


def test_the_list_of_all_brokers_has_as_many_as_the_search_has_counted(watching: Client, account: Account) -> None:
    for number in range(12):
        make_broker(account, "us-east-1", f"mails-{number}")
    make_broker(make_account(3, "mails"), "us-east-1", "other")

    (_, brokers) = watching.get("/search/", {"q": "mails"}).context["found"]

    assert watching.get(brokers.everything).context["table"].paginator.count == brokers.count == 12


def test_all_regions_are_named_since_their_list_knows_no_search(watching: Client, account: Account) -> None:
    html = page(watching, "eu-")

    assert "/regions/eu-north-1/" in html
    assert "The first 10." not in html


@pytest.mark.parametrize("text", ["nobody-is-called-so", "", "  ", "\0", "%", "<script>alert(1)</script>"])
def test_nothing_found_says_what_the_search_knows(watching: Client, account: Account, text: str) -> None:
    html = page(watching, text)

    assert "What the search knows" in html
    assert "/brokers/?view=none" in html
    assert "<script>alert" not in html


def test_the_box_of_every_page_leads_to_it_and_keeps_what_was_asked(watching: Client, account: Account) -> None:
    assert 'action="/search/"' in watching.get("/").content.decode()
    assert 'value="nobody"' in page(watching, "nobody")


def test_the_search_asks_as_much_for_many_hits_as_for_few(
    watching: Client, account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3, 60):
        make_broker(make_account(number, f"team-{number}"), "us-east-1", f"prod-{number}")

    with django_assert_max_num_queries(10):
        page(watching, "prod")
