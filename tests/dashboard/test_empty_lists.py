"""Lists without a row, filters that cannot be understood, and forms that say a thing once."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessCheck, BulkAct
from tests.dashboard.factories import make_account, make_broker, make_status


def html_of(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("page", ["matrix", "accounts", "brokers", "onboarding"])
def test_filters_that_leave_nothing_say_so_and_can_be_removed_at_once(page: str, operating: Client) -> None:
    make_broker(make_account(), "eu-west-1", "orders")

    html = html_of(operating, f"/{page}/?q=zzz&unit=Nowhere")

    noun = "broker" if page == "brokers" else "account"
    assert f"No {noun} matches these filters." in html
    assert "2 filters are on" in text(html)
    assert '<a class="button" href="?view=none">Remove all filters</a>' in html
    assert "<table" not in html
    assert 'class="legend"' not in html
    assert "Export 0" not in text(html)


def test_what_is_no_account_may_be_a_broker_and_the_other_way_round(watching: Client) -> None:
    make_account()

    assert 'href="/brokers/?q=orders%201">Look among brokers' in html_of(watching, "/accounts/?q=orders+1")
    assert 'href="/accounts/?q=orders">Look among accounts' in html_of(watching, "/brokers/?q=orders")


@pytest.mark.parametrize("page", ["/", "/matrix/"])
def test_the_first_steps_follow_the_sweeps_until_there_is_an_answer(page: str, operating: Client) -> None:
    assert re.search(
        r'<div id="nothing" data-follows="[^"]+"><section class="card first-steps"', html_of(operating, page)
    )


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("accounts", "No account is watched yet."),
        ("brokers", "No broker is known yet."),
        ("campaigns", "No campaign yet"),
        ("sweeps", "No sweep yet."),
        ("accounts/archived", "No account was deleted with its history kept."),
    ],
)
def test_a_list_that_has_nothing_yet_speaks_of_no_filters_and_exports_nothing(
    page: str, said: str, watching: Client
) -> None:
    html = html_of(watching, f"/{page}/")

    assert said in html
    assert "filters" not in text(html).replace("More filters", "")
    assert "_export=" not in html


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "verdict=zzz",
            "Verdict: there is no “zzz”. Use in_use, unused, absent, unknown, or remove the filter to see rows.",
        ),
        ("verdict=zzz&verdict=unused&verdict=yyy", "Verdict: there is no “zzz” or “yyy”. Use in_use, "),
        ("age=young", "Age: there is no “young”. Use old, verdict, or remove the filter to see rows."),
        ("region=mars-1", "Brokers in: there is no “mars-1”. Use us-east-1, us-east-2, "),
        ("region=mars-1", " more, or remove the filter to see rows."),
    ],
)
def test_a_value_that_is_none_is_told_with_those_that_there_are(query: str, said: str, watching: Client) -> None:
    page = html_of(watching, f"/accounts/?{query}")

    assert said in page
    assert "Select a valid choice" not in page


def test_that_no_role_was_checked_is_said_once(operating: Client) -> None:
    accounts = [make_account(number) for number in range(5)]

    before = text(html_of(operating, "/onboarding/"))
    now = timezone.now()
    AccessCheck.objects.create(account=accounts[0], requested_by="olga", requested_at=now, sent_at=now)
    after = text(html_of(operating, "/onboarding/"))

    assert before.count("No role has been checked yet.") == 1
    assert before.count("Check 5 accounts") == 1
    assert "not checked" not in before
    assert after.count("not checked") >= 4
    assert "No role has been checked yet." not in after


def test_accounts_that_are_all_unused_are_one_choice(operating: Client) -> None:
    for number in range(2):
        make_status(make_account(number, cleaner_role_arn="arn:aws:iam::1:role/c"), verdict="unused")

    assert html_of(operating, "/campaigns/new/").count('type="radio"') == 1
    make_status(make_account(9), verdict="in_use")
    assert html_of(operating, "/campaigns/new/").count('type="radio"') == 2


def test_an_act_is_confirmed_where_its_changes_stand(operating: Client) -> None:
    account = make_account()
    about = {"person": "operator", "page": "accounts", "ticked": [account.account_id], "counted": 1}
    bulk = BulkAct.objects.create(act="tag", **about)

    page = html_of(operating, f"{bulk.get_absolute_url()}?how=add&tags=team%3Dblue&tag=team%3Dblue")

    forms = re.findall(r'<form class="card form" method="post".*?</form>', page, re.DOTALL)
    assert [("What changes" in form, "button primary" in form) for form in forms] in ([(True, True)], [])


def test_a_list_can_be_reached_past_everything_above_it(watching: Client) -> None:
    make_account()

    for page in ("matrix", "accounts"):
        html = html_of(watching, f"/{page}/")
        assert '<a class="skip" href="#table">' in html
        assert 'id="table"' in html
    assert 'href="#table"' not in html_of(watching, "/brokers/")  # which has no row


def test_paper_says_of_what_it_is_one_page(watching: Client) -> None:
    for number in range(30):
        make_account(number)

    paper = text(
        "".join(re.findall(r'<p class="paper"[^>]*>.*?</p>', html_of(watching, "/accounts/?partition=aws&sort=-name")))
    )

    assert "Rolecall, /accounts/?partition=aws&amp;sort=-name, as of " in paper
    assert "UTC, printed by viewer." in paper
    assert (
        "This is one page of the list: rows 1–25 of 30. Filters: Partition aws . Sorted by Account descending." in paper
    )


def test_paper_with_all_rows_says_so(watching: Client) -> None:
    make_account()

    page = html_of(watching, "/accounts/")

    assert "The whole list: 1 row. Without filters." in text(page)
