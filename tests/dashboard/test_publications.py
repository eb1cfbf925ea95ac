"""AWS changes the policy in most accounts: one sentence, no drift alarms; the odd account out is named as that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.role import POLICY_DOCUMENT
from accounts.models import Account, Region
from accounts.services.publications import publications
from dashboard.access import Shell
from dashboard.filters import account_filter
from tests.dashboard.factories import make_account, make_status
from tests.dashboard.test_pages import text_of
from tests.services.test_polling import poll

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]

WIDER = {
    "Version": "2012-10-17",
    "Statement": [
        *POLICY_DOCUMENT["Statement"],  # type: ignore[misc]
        {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"},
    ],
}
V2 = {"policy": {"version": "v2", "document": WIDER}}
NEWS = "AWS published version v2 of the policy: 3 of 5 accounts have it. Is the baseline out of date?"


@pytest.fixture
def odd(watched: Watched) -> dict[str, Account]:
    """Five accounts: three with AWS's new version, one still with the old, one whose role lost its policy."""
    Region.objects.exclude(code="us-east-1").update(polled=False)
    accounts = {
        **{f"new-{number}": watched(**V2) for number in range(3)},
        "lagging": watched(),
        "differing": watched(role={"attached": []}),
    }
    for account in accounts.values():
        poll(account)
    return accounts


def names(policy: str, accounts: dict[str, Account]) -> set[str]:
    found = set(account_filter(QueryDict(f"policy={policy}"), Shell.OPERATOR).accounts)
    return {name for name, account in accounts.items() if account in found}


def test_the_overview_says_once_what_aws_did_and_blames_only_the_other(
    odd: dict[str, Account], watching: Client
) -> None:
    text = text_of(watching, "/")

    new = "3 of 5 accounts have version v2 of the policy, which AWS published: is the baseline out of date?"
    assert text.count("baseline") == text.count(new) == 1
    assert "1 account has a policy that differs from the documented one" in text


def test_the_links_lead_to_the_accounts_that_are_meant(odd: dict[str, Account], watching: Client) -> None:
    assert names("aws_changed", odd) == {"new-0", "new-1", "new-2"}
    assert names("differs", odd) == {"differing"}
    assert names("differs&policy=aws_changed", odd) == {"new-0", "new-1", "new-2", "differing"}
    assert watching.get("/matrix/?policy=differs").context["filter"].accounts.count() == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("new-0", NEWS),
        ("lagging", "3 of 5 accounts have version v2 of the policy; this account has v1."),
        ("differing", "This account differs: 3 of 5 accounts have version v2."),
    ],
)
def test_an_accounts_page_says_how_it_stands(odd: dict[str, Account], watching: Client, name: str, said: str) -> None:
    text = text_of(watching, odd[name].get_absolute_url())

    assert said in text
    assert "AWS has published a newer version" not in text


def test_the_matrix_counts_as_differing_what_the_filter_leaves(odd: dict[str, Account], watching: Client) -> None:
    for query in ("view=none", "group=partition", "policy=aws_changed"):
        rows = watching.get(f"/matrix/?{query}").content.decode()
        foot = rows.partition('<tfoot id="totals"')[2].partition("</tfoot>")[0]
        said = ["3 as AWS published"] if "aws_changed" in query else ["✓ 1 exact", "≠ 1 differs, 3 as AWS published"]
        assert all(words in foot for words in said), query
        if "group" in query:
            assert rows.count("≠ 1 differs, 3 as AWS published") == 2
    assert names("differs", odd) == {"differing"}


def test_an_account_with_a_document_of_its_own_differs(
    odd: dict[str, Account], watched: Watched, watching: Client
) -> None:
    fewer = {"Version": "2012-10-17", "Statement": POLICY_DOCUMENT["Statement"][:2]}  # type: ignore[index]
    alone = watched(policy={"version": "v7", "document": fewer})

    poll(alone)

    text = text_of(watching, alone.get_absolute_url())
    assert "This account differs: 3 of 6 accounts have version v2." in text


def test_two_accounts_alone_are_no_news(watched: Watched, watching: Client) -> None:
    Region.objects.exclude(code="us-east-1").update(polled=False)
    for _ in range(2):
        poll(watched(**V2))

    text = text_of(watching, "/")

    assert "Is the baseline out of date?" not in text
    assert "2 accounts have a policy that differs from the documented one" in text


def test_each_partition_has_its_own_news() -> None:
    for number in range(3):
        make_status(make_account(number, partition="aws-us-gov"), policy_version="v2")
        make_status(make_account(number + 10))

    found = publications(Account.objects.all())

    assert {partition: (one.version, one.accounts, one.of) for partition, one in found.items()} == {
        "aws-us-gov": ("v2", 3, 3)
    }


def test_one_query_however_many_accounts(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(8):
        make_status(make_account(number), policy_version="v2")

    with django_assert_num_queries(1):
        assert publications(Account.objects.all())["aws"].accounts == 8
