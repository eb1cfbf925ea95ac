"""One cell's panel: all that is known of it, as a fragment for the matrix and as a page of its own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.aws.errors import AwsError, ErrorKind, problem_of
from accounts.models import Account, Change, PollingPause, Region, Sweep
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status

HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "payments-prod", next_poll_at=timezone.now() + timedelta(minutes=9))
    make_status(account)
    return account


def address(account: Account, region: str = "eu-west-1") -> str:
    return f"/accounts/{account.account_id}/regions/{region}/"


def text_of(client: Client, account: Account, region: str = "eu-west-1") -> str:
    html = client.get(address(account, region), headers=HTMX).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_failed_probe_is_told_whole_beside_what_was_known(account: Account, watching: Client) -> None:
    now = timezone.now()
    make_cell(
        account, "eu-west-1", 3, outcome="denied", code="AccessDeniedException", detail="x" * 300,
        permission="mq:ListBrokers", checked_at=now - timedelta(minutes=4), last_ok_at=now - timedelta(hours=3),
    )  # fmt: skip

    text = text_of(watching, account)

    assert "Denied; last known: 3 brokers (3 RabbitMQ)." in text
    assert "Last probe denied , 4 min ago" in text
    assert "Last answer 3 h ago" in text
    assert "Refused mq:ListBrokers" in text
    assert "Error code AccessDeniedException" in text
    assert "x" * 300 in text
    assert "Next poll in 8 min" in text


@pytest.mark.parametrize(
    ("denied_by", "said"),
    [
        ("", "Missing permission mq:ListBrokers Error code"),
        ("scp", "Refused mq:ListBrokers , by a service control policy Error code"),
        ("resource control policy", "Refused mq:ListBrokers , by a resource control policy Error code"),
        ("permissions boundary", "Refused mq:ListBrokers , by the role’s permissions boundary Error code"),
        ("session policy", "Refused mq:ListBrokers , by Rolecall’s own session policy Error code"),
        ("VPC endpoint policy", "Refused mq:ListBrokers , by the policy of a VPC endpoint Error code"),
        ("identity policy", "Refused mq:ListBrokers , by a policy of the role itself Error code"),
    ],
)
def test_a_refusal_names_who_refuses(account: Account, watching: Client, denied_by: str, said: str) -> None:
    words = ("mq:ListBrokers", "AccessDeniedException", "… with an explicit deny …")
    problem = problem_of(AwsError(ErrorKind.ACCESS_DENIED, *words, denied_by=denied_by))
    make_cell(account, "eu-west-1", 0, outcome="denied", code=problem.code, detail=problem.detail,
              permission=problem.permission)  # fmt: skip

    text = text_of(watching, account)

    assert said in text
    assert "AWS said" not in text  # the sentence is Rolecall's own


def test_words_of_aws_are_told_as_aws_s_and_no_others(account: Account, watching: Client) -> None:
    problem = problem_of(AwsError(ErrorKind.VALIDATION, "mq:ListBrokers", "OddException", "Something odd: it broke"))
    make_cell(account, "eu-west-1", 0, outcome=problem.outcome, code=problem.code, detail=problem.detail)

    text = text_of(watching, account)

    assert "What this means AWS refused mq:ListBrokers with OddException. AWS said Something odd: it broke" in text


@pytest.mark.parametrize(("outcome", "primary"), [("throttled", True), ("denied", False), ("ok", False)])
def test_polling_is_the_thing_to_do_where_it_can_help(
    account: Account, operating: Client, outcome: str, primary: bool
) -> None:
    make_cell(account, "eu-west-1", 0, outcome=outcome)

    html = operating.get(address(account), headers=HTMX).content.decode()

    assert ("button primary" in html) is primary


def test_the_next_poll_heeds_a_pause_of_all_polling(account: Account, watching: Client) -> None:
    PollingPause.objects.create(by="olga")

    assert "Next poll paused for all accounts By olga since" in text_of(watching, account)


def test_a_region_that_is_left_out_has_no_next_poll(account: Account, watching: Client) -> None:
    Region.objects.filter(code="eu-west-1").update(polled=False)

    assert "Next poll none: the region table leaves eu-west-1 out" in text_of(watching, account)


def test_an_old_answer_says_that_it_is_old(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 1, last_ok_at=timezone.now() - timedelta(hours=7))

    assert "7 h ago older than accepted (within the hour)" in text_of(watching, account)


def test_a_cell_has_its_sign_once(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 0)
    make_cell(account, "us-east-1", None, outcome="assume_denied")
    make_cell(account, "us-west-2", 4, outcome="denied")
    sign = re.compile(r'aria-hidden="true">(.*?)</span>')

    drawn = {region: sign.search(watching.get(address(account, region), headers=HTMX).content.decode()) for region in
             ("eu-west-1", "us-east-1", "us-west-2")}  # fmt: skip

    # The style sheet draws the sign; a figure stands beside it only where one is known and is not nothing.
    assert {region: found and found[1] for region, found in drawn.items()} == {
        "eu-west-1": "", "us-east-1": "", "us-west-2": "4",
    }  # fmt: skip


def test_the_brokers_of_this_cell_and_no_other_are_listed(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 1)
    make_broker(account, "eu-west-1", "orders", state="REBOOT_IN_PROGRESS")
    make_broker(account, "us-east-1", "elsewhere")
    make_broker(make_account(2), "eu-west-1", "somebody-elses")

    text = text_of(watching, account)

    assert "orders RabbitMQ REBOOT_IN_PROGRESS mq.m5.large" in text
    assert "elsewhere" not in text and "somebody-elses" not in text


def test_brokers_of_a_cell_without_an_answer_are_the_last_known_ones(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 1, outcome="throttled")
    make_broker(account, "eu-west-1", "orders")

    assert "Brokers, as last known" in text_of(watching, account)


def test_none_at_the_last_answer_is_not_none_now(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 0, outcome="denied")

    assert "None at the last answer; whether there is one now is not known." in text_of(watching, account)


def test_many_brokers_are_cut_and_counted(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 60)
    for number in range(60):
        make_broker(account, "eu-west-1", f"b{number}")

    text = text_of(watching, account)

    assert "The first 50 of 60 brokers: see all" in text


def test_the_history_is_this_cells_own(account: Account, watching: Client) -> None:
    now = timezone.now()
    for region, old in (("eu-west-1", "2"), ("us-east-1", "77"), ("", "88")):
        Change.objects.create(account=account, region_code=region, at=now, kind="brokers", old=old, new="3")

    text = text_of(watching, account)

    assert "Brokers: 2 → 3" in text
    assert "77" not in text and "88" not in text


@pytest.mark.parametrize(
    ("polled", "said"), [(True, "Not polled yet; nothing is known."), (False, "Not polled: switched off")]
)
def test_a_cell_without_a_probe_says_why(account: Account, watching: Client, polled: bool, said: str) -> None:
    Region.objects.filter(code="eu-west-1").update(polled=polled)

    text = text_of(watching, account)

    assert said in text
    assert "Last answer never" in text
    assert "None known: no probe of this cell was ever answered." in text


def test_the_fragment_is_no_page_and_the_page_has_all_of_the_fragment(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 2)

    fragment = watching.get(address(account), headers=HTMX)
    page = watching.get(address(account))

    assert b"<html" not in fragment.content and b"<html" in page.content
    assert b"2 brokers (2 RabbitMQ)" in fragment.content and b"2 brokers (2 RabbitMQ)" in page.content
    assert "HX-Request" in fragment["Vary"]  # or the browser would take one for the other when one goes back


@pytest.mark.parametrize("region", ["mars-1", "us-gov-west-1", "cn-north-1"])
def test_a_region_that_the_account_does_not_have_is_not_here(account: Account, watching: Client, region: str) -> None:
    assert watching.get(address(account, region)).status_code == 404


def test_an_account_that_a_person_may_not_see_is_not_here(account: Account, strange: Client) -> None:
    assert strange.get(address(account)).status_code == 403
    assert strange.get(address(account), headers=HTMX).status_code == 403


def test_only_an_operator_is_offered_to_poll(account: Account, watching: Client, operating: Client) -> None:
    assert "Poll this account now" not in text_of(watching, account)
    assert "Poll this account now" in text_of(operating, account)


def test_polling_from_the_panel_says_so_in_the_panel_and_wakes_the_bar(account: Account, operating: Client) -> None:
    response = operating.post(f"{address(account)}poll/", headers=HTMX)

    sweep = Sweep.objects.get()
    assert sweep.polls.get().account == account
    assert "over <bdi>payments-prod</bdi> has begun" in response.content.decode()
    assert "sweep-begun" in response["HX-Trigger"]


def test_a_suspended_account_is_neither_due_nor_polled(account: Account, operating: Client) -> None:
    Account.objects.update(organization_state="SUSPENDED")

    page = operating.get(address(account)).content.decode()
    operating.post(f"{address(account)}poll/")

    assert "It is suspended in AWS" in page
    assert "due now" not in page and "Poll this account now" not in page
    assert not Sweep.objects.exists()


def test_polling_twice_queues_one_sweep(account: Account, operating: Client) -> None:
    operating.post(f"{address(account)}poll/", headers=HTMX)
    second = operating.post(f"{address(account)}poll/", headers=HTMX)

    assert "was running already" in second.content.decode()
    assert Sweep.objects.count() == 1


def test_polling_without_javascript_comes_back_to_the_cell(account: Account, operating: Client) -> None:
    response = operating.post(f"{address(account)}poll/")

    assert response["Location"] == address(account)


def test_what_aws_said_cannot_speak_html(account: Account, watching: Client) -> None:
    make_cell(account, "eu-west-1", 1, outcome="failed", detail=EVIL, code=EVIL, permission=EVIL)
    make_broker(account, "eu-west-1", EVIL, EVIL, state=EVIL)
    Change.objects.create(account=account, region_code="eu-west-1", at=timezone.now(), kind="outcome", new=EVIL)

    assert EVIL not in watching.get(address(account)).content.decode()


@pytest.mark.parametrize("brokers", [1, 40])
def test_queries_do_not_grow_with_brokers(
    account: Account, watching: Client, brokers: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_cell(account, "eu-west-1", brokers)
    for number in range(brokers):
        make_broker(account, "eu-west-1", f"b{number}")
        Change.objects.create(account=account, region_code="eu-west-1", at=timezone.now(), kind="brokers", new="1")

    with django_assert_max_num_queries(13):
        watching.get(address(account), headers=HTMX)


def test_without_scripts_the_matrix_leads_to_an_accounts_cells_and_these_to_their_pages(
    account: Account, watching: Client
) -> None:
    make_cell(account, "eu-west-1", 2)
    cells = f"/cells/?account={account.account_id}&amp;per_page=50"

    assert f'<noscript><small><a href="{cells}">All regions</a>' in watching.get("/matrix/").content.decode()
    assert f'<a href="{address(account)}">eu-west-1</a>' in watching.get(cells.replace("&amp;", "&")).content.decode()


def test_a_cell_of_a_region_that_was_switched_on_again_says_so_with_what_is_remembered(
    watching: Client, db: None
) -> None:
    account, then = make_account(), timezone.now() - timedelta(days=12)
    make_cell(account, "eu-west-1", 5, outcome="never", checked_at=then, last_ok_at=then)

    html = watching.get(f"/accounts/{account.account_id}/regions/eu-west-1/").content.decode()

    assert "Switched on again, and not polled since; last known: 5 brokers (5 RabbitMQ)." in html
    assert "12 d ago</time>, before the region was switched off" in html
    assert "not polled yet" not in html
