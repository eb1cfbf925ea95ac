"""Campaigns on their pages: chosen from a filter or by ticks, confirmed with a phrase, approved by somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.domain.plans import Plan, PlannedBroker
from accounts.domain.role import role_arn
from accounts.models import Account, Campaign, Cleanup, Target
from accounts.services.cleanups.campaign_acts import MOST_ACCOUNTS, offer_of
from dashboard.account_page import cleanups_of
from tests.dashboard.factories import make_account, make_status

pytestmark = pytest.mark.django_db


def cleanable(number: int, name: str = "", **status: object) -> Account:
    """An account that may be cleaned up."""
    account = make_account(number, name)
    account.cleaner_role_arn = f"arn:aws:iam::{account.account_id}:role/rolecall-cleaner"
    account.save()
    make_status(account, **{"verdict": "unused", **status})
    return account


def plan_of(account: Account, *brokers: str) -> Plan:
    arn = f"arn:aws:mq:eu-west-1:{account.account_id}:broker"
    planned = tuple(
        PlannedBroker(f"{arn}:{name}:b-1", "b-1", name, "eu-west-1", "RabbitMQ", "RUNNING", tags={}) for name in brokers
    )
    slr = role_arn("aws", account.account_id)
    return Plan(
        account.account_id, "aws", account.name, slr, f"AROA{account.account_id}", planned, looked=("eu-west-1",)
    )


def make_child(campaign: Campaign, account: Account, *brokers: str, **fields: object) -> Cleanup:
    """A drawn plan of one account."""
    plan, now = plan_of(account, *brokers), timezone.now()
    drawn = {"plan_json": plan.as_json(), "plan_sha256": plan.sha256, "expires_at": now + timedelta(hours=24)}
    values = {**drawn, "looked_at": now, "requested_by": campaign.requested_by, "approval_needed": bool(brokers)}
    child = Cleanup.objects.create(account=account, campaign=campaign, **{**values, **fields})
    for broker in plan.deletes:
        Target.objects.create(
            cleanup=child, arn=broker.arn, broker_id="b-1", name=broker.name, region_code="eu-west-1", engine="RabbitMQ"
        )
    return child


@pytest.fixture
def campaign(operator: User) -> Campaign:
    """Three accounts: two unused roles, and one that is protected since."""
    made = Campaign.objects.create(name="Autumn", requested_by="operator", state="drafted")
    for number, name in enumerate(("alpha", "beta", "gamma"), start=1):
        make_child(made, cleanable(number, name))
    Account.objects.filter(name="gamma").update(protected=True)
    return made


@pytest.fixture
def operating(operator: User) -> Client:
    """An operator who has just given the password."""
    browser = Client()
    browser.post("/sign-in/", {"username": "operator", "password": "correct horse"})
    return browser


@pytest.fixture
def second(db: None) -> Client:
    """Another operator."""
    person = User.objects.create_user("second", password="correct horse")
    person.groups.add(Group.objects.get(name="operator"))
    browser = Client()
    browser.post("/sign-in/", {"username": "second", "password": "correct horse"})
    return browser


def text_of(content: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", content.decode()).split())


def given(campaign: Campaign) -> dict[str, str]:
    offer = offer_of(campaign)
    return {"phrase": offer.phrase, "sha256": offer.sha256}


def test_the_likeliest_choice_is_all_unused_roles_that_the_filter_leaves(operating: Client) -> None:
    cleanable(1, "orders-a"), cleanable(2, "orders-b", verdict="in_use"), cleanable(3, "billing")

    page = operating.get("/campaigns/new/", {"filter": "q=orders"})

    said = [(choice.key, choice.count) for choice in page.context["selection"].choices]
    assert said == [("unused", 1), ("all", 2)]
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]  # the list of keys has a tick, too
    assert main.count("checked") == 1


def test_ticked_accounts_come_first_and_what_hinders_is_said(operating: Client) -> None:
    shut, good = make_account(1, "shut"), cleanable(2, "good")

    page = operating.get("/campaigns/new/", {"account": [shut.account_id, good.account_id]})

    assert page.context["selection"].choices[0].key == "ticked"
    assert "1 account without a cleaner role" in text_of(page.content)


def test_a_campaign_over_the_ticked_accounts_is_drawn(operating: Client) -> None:
    one, _ = cleanable(1, "one"), cleanable(2, "two")

    response = operating.post("/campaigns/create/", {"account": one.account_id, "which": "ticked", "name": "Autumn"})

    campaign = Campaign.objects.get()
    assert response["Location"] == campaign.get_absolute_url()
    assert [child.account for child in campaign.cleanups.all()] == [one]
    assert (campaign.name, campaign.requested_by, campaign.state) == ("Autumn", "operator", "drawing")


def test_a_name_that_no_table_can_hold_does_no_harm(operating: Client) -> None:
    one = cleanable(1, "one")

    named = {"account": one.account_id, "which": "ticked", "name": "Au\0tumn\n"}
    response = operating.post("/campaigns/create/", named)

    assert response.status_code == 400
    assert not Campaign.objects.exists()


def test_signs_that_no_page_shows_are_left_out_of_a_name(operating: Client) -> None:
    one = cleanable(1, "one")

    operating.post("/campaigns/create/", {"account": one.account_id, "which": "ticked", "name": "Au\x07tumn\n"})

    assert Campaign.objects.get().name == "Autumn"


def test_a_choice_that_is_not_offered_is_refused(operating: Client) -> None:
    cleanable(1)

    assert operating.post("/campaigns/create/", {"which": "ticked"}).status_code == 400
    assert not Campaign.objects.exists()


def test_a_filter_that_makes_no_sense_offers_nobody(operating: Client) -> None:
    cleanable(1)

    page = text_of(operating.get("/campaigns/new/", {"filter": "verdict=bogus"}).content)

    assert "No account to plan for" in page and "Verdict:" in page


def test_the_page_says_how_many_go_ahead_and_why_others_do_not(operating: Client, campaign: Campaign) -> None:
    page = text_of(operating.get(campaign.get_absolute_url()).content)

    assert "2 of 3 accounts can go ahead" in page and "2 deletions; 1 left out" in page
    assert "gamma is marked as protected" in page
    assert "Confirm 2 of 3 accounts" in page


def exported(browser: Client, campaign: Campaign, *columns: str) -> list[str]:
    """The campaign's file, row by row."""
    wanted = {"_export": "csv", "_columns": ",".join(columns), "sort": "account"}
    file = browser.get(campaign.get_absolute_url(), wanted)
    return b"".join(file.streaming_content).decode().splitlines()[1:]  # type: ignore[attr-defined]


def test_a_rule_that_holds_no_more_refuses_in_no_row_and_no_file(operating: Client, campaign: Campaign) -> None:
    frozen = [{"rule": "freeze", "detail": "Nothing is deleted until 2026-11-27 00:00 UTC."}]
    campaign.cleanups.update(refusals=frozen)

    page = text_of(operating.get(campaign.get_absolute_url()).content)

    assert "2 of 3 accounts can go ahead" in page
    assert page.count("refused") == 1 and "until 2026-11-27" not in page
    protected = "gamma is marked as protected. Its page has the switch."
    assert exported(operating, campaign, "account", "state", "why") == [
        "alpha,drafted,", "beta,drafted,", f"gamma,refused,{protected}",
    ]  # fmt: skip


def test_while_plans_are_drawn_the_rows_say_what_each_drawing_found(operating: Client, campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state="drawing")
    campaign.cleanups.filter(account__name="alpha").update(refusals=[{"rule": "freeze", "detail": "Frozen."}])

    assert exported(operating, campaign, "account", "state", "why")[0] == "alpha,refused,Frozen."


def test_an_expired_plan_cannot_go_ahead_and_the_row_says_so(operating: Client, campaign: Campaign) -> None:
    campaign.cleanups.filter(account__name="alpha").update(expires_at=timezone.now())

    page = text_of(operating.get(campaign.get_absolute_url()).content)

    assert "1 of 3 accounts can go ahead" in page and "The plan expired on" in page
    assert operating.post(f"/campaigns/{campaign.pk}/confirm/", given(campaign)).status_code == 302
    assert campaign.cleanups.get(account__name="alpha").state == State.VOID
    assert campaign.cleanups.get(account__name="beta").confirmed_by == "operator"


def test_more_accounts_make_no_more_queries(
    operating: Client, campaign: Campaign, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with CaptureQueriesContext(connection) as few:
        operating.get(campaign.get_absolute_url())
    for number in range(4, 24):
        make_child(campaign, cleanable(number), "orders")

    with django_assert_max_num_queries(len(few)):
        operating.get(campaign.get_absolute_url())


def test_too_many_accounts_are_refused_and_nothing_is_drawn(operating: Client) -> None:
    Account.objects.bulk_create(
        Account(account_id=f"{number:012}", name=f"a{number}", partition="aws") for number in range(MOST_ACCOUNTS + 1)
    )

    offered = operating.get("/campaigns/new/")
    refused = operating.post("/campaigns/create/", {"which": "all", "name": "All of it"})

    assert "More than one campaign takes" in text_of(offered.content)
    assert refused.status_code == 409 and "one campaign takes no more" in text_of(refused.content)
    assert "All of it" in refused.content.decode()
    assert not Campaign.objects.exists() and not Cleanup.objects.exists()


def test_the_phrase_confirms_and_leaves_out_what_is_refused(operating: Client, campaign: Campaign) -> None:
    response = operating.post(f"/campaigns/{campaign.pk}/confirm/", given(campaign))

    assert response["Location"] == campaign.get_absolute_url()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.confirmed_by) == ("running", "operator")
    assert campaign.cleanups.get(account__name="gamma").state == State.CANCELLED


@pytest.mark.parametrize("act", ["confirm", "approve"])
def test_whoever_decides_reads_what_each_plan_warns_of(operating: Client, campaign: Campaign, act: str) -> None:
    accepted = {"me-south-1": {"by": "anna", "why": "closed since May"}}
    Cleanup.objects.filter(account__name="alpha").update(
        warnings=["The role was used on 2026-11-20."], accepted_regions=accepted
    )

    page = text_of(operating.get(f"/campaigns/{campaign.pk}/{act}/").content)

    assert "The role was used on 2026-11-20." in page
    assert "me-south-1 could not be seen; accepted by anna: closed since May" in page


def test_a_wrong_phrase_is_said_on_the_page_and_nothing_is_confirmed(operating: Client, campaign: Campaign) -> None:
    response = operating.post(f"/campaigns/{campaign.pk}/confirm/", {**given(campaign), "phrase": "delete all"})

    assert response.status_code == 409
    assert "type “delete 2 from 2 accounts”" in text_of(response.content)
    assert not Cleanup.objects.exclude(state=State.DRAFTED).exists()


def test_confirming_asks_for_the_password_when_it_was_given_long_ago(operator: User, campaign: Campaign) -> None:
    browser = Client()
    browser.force_login(operator)
    session = browser.session
    session["password_given_at"] = (timezone.now() - timedelta(hours=1)).timestamp()
    session.save()

    for act in ("confirm", "approve", "resume"):
        response = browser.post(f"/campaigns/{campaign.pk}/{act}/", given(campaign))
        assert response["Location"].startswith("/sign-in/again/"), act
    assert not Cleanup.objects.exclude(state=State.DRAFTED).exists()


def test_going_on_asks_for_the_password_and_comes_back_to_the_campaign(operator: User, campaign: Campaign) -> None:
    browser = Client()
    browser.force_login(operator)
    session = browser.session
    session["password_given_at"] = 0
    session.save()
    Campaign.objects.filter(pk=campaign.pk).update(state="stopped")

    asked = browser.post(f"/campaigns/{campaign.pk}/resume/")
    assert asked["Location"].endswith(f"?next=%2Fcampaigns%2F{campaign.pk}%2F")


def test_who_confirmed_cannot_approve_and_a_second_person_can(
    operating: Client, second: Client, operator: User
) -> None:
    campaign = Campaign.objects.create(name="Autumn", requested_by="operator", state="drafted")
    make_child(campaign, cleanable(1, "alpha"), "orders", "billing")
    operating.post(f"/campaigns/{campaign.pk}/confirm/", given(campaign))
    campaign.refresh_from_db()
    form = {"sha256": offer_of(campaign).sha256}

    own = operating.post(f"/campaigns/{campaign.pk}/approve/", form)
    approved = second.post(f"/campaigns/{campaign.pk}/approve/", form)

    assert own.status_code == 409 and "somebody" in text_of(own.content)
    assert approved["Location"] == campaign.get_absolute_url()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.approved_by) == ("running", "second")


def test_a_stopped_campaign_names_the_reason_and_offers_both_ways(operating: Client, campaign: Campaign) -> None:
    operating.post(f"/campaigns/{campaign.pk}/confirm/", given(campaign))
    failed = campaign.cleanups.get(account__name="alpha")
    Cleanup.objects.filter(pk=failed.pk).update(state=State.FAILED, reason="AWS said no.")
    Cleanup.objects.filter(account__name="beta").update(turn_at=None)
    Campaign.objects.filter(pk=campaign.pk).update(state="stopped")

    page = text_of(operating.get(campaign.get_absolute_url()).content)
    resumed = operating.post(f"/campaigns/{campaign.pk}/resume/", {"seen": failed.pk}, follow=True)

    assert "alpha : failed. AWS said no." in page
    assert "Go on with 1 account" in page and "Cancel 1 account" in page
    assert "is running again" in text_of(resumed.content)


def test_cancelling_says_what_it_came_to(operating: Client, campaign: Campaign) -> None:
    page = operating.post(f"/campaigns/{campaign.pk}/cancel/", follow=True)
    again = operating.post(f"/campaigns/{campaign.pk}/cancel/", follow=True)

    assert "3 not begun: cancelled. 0 begun" in text_of(page.content)
    assert "cannot be cancelled now" in text_of(again.content)


def test_a_page_that_shows_another_state_is_loaded_anew(operating: Client, campaign: Campaign) -> None:
    headers = {"HX-Request": "true", "X-Campaign-State": "drawing"}

    assert operating.get(campaign.get_absolute_url(), headers=headers)["HX-Refresh"] == "true"


@pytest.mark.parametrize("path", ["", "{pk}/"])
def test_viewers_read_campaigns_and_have_no_buttons(watching: Client, campaign: Campaign, path: str) -> None:
    page = watching.get(f"/campaigns/{path.format(pk=campaign.pk)}")

    assert page.status_code == 200 and 'method="post" action="/campaigns' not in page.content.decode()


@pytest.mark.parametrize("path", ["new/", "create/", "{pk}/confirm/", "{pk}/approve/", "{pk}/resume/", "{pk}/cancel/"])
def test_viewers_do_not_act(watching: Client, campaign: Campaign, path: str) -> None:
    url = f"/campaigns/{path.format(pk=campaign.pk)}"

    assert (watching.get(url) if path == "new/" else watching.post(url)).status_code == 403


@pytest.mark.parametrize("path", ["", "confirm/", "approve/"])
def test_an_unknown_campaign_is_not_here(operating: Client, path: str) -> None:
    assert operating.get(f"/campaigns/999/{path}").status_code == 404


@pytest.mark.parametrize("name", ["account", "state", "deletes", "gone", "why", "plan"])
def test_the_table_of_a_campaign_sorts_and_exports(operating: Client, campaign: Campaign, name: str) -> None:
    for sign in ("", "-"):
        assert operating.get(campaign.get_absolute_url(), {"sort": sign + name}).status_code == 200
    exported = operating.get(campaign.get_absolute_url(), {"_export": "csv", "sort": name})

    lines = b"".join(exported.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "account,account_id,state,deletes,gone,why,plan" and len(lines) == 4


def test_an_account_that_campaigns_list_as_busy_still_shows_its_open_clean_up(campaign: Campaign) -> None:
    account = Account.objects.get(name="alpha")
    for _ in range(6):
        Cleanup.objects.create(account=account, state=State.VOID, requested_by="ana", reason="It has a clean-up.")

    shown = cleanups_of(account)

    assert shown.open_one == campaign.cleanups.get(account=account)


def test_the_list_of_campaigns_counts_and_exports(operating: Client, campaign: Campaign) -> None:
    operating.post(f"/campaigns/{campaign.pk}/confirm/", given(campaign))

    row = operating.get("/campaigns/").context["table"].page.object_list.data[0]

    assert (row.accounts, row.going) == (3, 2)
    assert operating.get("/campaigns/?_export=csv").status_code == 200


def test_operators_tick_accounts_and_viewers_do_not(operating: Client, watching: Client) -> None:
    cleanable(1)

    for url in ("/matrix/", "/accounts/"):
        assert b'form="pick" name="account"' in operating.get(url).content
        assert b'class="tick"' not in watching.get(url).content
