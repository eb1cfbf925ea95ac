"""Acts over many accounts: chosen in a list, looked at, done, taken back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessCheck, Account, AccountEdit, AuditEntry, BulkAct, Sweep
from accounts.services.schedule import set_account_paused
from tests.dashboard.factories import make_account, make_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts() -> list[Account]:
    return [make_account(number, f"orders-{number}", tags={"env": "dev"}) for number in range(1, 4)]


def choose(client: Client, act: str, *ticked: Account, query: str = "", **fields: Any) -> str:
    """Choose accounts in the bar, as a browser would; gives the address of the act's page."""
    form = {"act": act, "page": "accounts", "filter": query, "account": [account.account_id for account in ticked]}
    response = client.post("/accounts/acts/", {**form, "which": "ticked" if ticked else "all", **fields})
    assert response.status_code == 302
    return str(response["Location"])


def look(client: Client, url: str, **given: str) -> Any:
    return client.get(url, given).context


def do(client: Client, url: str, **given: str) -> Any:
    """Confirm what the page shows."""
    context = look(client, url, **given)
    seen = {"seen": context["tally"].seen, "phrase": context["phrase"]}
    return client.post(url, {**given, **seen})


def test_ticked_accounts_are_paused_after_a_page_that_says_how_many(operating: Client, accounts: list[Account]) -> None:
    set_account_paused(accounts[0], True, "somebody")
    url = choose(operating, "pause", *accounts[:2])

    tally = look(operating, url)["tally"]
    do(operating, url)

    assert (tally.changed, tally.alike, tally.total) == (1, 1, 2)
    assert list(Account.objects.order_by("name").values_list("paused", flat=True)) == [True, True, False]


def test_a_suspended_account_is_not_among_those_that_are_polled(operating: Client, accounts: list[Account]) -> None:
    Account.objects.filter(pk=accounts[0].pk).update(organization_state="SUSPENDED")
    url = choose(operating, "poll", *accounts)

    tally = look(operating, url)["tally"]

    assert (tally.changed, dict(tally.refused)) == (2, {"is suspended in AWS: nobody can get in": 1})


def test_all_that_match_the_filters_are_taken_and_no_others(operating: Client, accounts: list[Account]) -> None:
    other = make_account(9, "payments")

    do(operating, choose(operating, "pause", query="q=orders"))

    assert Account.objects.filter(paused=True).count() == 3
    assert not Account.objects.get(pk=other.pk).paused


def test_a_number_that_has_changed_since_the_list_is_said(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "pause", query="q=orders", matching="3")
    make_account(7, "orders-new")

    page = operating.get(url).content.decode()

    assert "3 accounts matched when you chose; by now it is 4 accounts." in page


def test_what_was_not_seen_is_not_done(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "pause", query="q=orders")
    seen = look(operating, url)["tally"].seen
    make_account(7, "orders-new")

    response = operating.post(url, {"seen": seen})

    assert response.status_code == 409
    assert "This would change 4 accounts by now" in response.content.decode()
    assert not Account.objects.filter(paused=True).exists()


@pytest.mark.parametrize(
    ("mode", "tag", "left"),
    [
        ("add", "team=mq", {"env": "dev", "team": "mq"}),
        ("replace", "env=prod", {"env": "prod"}),
        ("remove", "env", {}),
        ("remove", "env=prod", {"env": "dev"}),
    ],
)
def test_tags_are_added_replaced_and_removed(
    operating: Client, accounts: list[Account], mode: str, tag: str, left: dict[str, str]
) -> None:
    url = choose(operating, "tag", accounts[0])

    if look(operating, url, mode=mode, tag=tag)["tally"].changed:
        do(operating, url, mode=mode, tag=tag)

    assert Account.objects.get(pk=accounts[0].pk).tags == left


def test_adding_leaves_another_value_of_the_key_and_says_so(operating: Client, accounts: list[Account]) -> None:
    context = look(operating, choose(operating, "tag", *accounts), mode="add", tag="env=prod")

    assert context["tally"].changed == 0
    assert context["refusals"][0][:2] == ("has another env already; “replace” would change it", 3)


@pytest.mark.parametrize(
    ("mode", "tag", "said"),
    [
        ("replace", "env=prod", "env=prod is new on 1 account; 2 lose a value: env=dev → env=prod on 2 accounts"),
        ("add", "team=mq", "team=mq is new on 3 accounts; 0 lose a value"),
        ("remove", "env", "2 lose a value: env=dev goes on 2 accounts"),
    ],
)
def test_a_tags_page_says_what_is_new_and_which_values_go(
    operating: Client, accounts: list[Account], mode: str, tag: str, said: str
) -> None:
    Account.objects.filter(pk=accounts[0].pk).update(tags={})

    html = operating.get(choose(operating, "tag", *accounts), {"mode": mode, "tag": tag}).content.decode()

    assert said in " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("tag", ["", "=x", "team", "a=1;b=2", "a\x07=b", "k=" + "v" * 300])
def test_a_tag_that_is_none_is_refused_at_its_field(operating: Client, accounts: list[Account], tag: str) -> None:
    context = look(operating, choose(operating, "tag", *accounts), mode="replace", tag=tag)

    assert context["form"].errors["tag"]
    assert "tally" not in context


def test_an_act_is_undone_with_the_values_of_each_account(operating: Client, accounts: list[Account]) -> None:
    Account.objects.filter(pk=accounts[0].pk).update(tags={"env": "test", "unit": "a"})
    url = choose(operating, "tag", *accounts)
    do(operating, url, mode="replace", tag="env=prod")

    operating.post(f"/accounts/changes/{BulkAct.objects.get().entry_id}/undo/", {"back": url})

    tags = list(Account.objects.order_by("name").values_list("tags", flat=True))
    assert tags == [{"env": "test", "unit": "a"}, {"env": "dev"}, {"env": "dev"}]
    assert "It was undone by operator" in operating.get(url).content.decode()


def test_an_undo_leaves_an_account_that_was_changed_since(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "tag", *accounts)
    do(operating, url, mode="replace", tag="env=prod")
    Account.objects.filter(pk=accounts[0].pk).update(tags={"env": "later"})

    page = operating.post(f"/accounts/changes/{BulkAct.objects.get().entry_id}/undo/", {"back": url}, follow=True)

    assert "2 accounts as before. 1 account left alone" in page.content.decode()
    assert Account.objects.get(pk=accounts[0].pk).tags == {"env": "later"}


def test_an_act_is_undone_once(operating: Client, accounts: list[Account]) -> None:
    do(operating, choose(operating, "pause", *accounts))
    undo = f"/accounts/changes/{BulkAct.objects.get().entry_id}/undo/"

    operating.post(undo)
    again = operating.post(undo, follow=True)

    assert "Not undone. It was undone by operator." in again.content.decode()
    assert AuditEntry.objects.filter(action="undo: pause account").count() == 1


def test_the_end_of_a_protection_asks_for_a_fresh_sign_in(operating: Client, accounts: list[Account]) -> None:
    Account.objects.update(protected=True)
    url = choose(operating, "unprotect", *accounts)
    session = operating.session
    session["password_given_at"] = 0
    session.save()

    response = operating.post(url, {"seen": "whatever"})

    assert response["Location"].startswith("/sign-in/again/")
    assert Account.objects.filter(protected=True).count() == 3


def test_an_undo_that_ends_a_protection_asks_for_a_fresh_sign_in(operating: Client, accounts: list[Account]) -> None:
    do(operating, choose(operating, "protect", *accounts))
    session = operating.session
    session["password_given_at"] = 0
    session.save()

    response = operating.post(f"/accounts/changes/{BulkAct.objects.get().entry_id}/undo/")

    assert response["Location"].startswith("/sign-in/again/")
    assert Account.objects.filter(protected=True).count() == 3


def test_intervals_are_set_and_the_next_polls_reckoned_anew(operating: Client, accounts: list[Account]) -> None:
    do(operating, choose(operating, "interval", *accounts), minutes="30")

    assert set(Account.objects.values_list("poll_interval_seconds", flat=True)) == {1800}
    assert not Account.objects.filter(next_poll_at=None).exists()


def test_a_poll_leaves_paused_accounts_out_and_says_so(operating: Client, accounts: list[Account]) -> None:
    set_account_paused(accounts[0], True, "somebody")
    url = choose(operating, "poll", *accounts)

    context = look(operating, url)
    do(operating, url)

    assert context["refusals"][0][1] == 1
    assert Sweep.objects.get().polls.count() == 2


def test_access_is_checked_for_those_chosen(operating: Client, accounts: list[Account]) -> None:
    do(operating, choose(operating, "check", *accounts[:2]))

    assert AccessCheck.objects.count() == 2


def test_clean_ups_are_planned_for_what_was_ticked_on_other_pages_too(
    operating: Client, accounts: list[Account]
) -> None:
    elsewhere = ",".join(account.account_id for account in accounts[1:])

    url = choose(operating, "plan", accounts[0], accounts=elsewhere)

    assert operating.get(url).context["selection"].choices[0].count == 3


def test_many_accounts_are_deleted_after_a_typed_phrase(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "delete", *accounts[:2])
    context = look(operating, url, fate="keep")
    form = {"fate": "keep", "seen": context["tally"].seen}

    wrong = operating.post(url, {**form, "phrase": "delete 3 accounts"})
    left = Account.objects.count()
    operating.post(url, {**form, "phrase": "delete 2 accounts"})

    assert (wrong.status_code, left, Account.objects.count(), Account.every.count()) == (409, 3, 1, 3)


def test_one_account_is_deleted_after_its_id_and_comes_back_by_undo(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "delete", accounts[0])
    seen = look(operating, url, fate="keep")["tally"].seen
    operating.post(url, {"fate": "keep", "seen": seen, "phrase": accounts[0].grouped_id})

    operating.post(f"/accounts/changes/{BulkAct.objects.get().entry_id}/undo/", {"back": url})

    assert Account.objects.filter(pk=accounts[0].pk).exists()


def test_an_act_begun_on_an_accounts_page_leads_back_to_it(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "delete", accounts[0], page="account")

    assert look(operating, url)["back"] == accounts[0].get_absolute_url()


def test_a_purge_begun_on_an_accounts_page_leads_back_to_the_list(operating: Client, accounts: list[Account]) -> None:
    url = choose(operating, "delete", accounts[0], page="account")

    do(operating, url, fate="purge")

    assert operating.get(url).context["back"] == "/accounts/"
    assert not Account.every.filter(pk=accounts[0].pk).exists()


def test_nothing_ticked_is_said_and_nothing_begun(operating: Client, accounts: list[Account]) -> None:
    form = {"act": "pause", "which": "ticked", "filter": "q=orders", "page": "accounts"}

    page = operating.post("/accounts/acts/", form, follow=True)

    assert page.redirect_chain[0][0] == "/accounts/?q=orders"
    assert "No account is ticked" in page.content.decode()
    assert not BulkAct.objects.exists()


def test_a_filter_that_makes_no_sense_takes_no_account(operating: Client, accounts: list[Account]) -> None:
    page = operating.get(choose(operating, "pause", query="region=mars-1"))

    assert page.context["tally"].total == 0
    assert "Brokers in" in page.context["problems"][0]


def test_an_act_is_its_own_persons(operating: Client, watching: Client, admin_client: Client, accounts: Any) -> None:
    url = choose(operating, "pause", *accounts)

    assert admin_client.get(url).status_code == 404
    assert watching.get(url).status_code == 403


def test_an_unknown_act_is_refused(operating: Client) -> None:
    assert operating.post("/accounts/acts/", {"act": "explode"}).status_code == 400


@pytest.mark.parametrize("count", [20, 400])
def test_an_act_costs_the_same_queries_for_many(
    operating: Client, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Account.objects.bulk_create(
        Account(account_id=f"{number:012d}", name=f"n-{number}", partition="aws", reader_role_arn="arn")
        for number in range(count)
    )
    url = choose(operating, "tag")
    given = {"mode": "add", "tag": "team=mq"}
    given["seen"] = look(operating, url, **given)["tally"].seen

    with django_assert_max_num_queries(18):
        operating.post(url, given)

    assert Account.objects.filter(tags__team="mq").count() == AccountEdit.objects.count() == count


def test_more_accounts_than_an_act_takes_are_refused(operating: Client) -> None:
    Account.objects.bulk_create(
        Account(account_id=f"{number:012d}", name=f"n-{number}", partition="aws", reader_role_arn="arn")
        for number in range(10_001)
    )

    page = operating.get(choose(operating, "pause"))

    assert "More than 10,000 accounts: one act takes no more" in page.content.decode()


def test_the_bar_says_how_many_match(operating: Client, watching: Client, accounts: list[Account]) -> None:
    for account in accounts:
        make_status(account)

    page = operating.get("/accounts/?q=orders-1").content.decode()

    assert "all <b>1</b> that match these filters" in page
    assert 'id="pick"' not in watching.get("/accounts/").content.decode()
