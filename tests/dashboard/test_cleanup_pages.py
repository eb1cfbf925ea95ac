"""One clean-up's page in every state: what it says, what it offers to whom, and what it never claims."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.domain.cleanups import State
from accounts.models import Account, Campaign, Cleanup, Target
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, note, planned, waiting_cleanup
from tests.dashboard.factories import make_account, make_status

EVIL = "<script>alert(1)</script>"


def text_of(client: Client, url: str) -> str:
    """The page as a reader sees it: no tags, single spaces."""
    html = client.get(url, follow=True).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "warehouse-eu", cleaner_role_arn="arn:aws:iam::100007654321:role/cleaner")
    make_status(account)
    return account


def buttons(client: Client, cleanup: Cleanup) -> set[str]:
    html = client.get(cleanup.get_absolute_url()).content.decode()
    return set(re.findall(r'class="button[^"]*" id="(\w+)"', html))


def test_a_plan_of_a_campaign_is_confirmed_there(operating: Client, account: Account) -> None:
    campaign = Campaign.objects.create(name="unused roles", requested_by="olga")

    cleanup = make_cleanup(account, make_plan(account), campaign=campaign)

    assert buttons(operating, cleanup).isdisjoint({"confirm", "approve"})
    assert campaign.get_absolute_url() in operating.get(cleanup.get_absolute_url()).content.decode()


@pytest.mark.parametrize("state", list(State))
def test_the_page_opens_in_every_state(watching: Client, account: Account, state: State) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), state, resume_state=State.DELETING_ROLE)

    assert watching.get(cleanup.get_absolute_url()).status_code == 200


def test_the_first_look_says_what_it_looks_at(watching: Client, account: Account) -> None:
    said = text_of(watching, make_cleanup(account).get_absolute_url())

    assert "Looking at 34 regions…" in said
    assert "It only reads." in said


def test_a_look_that_came_to_nothing_says_why_and_what_to_do(operating: Client, account: Account) -> None:
    cleanup = make_cleanup(account, problem="iam:GetRole was denied.")

    said = text_of(operating, cleanup.get_absolute_url())

    assert "iam:GetRole was denied." in said
    assert "Nothing has been changed." in said
    assert buttons(operating, cleanup) == {"redraw", "discard"}


def test_a_plan_is_one_sentence_then_every_broker(watching: Client, account: Account) -> None:
    keeps = (planned(account, "stock", "eu-west-1", "ActiveMQ"),)
    plan = make_plan(account, planned(account), planned(account, "returns", "eu-west-1"), keeps=keeps)

    said = text_of(watching, make_cleanup(account, plan).get_absolute_url())

    assert "Deletes 2 RabbitMQ brokers and the role in warehouse-eu; keeps 1 ActiveMQ broker." in said
    assert "orders" in said
    assert "unit=warehouse" in said


def test_a_plan_for_an_unused_role_says_that_it_is_one_step(watching: Client, account: Account) -> None:
    said = text_of(watching, make_cleanup(account, make_plan(account)).get_absolute_url())

    assert "Nothing uses the role: its deletion is one step." in said
    assert "4 Approve " not in said  # with the blank: a time may stand before "Approved by"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tags": None, "tags_problem": "denied"}, "not readable"),
        ({"last_connection_at": "", "last_connection_known": False}, "not known"),
        ({"last_connection_at": ""}, "none on record"),
        ({"replication": "CRDR"}, "paired: CRDR"),
        ({"actions_required": ("CVE-1",)}, "action required: CVE-1"),
    ],
)
def test_what_is_special_of_a_broker_is_said(
    watching: Client, account: Account, fields: dict[str, Any], words: str
) -> None:
    plan = make_plan(account, planned(account, **fields))

    assert words in text_of(watching, make_cleanup(account, plan).get_absolute_url())


def test_a_rule_that_says_no_is_named_and_takes_the_confirmation_away(operating: Client, account: Account) -> None:
    Account.objects.update(protected=True)
    cleanup = make_cleanup(account, make_plan(account))

    assert "Protected account" in text_of(operating, cleanup.get_absolute_url())
    assert "confirm" not in buttons(operating, cleanup)


def test_regions_that_nobody_saw_are_listed_with_the_reason(watching: Client, account: Account) -> None:
    plan = make_plan(account, unknown={"me-south-1": "mq:ListBrokers was denied."})

    said = text_of(watching, make_cleanup(account, plan).get_absolute_url())

    assert "What could not be seen 1 region" in said
    assert "mq:ListBrokers was denied." in said


@pytest.mark.parametrize(
    ("state", "fields", "expected"),
    [
        (State.DRAFTED, {}, {"rehearse", "redraw", "discard", "approve", "confirm"}),
        (State.DRAFTED, {"requested_by": "operator"}, {"rehearse", "redraw", "discard", "confirm"}),
        (State.AWAITING_APPROVAL, {}, {"rehearse", "discard", "approve"}),
        (State.AWAITING_APPROVAL, {"confirmed_by": "operator"}, {"rehearse", "discard"}),
        (State.DELETING_BROKERS, {}, {"pause", "cancel"}),
        (State.FAILED, {}, {"anew"}),
    ],
)
def test_the_buttons_are_those_that_the_person_may_press(
    operating: Client, account: Account, state: State, fields: dict[str, str], expected: set[str]
) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), state, **fields)

    assert buttons(operating, cleanup) == expected


@pytest.mark.parametrize("state", list(State))
def test_a_viewer_finds_no_button(watching: Client, account: Account, state: State) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), state)

    assert buttons(watching, cleanup) == set()


def test_what_aws_names_as_in_use_leads_to_its_cell(watching: Client, account: Account) -> None:
    html = watching.get(waiting_cleanup(account).get_absolute_url()).content.decode()

    assert f'href="{account.get_absolute_url()}#eu-west-2"' in html
    assert "not in this plan" in html
    assert "2nd try" in html
    assert "next try" in html


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("arn:aws:mq:mars-1:100007654321:broker:x:b-1", "in a region that Rolecall does not know"),
        ("arn:aws:mq:eu-west-1:999999999999:broker:x:b-1", "a resource of another account"),
        ("arn:aws:ec2:eu-west-1:100007654321:vpc-endpoint/v-1", "a resource of ec2, not of Amazon MQ"),
        ("broker x", "not an ARN"),
    ],
)
def test_what_rolecall_does_not_know_is_shown_as_such(
    watching: Client, account: Account, resource: str, words: str
) -> None:
    cleanup = waiting_cleanup(account)
    Cleanup.objects.update(usage=[{"region": "", "named_region": "eu-west-1", "resource": resource}])

    assert words in text_of(watching, cleanup.get_absolute_url())


def test_a_role_that_was_gone_already_is_not_told_as_deleted(watching: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), State.DONE, reason="It was gone already.")
    note(cleanup, State.APPROVED, "look", "Look", "The role is gone.")

    said = text_of(watching, cleanup.get_absolute_url())

    assert "Deleted the role" not in said
    assert "Deleted 1 broker" not in said
    assert "It was gone already." in said


def test_a_role_that_was_made_anew_is_not_told_as_gone(watching: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account), State.DONE, reason="It has been made anew meanwhile.")
    for step in (State.APPROVED, State.DELETING_ROLE, State.VERIFYING):
        note(cleanup, step, "follow", "Follow", "SUCCEEDED")

    said = text_of(watching, cleanup.get_absolute_url())

    assert "role is gone" not in said
    assert "It has been made anew meanwhile." in said


def test_what_was_not_reached_is_not_told_as_done(watching: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), State.FAILED, reason="Denied.")
    note(cleanup, State.DELETING_BROKERS, "mq:DeleteBroker", "Delete orders", "no", deletes=True)

    said = text_of(watching, cleanup.get_absolute_url())

    assert "Delete the role : not reached" in said
    assert "not touched" in said


def test_what_no_answer_came_to_is_not_told_as_untouched(watching: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), State.CANCELLED, started_at=timezone.now())
    arn = cleanup.targets.get().arn
    note(cleanup, State.DELETING_BROKERS, "mq:DeleteBroker", "Delete orders", target=arn, deletes=True)

    said = text_of(watching, cleanup.get_absolute_url())

    assert "perhaps asked to go" in said and "not touched" not in said.replace("The role was not touched", "")
    assert "Perhaps being deleted by AWS, whose answer is not known: 1." in said


def test_brokers_that_stayed_are_not_told_as_deleted(watching: Client, account: Account) -> None:
    """The role was gone already, so that the clean-up ended before its first deletion."""
    plan = make_plan(account, planned(account))
    cleanup = make_cleanup(account, plan, State.DONE, started_at=None, reason="The role was gone already.")

    said = text_of(watching, cleanup.get_absolute_url())

    assert "Nothing was deleted." in said and "The deleted brokers cannot" not in said


def test_a_plan_says_first_what_cannot_be_brought_back(watching: Client, account: Account) -> None:
    plan = make_plan(account, planned(account))

    said = text_of(watching, make_cleanup(account, plan).get_absolute_url())

    assert "Deletes 1 RabbitMQ broker and the role in warehouse-eu. Deleted brokers cannot be brought back." in said


def test_a_plan_of_the_role_alone_warns_of_no_loss_of_brokers(watching: Client, account: Account) -> None:
    assert "cannot be brought back" not in text_of(
        watching, make_cleanup(account, make_plan(account)).get_absolute_url()
    )


@pytest.mark.parametrize(("broker", "shown"), [({}, 0), ({"pending": ("engine version",)}, 1)])
def test_a_column_in_which_there_is_nothing_to_know_is_left_out(
    watching: Client, account: Account, broker: dict[str, Any], shown: int
) -> None:
    keeps = (planned(account, "stock", "eu-west-1", "ActiveMQ"),)
    cleanup = make_cleanup(account, make_plan(account, planned(account, **broker), keeps=keeps))

    html = watching.get(cleanup.get_absolute_url()).content.decode()

    assert html.count(">To know</th>") == shown
    assert f'colspan="{6 + shown}"' in html


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (State.DONE, "The role is deleted.", "The role was deleted at {}; GetRole said NoSuchEntity."),
        (State.DONE, "The role was gone already.", "The role was gone already. Ended at {}."),
        (State.FAILED, "AWS said no. Nothing was deleted.", "AWS said no. Ended at {}."),
    ],
)
def test_what_is_over_says_under_its_title_what_came_of_it(
    watching: Client, account: Account, state: State, reason: str, said: str
) -> None:
    cleanup = make_cleanup(account, make_plan(account), state, reason=reason)

    html = watching.get(cleanup.get_absolute_url()).content.decode()

    assert cleanup.finished_at and 'class="stepper"' not in html
    under = re.sub(r"<[^>]+>", "", html.partition('<p class="result">')[2].partition("</p>")[0])
    assert under == said.format(f"{cleanup.finished_at:%H:%M:%S}")


def test_a_void_plan_shows_what_differs(watching: Client, account: Account) -> None:
    differences = ["New since the plan: arn:aws:mq:eu-west-3:100007654321:broker:late:b-9"]
    cleanup = make_cleanup(account, make_plan(account), State.VOID, differences=differences, reason="It changed.")

    said = text_of(watching, cleanup.get_absolute_url())

    assert "This plan is void." in said
    assert differences[0] in said


def test_a_plan_of_another_version_is_not_guessed_at(watching: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account))
    Cleanup.objects.update(plan_json={"version": 99})

    assert "draw it anew" in text_of(watching, cleanup.get_absolute_url())


def test_markup_in_names_is_escaped(operating: Client, account: Account) -> None:
    plan = make_plan(account, planned(account, EVIL, tags={EVIL: EVIL}), unknown={"me-south-1": EVIL})
    cleanup = make_cleanup(account, plan, State.WAITING, reason=EVIL, requested_by=EVIL, warnings=[EVIL])
    note(cleanup, State.APPROVED, EVIL, EVIL, EVIL, target=EVIL)

    assert EVIL not in operating.get(cleanup.get_absolute_url()).content.decode()


def test_a_page_that_asks_is_left_alone_until_there_is_news(watching: Client, account: Account) -> None:
    cleanup = waiting_cleanup(account)
    html = watching.get(cleanup.get_absolute_url()).content.decode()
    again = re.findall(r'hx-get="([^"]+)"', html)[0]

    quiet = watching.get(again, headers={"HX-Request": "true"})
    Target.objects.update(seen_state="DELETION_IN_PROGRESS")
    news = watching.get(again, headers={"HX-Request": "true"})

    assert quiet.status_code == 204
    assert news.status_code == 200
    assert b"<html" not in news.content
    assert b'id="cleanup-news"' in news.content


def test_the_asking_stops_when_it_is_over(watching: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account), State.DONE)

    response = watching.get(f"{cleanup.get_absolute_url()}?seen=old", headers={"HX-Request": "true"})

    assert response.status_code == 286
    assert b"hx-get" not in response.content


def test_the_journal_leaves_as_csv(watching: Client, account: Account) -> None:
    cleanup = waiting_cleanup(account)

    lines = b"".join(watching.get(f"{cleanup.get_absolute_url()}journal/").streaming_content).decode().splitlines()  # type: ignore[attr-defined]

    assert lines[0].startswith("at,step,action,target,deletes,intent,answer")
    assert len(lines) == 1 + cleanup.journal.count()


def test_the_page_asks_a_bounded_number_of_questions(
    operating: Client, account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    brokers = [planned(account, f"b{number}") for number in range(10)]
    cleanup = make_cleanup(account, make_plan(account, *brokers), State.DELETING_BROKERS)
    for number in range(60):
        note(cleanup, State.DELETING_BROKERS, "mq:DeleteBroker", f"Delete b{number}", at=timezone.now())

    with django_assert_max_num_queries(16):
        operating.get(cleanup.get_absolute_url())
