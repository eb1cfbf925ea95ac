"""The account's page: what it says of each state, and that nothing unread is vouched for."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.checklist import Mark
from accounts.domain.policy import compare_policy
from accounts.domain.protection import Freeze, Protection
from accounts.domain.role import POLICY_DOCUMENT, policy_arn
from accounts.models import Account, Change, Cleanup, Poll, PollingPause
from dashboard.account_polling import poll_mark
from tests.dashboard.factories import (
    absent,
    keep,
    make_account,
    make_broker,
    make_cell,
    make_status,
    seed_sweep,
    unreadable,
)
from tests.dashboard.test_pages import text_of


@pytest.fixture
def account(db: None) -> Account:
    return make_account(cleaner_role_arn="arn:aws:iam::100007654321:role/cleaner")


def page_of(client: Client, account: Account, query: str = "") -> str:
    return text_of(client, f"{account.get_absolute_url()}{query}")


def deny(account: Account) -> None:
    """Read three days ago, refused since."""
    then = timezone.now() - timedelta(days=3)
    refused = {"outcome": "denied", "permission": "iam:GetRole", "last_ok_at": then}
    make_status(account, verdict="unknown", policy_outcome="denied", policy_last_ok_at=then, **refused)


def test_a_policy_that_could_not_be_read_now_grants_nothing_and_says_what_it_granted(
    watching: Client, account: Account
) -> None:
    deny(account)

    text = page_of(watching, account)

    assert "12 ? unknown" in text
    assert "✓ granted" not in text
    assert "granted 3 d ago" in text
    assert "As last known: The policy is the documented one." in text


def test_facts_that_could_not_be_read_now_do_not_agree(watching: Client, account: Account) -> None:
    deny(account)

    assert "✓ as documented" not in page_of(watching, account)


def test_a_documented_role_agrees_with_the_guide(watching: Client, account: Account) -> None:
    make_status(account, attached_policy_arns=[policy_arn("aws")])

    text = page_of(watching, account)

    assert text.count("✓ as documented") == 7
    assert "≠ differs" not in text


def test_a_role_that_was_never_used_says_how_far_back_that_is_known(watching: Client, account: Account) -> None:
    status = make_status(account, role_created_at=timezone.now() - timedelta(days=4000))
    assert "as far back as IAM remembers" in page_of(watching, account)

    status.role_created_at = timezone.now() - timedelta(days=20)
    status.save()
    assert "when it was created" in page_of(watching, account)


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (lambda a: None, "Poll it to learn whether it has the role."),
        (lambda a: unreadable(a), "Let Rolecall in: the reader role cannot be assumed."),
        (deny, "Allow iam:GetRole to the reader role."),
        (lambda a: absent(a), "Nothing: AWS creates the role with the next RabbitMQ broker."),
        (lambda a: make_status(a, verdict="unused"), "Plan its deletion."),
        (lambda a: make_status(a, trust_grade="trust_mismatch"), "Find out who else may assume the role."),
        (lambda a: make_status(a, policy_grade="missing_actions"), "See how its policy differs from the documented"),
        (lambda a: make_status(a, policy_grade="missing_actions", verdict="unused"), "Plan its deletion."),
        (lambda a: make_status(a, flags=["path_mismatch"]), "Find out who made a role of AWS’s name."),
        (lambda a: make_status(a), "Nothing, while its brokers are wanted."),
    ],
)  # fmt: skip
def test_each_state_has_its_one_next_step(operating: Client, account: Account, make: Any, step: str) -> None:
    make(account)

    html = operating.get(account.get_absolute_url()).content.decode()

    assert f"Next: {step}" in " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert html.count("button primary") <= 1


def test_a_viewer_is_offered_no_act(watching: Client, account: Account) -> None:
    make_status(account, verdict="unused")

    html = watching.get(account.get_absolute_url()).content.decode()

    assert "An operator can do that." in html
    assert "<button" not in html.split('id="account-live"')[1].split("</main>")[0]


def test_an_open_clean_up_is_the_next_step(operating: Client, account: Account) -> None:
    make_status(account, verdict="unused")
    cleanup = Cleanup.objects.create(account=account, state="awaiting_approval", requested_by="olga")

    text = page_of(operating, account)

    assert f"Next: {cleanup} is awaiting approval." in text


def test_what_stops_a_deletion_is_listed_with_where_to_mend_it(
    watching: Client, account: Account, settings: Settings
) -> None:
    now = timezone.now()
    settings.CLEANUP_PROTECTION = Protection(
        name_words=("account",), max_brokers=1, freezes=(Freeze(now - timedelta(days=1), now + timedelta(days=1)),)
    )
    Account.objects.update(cleaner_role_arn="")
    make_status(account)
    make_cell(account, "us-east-1", 2)
    make_cell(account, "eu-west-1", None, outcome="denied")
    make_broker(account, "us-east-1", "orders")
    make_broker(account, "us-east-1", "payments")

    html = watching.get(account.get_absolute_url()).content.decode()

    for said in ("2 RabbitMQ brokers: orders, payments", "the word “account”", "no cleaner role", "the most is 1"):
        assert said in html
    assert "a freeze holds" in html
    assert 'href="#region-us-east-1"' in html


def test_a_regions_row_is_its_anchor_and_leads_to_the_region(watching: Client, account: Account) -> None:
    make_cell(account, "us-east-1", 3)

    html = watching.get(account.get_absolute_url()).content.decode()

    assert '<tr id="region-us-east-1">' in html
    assert 'href="/regions/us-east-1/"' in html


def test_all_brokers_are_sorted_and_exported_from_the_accounts_page(watching: Client, account: Account) -> None:
    make_cell(account, "us-east-1", 1)
    make_broker(account, "us-east-1", "a", instance_type="mq.t3.micro")
    make_broker(account, "eu-west-1", "b", instance_type="mq.m5.large")
    make_broker(make_account(2), "eu-west-1", "elsewhere")

    response = watching.get(f"{account.get_absolute_url()}?sort=-name&_export=csv")

    rows = list(csv.DictReader(StringIO(b"".join(response).decode())))
    assert [(row["name"], row["knowledge"]) for row in rows] == [("b", "old"), ("a", "current")]
    assert f"brokers-{account.account_id}" in response["Content-Disposition"]


def test_a_heading_of_the_brokers_leads_back_to_the_brokers(watching: Client, account: Account) -> None:
    make_broker(account, "us-east-1", "a")

    assert "?sort=name#brokers" in watching.get(account.get_absolute_url()).content.decode()


def changes(account: Account, count: int, **fields: Any) -> None:
    now = timezone.now()
    Change.objects.bulk_create(
        Change(account=account, at=now - timedelta(hours=7 * number), **fields) for number in range(count)
    )


def test_the_timeline_is_grouped_by_day_and_older_ones_are_a_page_away(watching: Client, account: Account) -> None:
    changes(account, 50, kind="brokers", old="1 RabbitMQ, 0 ActiveMQ", new="2 RabbitMQ, 0 ActiveMQ")

    first = watching.get(account.get_absolute_url()).context["timeline"]
    second = watching.get(f"{account.get_absolute_url()}?{first.older}").context["timeline"]

    shown = [entry.change.at for _, entries in (*first.days, *second.days) for entry in entries]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == len(set(shown)) == 50
    assert len({day for day, _ in first.days}) == len(first.days)
    assert (first.newer, second.older) == ("", "")


def test_the_timeline_is_narrowed_by_kind_and_says_how_many_each_has(watching: Client, account: Account) -> None:
    changes(account, 3, kind="brokers", new="x")
    changes(account, 2, kind="outcome", region_code="us-east-1", old="ok", new="denied")

    page = watching.get(f"{account.get_absolute_url()}?kind=outcome").context["timeline"]

    entries = [entry for _, entries in page.days for entry in entries]
    assert [(entry.old, entry.new, entry.tone) for entry in entries] == [("answered", "denied", "bad")] * 2
    assert [(choice.word, choice.count, choice.chosen) for choice in page.choices] == [
        ("All", 5, False),
        ("Brokers", 3, False),
        ("Answers", 2, True),
    ]


@pytest.mark.parametrize("query", ["?kind=nonsense", "?history=0", "?history=x", "?history=99999"])
def test_an_address_that_asks_for_no_page_of_the_history_gets_one(
    watching: Client, account: Account, query: str
) -> None:
    changes(account, 2, kind="brokers", new="x")

    assert watching.get(f"{account.get_absolute_url()}{query}").context["timeline"].days


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"paused": True}, "paused The schedule leaves this account out"),
        ({"failed_polls": 2}, "the account refused the last 2 polls, and each doubles it, up to 6 h: now every 1 h"),
        ({"poll_interval_seconds": 7200}, "Its own interval is 2 h, give or take 10 %."),
        ({}, "The interval of all accounts is 15 min, give or take 10 %."),
    ],
)
def test_the_next_poll_says_why_then(watching: Client, account: Account, fields: dict[str, Any], words: str) -> None:
    due = timezone.now() + timedelta(minutes=8, seconds=30)
    Account.objects.filter(pk=account.pk).update(next_poll_at=due, **fields)

    text = page_of(watching, account)

    assert words in text
    assert ("in 8 min" in text) is not fields.get("paused", False)


def test_a_pause_of_all_polling_is_why_there_is_no_next_poll(watching: Client, account: Account) -> None:
    PollingPause.objects.create(by="olga")

    assert "paused for all accounts By olga since" in page_of(watching, account)


def test_an_accounts_page_follows_its_own_open_poll(watching: Client, account: Account) -> None:
    seed_sweep([make_account(2), make_account(3), account], timezone.now(), running=True)

    html = watching.get(account.get_absolute_url()).content.decode()
    response = watching.get(f"{account.get_absolute_url()}following/")

    assert html.count("/following/") == response.content.count(b"/following/") == 1
    assert "Waits for a worker" in html
    assert "<noscript>" in html


def test_the_end_of_a_poll_leaves_another_mark_and_is_told_to_the_reader(watching: Client, account: Account) -> None:
    make_status(account, verdict="unused")
    sweep = seed_sweep([account], timezone.now())
    address = f"{account.get_absolute_url()}following/"

    response = watching.get(f"{address}?seen=0").content.decode()

    assert f'data-mark="{sweep.polls.get().pk}done"' in response
    assert "has been polled. Its role: Unused." in response


def test_the_end_of_a_poll_that_a_newer_one_overtook_is_news(watching: Client, account: Account) -> None:
    older, newer = (seed_sweep([account], timezone.now()).polls.get() for _ in range(2))
    Poll.objects.filter(pk=older.pk).update(state="queued")
    seen = poll_mark(account.account_id)

    Poll.objects.filter(pk=older.pk).update(state="done")

    assert (seen, poll_mark(account.account_id)) == (f"{newer.pk}done.{older.pk}queued", f"{newer.pk}done")
    assert watching.get(f"{account.get_absolute_url()}following/?seen={seen}").status_code == 200


def test_a_page_without_an_open_poll_asks_seldom_and_gets_nothing_while_nothing_is_new(
    watching: Client, account: Account
) -> None:
    poll = seed_sweep([account], timezone.now()).polls.get()

    html = watching.get(account.get_absolute_url()).content.decode()
    again = watching.get(f"{account.get_absolute_url()}following/?seen={poll.pk}done")

    assert "every 2s" not in html
    assert f'/following/?seen={poll.pk}done" hx-swap="outerHTML" hx-trigger="every 30s' in html
    assert f'id="account-live" class="account" data-follows="{poll.pk}done"' in html
    assert (again.status_code, again.content) == (204, b"")


def test_owner_notes_unit_environment_and_tags_are_shown_and_can_be_edited(operating: Client, account: Account) -> None:
    about = {"owner": "Orders team", "unit": "Workloads/Prod", "notes": "Ask first.\nThen wait."}
    Account.objects.filter(pk=account.pk).update(tags={"env": "staging", "team": "orders"}, **about)

    html = operating.get(account.get_absolute_url()).content.decode()

    for said in ("Orders team", "Workloads/Prod", "Ask first.<br>Then wait.", "team=orders", "staging"):
        assert said in html
    assert f"/onboarding/{account.account_id}/edit/" in html


def test_markup_in_what_people_and_aws_say_stays_text(operating: Client, account: Account) -> None:
    evil = "<script>alert(1)</script>"
    live = {**POLICY_DOCUMENT, "Statement": [{"Effect": "Allow", "Action": evil, "Resource": evil}]}
    make_status(account, policy_document=keep(live), policy_grade="missing_actions", description=evil)
    Account.objects.filter(pk=account.pk).update(owner=evil, notes=evil, unit=evil, tags={evil: evil})
    changes(account, 1, kind="outcome", old=evil, new=evil, detail=evil, region_code="us-east-1")

    html = operating.get(account.get_absolute_url()).content.decode()

    assert evil not in html
    assert "&lt;script&gt;" in html


def test_the_differing_words_are_marked_by_more_than_colour(watching: Client, account: Account) -> None:
    live = keep({**POLICY_DOCUMENT, "Version": "2008-10-17"})
    make_status(account, policy_document=live, policy_grade="missing_actions")

    html = watching.get(account.get_absolute_url()).content.decode()

    assert "<del>2012</del>" in html or "<del>2012-10-17</del>" in html
    assert "<ins>2008" in html
    assert '<i class="visually-hidden">changed: </i>' in html


def test_what_a_policy_lacks_is_said_once_and_stands_first(watching: Client, account: Account) -> None:
    fewer = {**POLICY_DOCUMENT, "Statement": POLICY_DOCUMENT["Statement"][:-1]}  # type: ignore[index]
    compared = compare_policy(fewer, "aws")
    make_status(account, policy_document=keep(fewer), policy_grade=compared.grade, policy_detail=compared.reason,
                policy_version="v5", flags=["newer_version"])  # fmt: skip

    html = watching.get(account.get_absolute_url()).content.decode()
    card = html.split('id="permissions"')[1].split("</section>")[0]

    assert html.count("note-box") == card.count("note-box") == 1
    assert f"{compared.finding}. It is newer than the documented v1, and only AWS publishes versions." in card
    assert "has AWS published" not in html and "AWS has published" not in html
    assert card.index("✕ not granted") < card.index('id="granted"') < card.index('"grade ok">✓ granted')
    assert "<code>logs:CreateLogStream</code>" in card and "<small>in the guide: CreateLogStream</small>" in card


def test_a_policy_that_is_not_attached_grants_none_of_the_twelve(watching: Client, account: Account) -> None:
    make_status(account, policy_grade="not_attached", policy_document=None, policy_version="")

    found = watching.get(account.get_absolute_url()).context["checklist"]

    assert found.count(Mark.NOT_GRANTED) == 12
