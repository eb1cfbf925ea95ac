"""The overview: every sentence leads to exactly the rows that it counts, and figures agree."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessCheck, Account, Campaign, Change, Cleanup, Region
from dashboard.access import Shell, visible_accounts
from dashboard.tables.regions import regions_with_counts
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
from tests.dashboard.test_trends import day

pytestmark = pytest.mark.django_db
REGION = "eu-west-1"


def doubtful(check: dict[str, str]) -> Callable[[Account], object]:
    """An account whose last access check said this of its reader role."""

    def make(account: Account) -> None:
        now = timezone.now()
        roles = {"reader_role_arn": account.reader_role_arn, **check}
        AccessCheck.objects.create(account=account, requested_at=now, sent_at=now, checked_at=now, **roles)

    return make


def clean_up(state: str) -> Callable[[Account], object]:
    """A clean-up in this state, confirmed."""
    more = {"confirmed_by": "ana", "confirmed_at": timezone.now()}
    return lambda account: Cleanup.objects.create(account=account, state=state, requested_by="ana", **more)


def failed_twice(account: Account) -> None:
    """The later one alone waits for a person."""
    clean_up("failed")(account)
    clean_up("failed")(account)


def old_cell(account: Account) -> None:
    make_cell(account, REGION, 1, last_ok_at=timezone.now() - timedelta(hours=5))


def failing_regions(account: Account) -> None:
    for region in Region.objects.filter(code__in=("eu-west-1", "eu-west-2")):
        make_cell(account, region.code, None, outcome="unreachable")


# What makes an account one of the counted, and words of the sentence that counts it.
WORLDS: dict[str, tuple[Callable[[Account], object], str]] = {
    "refusing": (unreadable, "let Rolecall in"),
    "unchecked": (doubtful({"reader": "shut"}), "did not pass its access check"),
    "throttled": (lambda a: make_cell(a, REGION, None, outcome="throttled"), "regions that failed"),
    "mistrusted": (lambda a: make_status(a, trust_grade="trust_mismatch"), "somebody else may assume"),
    "drifted": (lambda a: make_status(a, policy_grade="superset", policy_document=own(a)), "policy that differs"),
    "flagged": (lambda a: make_status(a, flags=["inline_policy_present"]), "AWS does not document"),
    "unread": (lambda a: make_status(a, policy_grade="unreadable"), "a policy that could not be read"),
    "untold": (lambda a: make_status(a, trust_grade="unreadable"), "a trust policy that could not be read"),
    "unused": (lambda a: make_status(a, verdict="unused"), "nothing uses"),
    "old": (old_cell, "last answered more than 1 h ago"),
    "failed": (failed_twice, "no new plan has been drawn"),
    "approval": (clean_up("awaiting_approval"), "for a second person"),
    "waiting": (clean_up("waiting"), "before the next try"),
    "published": (lambda a: make_status(a, policy_grade="superset", policy_version="v9"), "which AWS published"),
    "regions": (failing_regions, "in most accounts"),
}
ONE_AND_THREE = [(name, count) for name in WORLDS for count in (1, 3) if (name, count) != ("published", 1)]


def own(account: Account) -> Any:
    """A document that no other account has."""
    return keep({"Statement": account.account_id})


@pytest.mark.parametrize(("name", "count"), ONE_AND_THREE)
def test_a_sentence_leads_to_exactly_the_rows_that_it_counts(watching: Client, name: str, count: int) -> None:
    make, said = WORLDS[name]
    for number in range(1, count + 1):
        make(make_account(number))
    absent(make_account(7))
    make_status(make_account(8, partition="aws-us-gov"))

    (sentence,) = [one for one in watching.get("/").context["attention"] if said in one.said]
    page = watching.get(sentence.url)

    assert sentence.count == (2 if name == "regions" else count)
    assert (page.context["table"].paginator.count if "table" in page.context else 1) == sentence.count


@pytest.mark.parametrize("door", ["shut", "open", "incomplete", "unknown"])
def test_a_check_of_a_role_that_has_been_changed_since_says_nothing(watching: Client, door: str) -> None:
    doubtful({"reader": door, "reader_role_arn": "arn:aws:iam::1:role/before"})(make_account())

    assert not [one for one in watching.get("/").context["attention"] if "access check" in one.said]


def test_the_next_poll_is_that_of_accounts_that_are_polled(watching: Client) -> None:
    now = timezone.now()
    make_account(1, paused=True, next_poll_at=now)
    make_account(2, organization_state="SUSPENDED", next_poll_at=now)
    make_account(3, next_poll_at=now + timedelta(minutes=9))
    make_account(4, next_poll_at=now + timedelta(hours=9))
    work = watching.get("/").context["work"]
    assert (work.next_poll, work.due, work.soon) == (now + timedelta(minutes=9), 0, 1)

    make_account(5, next_poll_at=None)
    page = watching.get("/")

    assert page.context["work"].due == 1


def test_open_clean_ups_are_named_the_newest_first_and_all_are_counted(watching: Client) -> None:
    for number, state in enumerate(("waiting", "done", "verifying", "approved", "awaiting_approval", "failed"), 1):
        clean_up(state)(make_account(number))

    work = watching.get("/").context["work"]

    assert [one.state for one in work.cleanups] == ["awaiting_approval", "approved", "verifying"]
    assert work.open_cleanups == 4


def test_a_change_is_neither_a_first_look_nor_an_answer_that_is_missing(watching: Client) -> None:
    account, now = make_account(1, "orders"), timezone.now()
    kinds = Change.Kind
    for kind, old, new in (
        (kinds.VERDICT, "", "in_use"),
        (kinds.VERDICT, "in_use", "unused"),
        (kinds.OUTCOME, "ok", "denied"),
    ):
        Change.objects.create(account=account, kind=kind, old=old, new=new, at=now)

    page = watching.get("/")

    assert [(one.old, one.new) for one in page.context["work"].changes] == [("In use", "Unused")]
    assert "None lately" not in page.content.decode()


def test_figures_above_the_charts_and_their_last_points_are_the_same(watching: Client) -> None:
    account = make_account()
    make_status(account, verdict="unused")
    make_cell(account, REGION, 7)

    context = watching.get("/").context
    last = {chart.name: chart.last.said for chart in context["trends"].charts}

    assert (last["brokers"], last["unused"]) == (f"≥ {context['census'].brokers}", "1")


def shown(client: Client) -> tuple[list[str], dict[str, str]]:
    """The cards of verdicts as they are read, and the charts' last points."""
    page = client.get("/")
    cards = re.findall(r'<a class="card figure".*?<b>(.*?)</b>', page.content.decode())
    return cards, {chart.name: chart.last.said for chart in page.context["trends"].charts}


def test_a_paused_and_a_closed_account_leave_no_figure_in_doubt(watching: Client) -> None:
    """They are not asked, so that no answer is missing: for good, if they were counted among those to be asked."""
    long_ago = timezone.now() - timedelta(days=40)
    make_status(make_account(1))
    make_status(make_account(2, paused=True), checked_at=long_ago)
    unreadable(make_account(3, organization_state="SUSPENDED"), checked_at=long_ago)

    cards, last = shown(watching)

    assert cards == ["2", "0", "0", "1"]
    assert (last["in_use"], last["roles"]) == ("2", "2")
    assert "2 accounts are paused, or suspended or closed at AWS" in watching.get("/").content.decode()


def test_a_card_and_its_chart_have_the_same_reservation(watching: Client) -> None:
    make_status(make_account(1))
    unreadable(make_account(2))

    cards, last = shown(watching)

    assert cards == ["≥ 1", "≥ 0", "≥ 0", "1"]
    assert (last["in_use"], last["unused"]) == ("≥ 1", "≥ 0")


def test_shortly_after_midnight_the_accounts_that_are_polled_later_are_not_missed(watching: Client) -> None:
    make_status(make_account(1))
    make_status(make_account(2), checked_at=timezone.now() - timedelta(days=1))

    assert shown(watching)[1]["roles"] == "2"


def test_engines_of_which_nothing_was_ever_known_are_no_zeros(watching: Client) -> None:
    make_account()

    assert "? RabbitMQ, ? ActiveMQ, known from" in watching.get("/").content.decode()


def test_an_engine_is_at_least_so_many_while_cells_are_missing_and_a_zero_leads_nowhere(watching: Client) -> None:
    account = make_account()
    make_cell(account, REGION, 7)
    make_broker(account, REGION, "orders")

    page = watching.get("/").content.decode()

    assert re.search(r'<a class="in" href="[^"]*engine=RabbitMQ[^"]*">≥ 7 RabbitMQ</a>, ≥ 0 ActiveMQ,', page)


def test_an_engines_address_has_no_word_that_only_deleted_accounts_know(watching: Client) -> None:
    account, gone = make_account(1), make_account(2)
    make_cell(account, REGION, 1)
    make_broker(account, REGION, "orders")
    make_broker(gone, REGION, "old", engine="RABBITMQ")
    Account.objects.filter(pk=gone.pk).update(archived_at=timezone.now())

    (rabbitmq, _) = watching.get("/").context["engines"]

    assert watching.get(rabbitmq.url).context["table"].paginator.count == 1


def test_a_stopped_campaign_needs_a_person(watching: Client) -> None:
    campaign = Campaign.objects.create(name="Spring", state=Campaign.State.STOPPED, requested_by="ana")
    Cleanup.objects.create(account=make_account(), campaign=campaign, state="void", requested_by="ana")

    (sentence,) = watching.get("/").context["attention"]

    assert (sentence.said, sentence.url) == (
        "campaign has stopped, and waits for a decision: Spring",
        campaign.get_absolute_url(),
    )


def test_a_row_that_no_plan_was_drawn_for_hides_no_failed_clean_up(watching: Client) -> None:
    """A campaign keeps such a row of an account that cannot have a plan."""
    account = make_account()
    clean_up("failed")(account)
    Cleanup.objects.create(account=account, state="void", requested_by="ana", reason="Another one is open.")

    said = [one.said for one in watching.get("/").context["attention"]]
    listed = watching.get("/cleanups/?which=latest").context["table"]

    assert said == ["clean-up failed, and no new plan has been drawn"]
    assert [row.record.state for row in listed.rows] == ["failed"]


def test_what_needs_a_person_stands_with_its_like_the_worst_first(watching: Client) -> None:
    make_status(make_account(1), verdict="unused")
    make_cell(make_account(2), REGION, None, outcome="throttled")
    unreadable(make_account(3))

    tones = [one.tone for one in watching.get("/").context["attention"]]

    assert tones == sorted(tones, key=["bad", "warn", "unused"].index)
    assert {"bad", "warn", "unused"} <= set(tones)


def test_polls_of_a_deleted_account_are_in_no_figure_of_a_sweep(watching: Client) -> None:
    accounts, now = [make_account(1), make_account(2)], timezone.now()
    sweep = seed_sweep(accounts, now)
    sweep.polls.update(calls=10, failing_regions=3)
    Account.objects.filter(pk=accounts[1].pk).update(archived_at=now)

    last, page = watching.get("/").context["last"], watching.get(sweep.get_absolute_url())
    progress = page.context["progress"]

    assert (last.progress.total, last.progress.failing_regions) == (1, 3)
    assert (progress.total, progress.calls, progress.failing_regions) == (1, 10, 3)


@pytest.mark.parametrize("name", ["roles", "in_use", "unused", "drifted"])
def test_a_charts_figure_leads_to_exactly_its_rows(watching: Client, name: str) -> None:
    make_status(make_account(1), verdict="unused", policy_grade="superset", policy_document=own(make_account(5)))
    make_status(make_account(2))
    absent(make_account(3))

    (chart,) = [chart for chart in watching.get("/").context["trends"].charts if chart.name == name]

    assert watching.get(chart.url).context["table"].paginator.count == chart.last.value


def test_an_overview_without_any_poll_has_no_chart_and_says_so(watching: Client) -> None:
    make_account()

    assert "the first line begins with the first day" in watching.get("/").content.decode()


def test_the_first_day_says_that_a_line_needs_two(watching: Client) -> None:
    make_status(make_account())

    page = watching.get("/").content.decode()

    assert "One day so far; a line needs two." in page
    assert 'class="line' not in page


def test_stored_days_are_drawn_before_today(watching: Client) -> None:
    make_status(make_account())
    day(timezone.now().astimezone(UTC).date() - timedelta(days=1)).save()

    (roles, *_) = watching.get("/").context["trends"].charts

    assert [point.value for point in roles.points] == [10, 1]


def test_regions_are_counted_for_the_accounts_that_one_may_see() -> None:
    first, second = make_account(1), make_account(2)
    make_cell(first, REGION, 3)
    make_cell(second, REGION, 4, outcome="throttled")
    make_cell(second, "us-east-1", None, outcome="assume_denied")
    make_cell(first, "us-east-1", None, outcome="region_disabled")

    rows = {row.code: row for row in regions_with_counts(visible_accounts(Shell.OPERATOR))}
    one = regions_with_counts(Account.objects.filter(pk=second.pk), REGION).get()

    assert counts(rows[REGION]) == (2, 1, 0, 1, 1, 7)
    assert counts(rows["us-east-1"]) == (2, 0, 1, 1, 0, None)
    assert counts(rows["cn-north-1"]) == (0, 0, 0, 0, 0, None)
    assert counts(one) == (1, 0, 0, 1, 1, 4)


def test_a_region_that_is_not_polled_keeps_its_brokers_and_answers_nothing() -> None:
    make_cell(make_account(), REGION, 3)
    Region.objects.filter(code=REGION).update(polled=False)

    assert counts(regions_with_counts(Account.objects.all(), REGION).get()) == (1, 0, 0, 0, 0, 3)


def counts(row: Any) -> tuple[int | None, ...]:
    return row.accounts, row.answering, row.disabled, row.failing, row.silent, row.known_brokers
