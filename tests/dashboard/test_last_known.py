"""Law 1 on the way out: what is only the last known word is never shown or exported as today's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.outcomes import Flag
from accounts.models import Account
from tests.dashboard.factories import make_account, make_cell, make_status
from tests.dashboard.test_tables import exported


@pytest.fixture
def account(db: None) -> Account:
    account = make_account()
    make_cell(account, "us-east-1")
    return account


def refuse(account: Account, **fields: Any) -> None:
    """The role was read three days ago, and since then it cannot be."""
    then = timezone.now() - timedelta(days=3)
    denied = {"outcome": "denied", "permission": "iam:GetRole", "last_ok_at": then}
    policy = {"policy_outcome": "denied", "policy_permission": "iam:GetRole", "policy_last_ok_at": then}
    make_status(account, verdict="unknown", **{**denied, **policy, **fields})


@pytest.mark.parametrize("url", ["/matrix/", "/accounts/", "/accounts/{}/"])
def test_a_grade_whose_last_look_failed_says_since_when_and_why(account: Account, watching: Client, url: str) -> None:
    refuse(account)

    html = watching.get(url.format(account.account_id)).content.decode()

    assert "✓ exact" in html
    assert 'title="denied">last known, ' in html


def test_a_grade_of_the_last_look_says_nothing_more(account: Account, watching: Client) -> None:
    make_status(account)

    assert "last known, " not in watching.get("/accounts/").content.decode()


def test_an_exported_role_that_cannot_be_read_any_more_says_so(account: Account, watching: Client) -> None:
    refuse(account)

    row = next(row for row in exported(watching, "/matrix/") if row["region"] == "us-east-1")

    assert (row["outcome"], row["role"]) == ("ok", "present")
    assert row["detail"].startswith("role last read 20")
    assert row["detail"].endswith("Z, since then denied iam:GetRole")


def test_an_exported_policy_that_cannot_be_read_any_more_says_so(account: Account, watching: Client) -> None:
    refuse(account, outcome="ok", permission="", policy_outcome="throttled", policy_permission="")

    row = next(row for row in exported(watching, "/matrix/") if row["region"] == "us-east-1")

    assert row["detail"].startswith("policy last read 20")
    assert row["detail"].endswith("Z, since then throttled")


def test_an_exported_count_of_brokers_says_how_many_regions_it_rests_on(account: Account, watching: Client) -> None:
    make_status(account, brokers=2, regions_ok=3, regions_disabled=4)

    (row,) = exported(watching, "/accounts/")

    assert (row["brokers"], row["regions_settled"]) == ("2", "7")


def test_inline_policies_that_could_not_be_listed_are_not_passed_over(account: Account, watching: Client) -> None:
    make_status(account, policy_detail="Inline policies could not be read: iam:ListRolePolicies is missing.")

    html = watching.get(f"/accounts/{account.account_id}/").content.decode()

    assert "Inline policies could not be read" in html


def test_unused_says_what_it_rests_on(account: Account, watching: Client) -> None:
    make_status(account, verdict="unused", regions_ok=20, regions_disabled=14)

    html = watching.get(f"/accounts/{account.account_id}/").content.decode()

    assert "no RabbitMQ broker is in 20 regions; 14 further regions not enabled." in html


@pytest.mark.parametrize("flag", [flag for flag in Flag if flag is not Flag.ROLE_ABSENT])
def test_a_role_with_a_flag_is_never_as_documented(account: Account, watching: Client, flag: Flag) -> None:
    make_status(account, flags=[flag])

    html = watching.get("/").content.decode()

    assert "1 account has a role with something that AWS does not document" in html
    assert f"flag={flag}" in html
    assert [row["account_id"] for row in exported(watching, "/accounts/", f"flag={flag}")] == [account.account_id]


@pytest.mark.parametrize(("part", "said"), [("policy_grade", "a policy"), ("trust_grade", "a trust policy")])
def test_a_document_that_cannot_be_read_needs_a_person(
    account: Account, watching: Client, part: str, said: str
) -> None:
    make_status(account, **{part: "unreadable"})

    assert f"1 account has {said} that could not be read" in watching.get("/").content.decode()
