"""Law 1 on the way out: what is only the last known word is never shown or exported as today's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.outcomes import Flag
from accounts.models import Account, Region, RoleStatus
from dashboard.exports import plain
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status
from tests.dashboard.test_pages import text_of as seen
from tests.dashboard.test_tables import exported

REMEMBERED = ", as last known: not all of it could be read again."
LONG_AGO = timezone.now() - timedelta(days=12)


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
    make_status(account, **{"verdict": "unknown", **denied, **policy, **fields})


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


@pytest.mark.parametrize("url", ["/matrix/", "/accounts/", "/accounts/{}/"])
def test_in_use_that_nobody_could_see_again_is_dated_by_the_look_that_saw_it(
    account: Account, watching: Client, url: str
) -> None:
    refuse(account, verdict="in_use", verdict_last_known_at=timezone.now() - timedelta(days=3))

    html = watching.get(url.format(account.account_id)).content.decode()

    assert '<span class="chip in_use old" title="as of 3 d ago; could not be read again since"' in html
    assert '<i class="visually-hidden">, as of 3 d ago; could not be read again since</i>' in html


def test_a_trust_policy_has_an_age_of_its_own_beside_that_of_the_policy(account: Account, watching: Client) -> None:
    refuse(account)

    html = watching.get("/accounts/?columns=trust").content.decode()

    assert html.count("✓ exact") == html.count('title="denied">last known, 3 d ago') == 1


def test_a_role_that_was_absent_when_it_could_be_read_says_when(account: Account, watching: Client) -> None:
    refuse(account, presence="absent", policy_grade="", trust_grade="")

    assert "none</span><small" in watching.get("/accounts/").content.decode()


@pytest.mark.parametrize("url", ["/accounts/", "/cells/"])
def test_exported_grades_say_when_and_how_role_and_policy_were_read(
    account: Account, watching: Client, url: str
) -> None:
    refuse(account, policy_outcome="throttled")
    status = RoleStatus.objects.get()

    row = exported(watching, url)[0]

    assert (row["role_outcome"], row["role_last_ok_at"]) == ("denied", plain(status.last_ok_at))
    assert (row["policy_outcome"], row["policy_last_ok_at"]) == ("throttled", plain(status.policy_last_ok_at))


@pytest.mark.parametrize(("at", "said"), [(None, "In use."), (LONG_AGO, "In use, as last known.")])
def test_what_is_told_after_a_poll_has_the_reservation_of_the_verdict(
    account: Account, watching: Client, at: datetime | None, said: str
) -> None:
    make_status(account, verdict_last_known_at=at)

    html = watching.get(f"/accounts/{account.account_id}/following/").content.decode()

    assert f"has been polled. Its role: {said}" in html


def test_accounts_whose_verdict_is_only_remembered_can_be_found(account: Account, watching: Client) -> None:
    make_status(account, verdict_last_known_at=LONG_AGO)
    make_status(make_account(2))

    found = exported(watching, "/accounts/", "age=verdict")

    assert [row["account_id"] for row in found] == [account.account_id]


def test_an_exported_verdict_says_on_which_look_it_rests(account: Account, watching: Client) -> None:
    then = timezone.now() - timedelta(days=3)
    refuse(account, verdict="in_use", verdict_last_known_at=then)
    new = make_account(2)

    rows = {row["account_id"]: row for row in exported(watching, "/accounts/")}

    assert rows[account.account_id]["verdict_as_of"] == plain(then)
    assert (rows[new.account_id]["verdict_as_of"], rows[new.account_id]["role_outcome"]) == ("", "never")


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

    assert "1 account has a role with something that AWS does not document" in seen(watching, "/")
    assert f"flag={flag}" in watching.get("/").content.decode()
    assert [row["account_id"] for row in exported(watching, "/accounts/", f"flag={flag}")] == [account.account_id]


@pytest.mark.parametrize(("part", "said"), [("policy_grade", "a policy"), ("trust_grade", "a trust policy")])
def test_a_document_that_cannot_be_read_needs_a_person(
    account: Account, watching: Client, part: str, said: str
) -> None:
    make_status(account, **{part: "unreadable"})

    assert f"1 account has {said} that could not be read" in seen(watching, "/")


@pytest.mark.parametrize(
    ("status", "cell", "suffix"),
    [
        ({}, {}, "."),
        ({"outcome": "denied"}, {}, REMEMBERED),
        ({}, {"outcome": "throttled"}, REMEMBERED),
        (
            {"verdict_last_known_at": LONG_AGO},
            {"outcome": "region_disabled"},
            REMEMBERED,
        ),
    ],
)
def test_in_use_says_when_it_is_only_the_last_known_word(
    account: Account, watching: Client, status: dict[str, Any], cell: dict[str, Any], suffix: str
) -> None:
    make_status(account, verdict="in_use", **status)
    make_cell(account, "eu-west-1", 1, **cell)
    make_broker(account, "eu-west-1", "orders")

    html = watching.get(f"/accounts/{account.account_id}/").content.decode()

    assert f"<h2>In use: 1 RabbitMQ broker in 1 region{suffix}</h2>" in html


@pytest.mark.parametrize("fields", [{"outcome": "denied"}, {"flags": ["path_mismatch"]}])
def test_of_an_unknown_role_nobody_says_that_nothing_stops_its_deletion(
    account: Account, watching: Client, fields: dict[str, Any]
) -> None:
    make_status(account, verdict="unknown", **fields)
    for region in Region.objects.filter(partition="aws").exclude(code="us-east-1"):
        make_cell(account, region.code)

    html = watching.get(f"/accounts/{account.account_id}/").content.decode()

    assert "Nothing that Rolecall knows of" not in html
    assert "cannot be said before the role itself is known" in html
