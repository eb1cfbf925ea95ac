"""Campaigns: many plans under one decision, so many at once, a stop at the first surprise; against the local AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.cleanups import ENDS, State
from accounts.models import Account, AuditEntry, Campaign, Cleanup
from accounts.services.cleanups import drawing, gates
from accounts.services.cleanups.campaign_acts import (
    approve_campaign,
    cancel_campaign,
    confirm_campaign,
    create_campaign,
    offer_of,
    resume_campaign,
)
from accounts.services.cleanups.campaigns import may_begin, progress_of_campaign, surprises_of, tend_campaigns
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.running import advance
from dashboard.demo.local_aws.client import LocalAws

pytestmark = pytest.mark.django_db
Cleanable = Callable[..., Account]
BROKER = [{"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}]


@pytest.fixture(autouse=True)
def _few_regions(settings: Settings) -> None:
    """One look for each account is enough here."""
    settings.POLL_THREADS = 4


def drawn(accounts: Iterable[Account], person: str = "ana") -> Campaign:
    """A campaign over these accounts, looked at and drafted."""
    chosen = Account.objects.filter(pk__in=[account.pk for account in accounts])
    campaign = create_campaign(chosen, person)
    for cleanup in campaign.cleanups.filter(state=State.DRAFTED):
        drawing.draw(cleanup.pk)
    return tended(campaign)


def tended(campaign: Campaign) -> Campaign:
    tend_campaigns()
    campaign.refresh_from_db()
    return campaign


def confirmed(campaign: Campaign, person: str = "ana") -> Campaign:
    offer = offer_of(campaign)
    return confirm_campaign(campaign, person, offer.phrase, offer.sha256)


def one_step_each(campaign: Campaign) -> int:
    """Carry on whatever is due, once, as workers do; says how many were in work at most."""
    due = list(campaign.cleanups.filter(pk__in=Cleanup.objects.due(timezone.now())))
    for cleanup in due:
        advance(cleanup.pk)
    working = progress_of_campaign(campaign).working
    tended(campaign)
    return working


def run(campaign: Campaign) -> int:
    """Work a campaign off, or to its stop; says how many accounts were in work at once at most."""
    most = 0
    for _ in range(600):
        if campaign.state != Campaign.State.RUNNING:
            break
        most = max(most, one_step_each(campaign))
        time.sleep(0.01)
    return most


def states(campaign: Campaign) -> dict[str, str]:
    return dict(campaign.cleanups.order_by("account__name").values_list("account__name", "state"))


def test_unused_roles_of_three_accounts_go_under_one_phrase(cleanable: Cleanable, aws: LocalAws) -> None:
    accounts = [cleanable() for _ in range(3)]
    campaign = drawn(accounts)

    assert offer_of(campaign).phrase == "delete 3 from 3 accounts"
    run(confirmed(campaign))

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.DONE and campaign.finished_at
    assert not any(aws.account(account.account_id)["role_present"] for account in accounts)
    assert progress_of_campaign(campaign).done == 3


def test_nothing_begins_before_the_campaign_is_confirmed(cleanable: Cleanable, aws: LocalAws) -> None:
    campaign = drawn([cleanable(), cleanable()])
    child = campaign.cleanups.order_by("pk")[0]

    assert child.plan is not None
    gates.confirm(child, "ana", child.plan.phrase, child.plan_sha256)
    advance(child.pk)

    child.refresh_from_db()
    assert child.state == State.APPROVED and not may_begin(child)


@pytest.mark.parametrize("brokers", [[], BROKER], ids=["role alone", "a broker, too"])
def test_a_plan_that_was_confirmed_on_its_own_page_goes_with_the_others(
    cleanable: Cleanable, brokers: list[dict[str, str]]
) -> None:
    campaign = drawn([cleanable(brokers=brokers), cleanable()])
    child = campaign.cleanups.order_by("pk")[0]
    assert child.plan is not None
    gates.confirm(child, "ana", child.plan.phrase, child.plan_sha256)

    offer = offer_of(campaign)
    campaign = confirmed(campaign)

    assert len(offer.ready) == 2
    assert campaign.state == (Campaign.State.AWAITING_APPROVAL if brokers else Campaign.State.RUNNING)
    assert offer_of(campaign).sha256 == offer.sha256 or not brokers


def test_refused_accounts_are_named_and_left_out(cleanable: Cleanable, watched: Cleanable, aws: LocalAws) -> None:
    good, shut = cleanable(), watched()
    campaign = drawn([good, shut])
    offer = offer_of(campaign)

    assert [cleanup.account for cleanup in offer.ready] == [good]
    assert "has no cleaner role" in next(iter(offer.refused.values()))
    assert offer.phrase == "delete 1 from 1 account"
    run(confirmed(campaign))

    assert sorted(states(campaign).values()) == ["cancelled", "done"]
    assert "Left out when Campaign" in campaign.cleanups.get(account=shut).reason
    assert aws.account(shut.account_id)["role_present"]


def test_an_account_with_a_clean_up_under_way_is_listed_and_not_disturbed(cleanable: Cleanable) -> None:
    busy, free = cleanable(), cleanable()
    other = Cleanup.objects.create(account=busy, state=State.APPROVED, confirmed_by="ben", confirmed_at=timezone.now())

    campaign = drawn([busy, free])

    left_out = campaign.cleanups.get(account=busy)
    assert left_out.state == State.VOID and str(other) in left_out.reason
    other.refresh_from_db()
    assert other.state == State.APPROVED


@pytest.mark.parametrize("phrase", ["delete 2 from 1 account", "delete 1 from 2 accounts", ""])
def test_a_wrong_phrase_confirms_nothing(cleanable: Cleanable, phrase: str) -> None:
    campaign = drawn([cleanable(), cleanable()])

    with pytest.raises(Refused, match="delete 2 from 2 accounts"):
        confirm_campaign(campaign, "ana", phrase, offer_of(campaign).sha256)
    assert set(states(campaign).values()) == {State.DRAFTED}


def test_plans_other_than_those_seen_are_not_confirmed(cleanable: Cleanable) -> None:
    first, second = cleanable(), cleanable()
    campaign = drawn([first, second])
    seen = offer_of(campaign)
    Account.objects.filter(pk=second.pk).update(protected=True)

    with pytest.raises(Refused, match="have changed since you saw them"):
        confirm_campaign(campaign, "ana", seen.phrase, seen.sha256)
    assert set(states(campaign).values()) == {State.DRAFTED}


def test_brokers_need_a_second_person_for_all_of_it(cleanable: Cleanable, aws: LocalAws) -> None:
    campaign = confirmed(drawn([cleanable(brokers=BROKER), cleanable()]))
    offer = offer_of(campaign)

    assert campaign.state == Campaign.State.AWAITING_APPROVAL
    with pytest.raises(Refused, match="neither asked for it nor confirmed it"):
        approve_campaign(campaign, "ana", offer.sha256)
    with pytest.raises(Refused, match="have changed"):
        approve_campaign(campaign, "ben", "0" * 64)
    assert not [call for call in aws.log() if call["action"].startswith("Delete")]

    run(approve_campaign(campaign, "ben", offer.sha256))
    assert set(states(campaign).values()) == {State.DONE}


def test_no_more_than_so_many_are_in_work_at_once(cleanable: Cleanable, settings: Settings) -> None:
    settings.CLEANUP_AT_ONCE = 2
    campaign = confirmed(drawn([cleanable() for _ in range(5)]))

    most = run(campaign)

    assert most == 2
    assert set(states(campaign).values()) == {State.DONE}


def test_the_first_surprise_stops_all_that_have_not_begun(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    settings.CLEANUP_AT_ONCE = 1
    accounts = [cleanable() for _ in range(3)]
    campaign = confirmed(drawn(accounts))
    aws.add_broker(accounts[0].account_id, "eu-west-1", "new-one")

    run(campaign)

    assert campaign.state == Campaign.State.STOPPED
    assert list(states(campaign).values()) == [State.VOID, State.APPROVED, State.APPROVED]
    assert accounts[0].name in campaign.reason
    advance(campaign.cleanups.get(account=accounts[1]).pk)
    assert aws.account(accounts[1].account_id)["role_present"]


def test_a_person_goes_on_after_a_stop(cleanable: Cleanable, aws: LocalAws, settings: Settings) -> None:
    settings.CLEANUP_AT_ONCE = 1
    accounts = [cleanable() for _ in range(2)]
    campaign = confirmed(drawn(accounts))
    aws.add_broker(accounts[0].account_id, "eu-west-1", "new-one")
    run(campaign)

    with pytest.raises(Refused, match=accounts[0].name):
        resume_campaign(campaign, "ana", seen=[])
    campaign = resume_campaign(campaign, "ana", [cleanup.pk for cleanup in surprises_of(campaign)])
    run(campaign)

    assert campaign.state == Campaign.State.DONE
    assert list(states(campaign).values()) == [State.VOID, State.DONE]


def test_the_rest_is_cancelled_and_what_runs_goes_on(cleanable: Cleanable, aws: LocalAws, settings: Settings) -> None:
    settings.CLEANUP_AT_ONCE = 1
    aws.set(role_delete_seconds=0.5)
    accounts = [cleanable() for _ in range(2)]
    campaign = confirmed(drawn(accounts))
    one_step_each(campaign)

    said = cancel_campaign(campaign, "ana")
    running = campaign.cleanups.get(account=accounts[0])
    for _ in range(200):
        running.refresh_from_db()
        if running.state in ENDS:
            break
        advance(running.pk)
        time.sleep(0.02)  # AWS takes half a second, however fast the machine asks

    assert said.startswith("1 not begun: cancelled. 1 begun")
    assert list(states(campaign).values()) == [State.DONE, State.CANCELLED]
    assert aws.account(accounts[1].account_id)["role_present"]


def test_an_approval_that_ran_out_stops_it_and_is_given_anew(
    cleanable: Cleanable, aws: LocalAws, settings: Settings
) -> None:
    campaign = confirmed(drawn([cleanable(brokers=BROKER)]))
    campaign = approve_campaign(campaign, "ben", offer_of(campaign).sha256)
    campaign.cleanups.update(approved_at=timezone.now() - timedelta(hours=13))

    run(campaign)
    assert campaign.state == Campaign.State.STOPPED and "approval ran out" in campaign.reason
    campaign = resume_campaign(campaign, "ana", [cleanup.pk for cleanup in surprises_of(campaign)])
    assert campaign.state == Campaign.State.AWAITING_APPROVAL
    run(approve_campaign(campaign, "ben", offer_of(campaign).sha256))

    assert set(states(campaign).values()) == {State.DONE}


def test_a_look_that_failed_does_not_hold_the_others_up(cleanable: Cleanable, aws: LocalAws) -> None:
    blind, good = cleanable(), cleanable()
    aws.add_fault(account=blind.account_id, service="sts", action="AssumeRole", status=403, code="AccessDenied")

    campaign = drawn([blind, good])
    offer = offer_of(campaign)

    assert campaign.state == Campaign.State.DRAFTED
    assert [cleanup.account for cleanup in offer.ready] == [good]
    assert "assume" in offer.refused[campaign.cleanups.get(account=blind).pk]


def test_a_campaign_all_of_whose_plans_were_replaced_ends(cleanable: Cleanable) -> None:
    account = cleanable()
    first = drawn([account])

    drawn([account], "ben")

    assert tended(first).state == Campaign.State.CANCELLED
    assert "row" in first.reason


def test_nobody_is_chosen_so_there_is_no_campaign(db: None) -> None:
    with pytest.raises(Refused, match="No account is chosen"):
        create_campaign(Account.objects.none(), "ana")


def test_who_asked_confirmed_and_cancelled_is_on_record(cleanable: Cleanable) -> None:
    campaign = confirmed(drawn([cleanable(brokers=BROKER)]))

    cancel_campaign(campaign, "ben")

    acts = AuditEntry.objects.filter(subject=str(campaign)).order_by("pk").values_list("actor", "action")
    assert list(acts) == [
        ("ana", "ask for campaign"),
        ("Rolecall", "campaign drafted"),
        ("ana", "confirm campaign"),
        ("ben", "cancel campaign"),
    ]


def begun_and_stopped(accounts: Iterable[Account]) -> Campaign:
    """Approved, each with its place, and stopped before any of them has taken its first step."""
    campaign = confirmed(drawn(accounts))
    campaign = approve_campaign(campaign, "ben", offer_of(campaign).sha256)
    assert progress_of_campaign(campaign).working == len(states(campaign))
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.STOPPED)
    return campaign


def test_whoever_approves_anew_is_shown_all_that_begins_by_it(cleanable: Cleanable, settings: Settings) -> None:
    settings.CLEANUP_AT_ONCE = 2
    campaign = begun_and_stopped([cleanable(brokers=BROKER), cleanable(brokers=BROKER)])
    campaign.cleanups.update(approved_at=timezone.now() - timedelta(hours=13))
    one_step_each(campaign)

    campaign = resume_campaign(campaign, "ana", [cleanup.pk for cleanup in surprises_of(campaign)])

    assert campaign.state == Campaign.State.AWAITING_APPROVAL
    assert {cleanup.account.name for cleanup in offer_of(campaign).ready} == set(states(campaign))


def test_nothing_is_approved_beside_what_the_hash_covers(cleanable: Cleanable) -> None:
    campaign = confirmed(drawn([cleanable(brokers=BROKER), cleanable(brokers=BROKER)]))
    hidden = campaign.cleanups.first()
    assert hidden is not None
    campaign.cleanups.filter(pk=hidden.pk).update(turn_at=timezone.now())

    approve_campaign(campaign, "ben", offer_of(campaign).sha256)

    hidden.refresh_from_db()
    assert (hidden.state, hidden.approved_by) == (State.AWAITING_APPROVAL, "")


def test_one_that_waits_before_its_first_look_is_cancelled_with_the_rest(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()
    campaign = confirmed(drawn([account]))
    aws.add_fault(account=account.account_id, region="eu-west-1", action="ListBrokers", times=2, status=503)
    one_step_each(campaign)
    assert list(states(campaign).values()) == [State.WAITING]

    said = cancel_campaign(campaign, "ana")
    advance(campaign.cleanups.get().pk)

    assert said.startswith("1 not begun: cancelled. 0 begun")
    assert list(states(campaign).values()) == [State.CANCELLED]
    assert aws.account(account.account_id)["role_present"]


@pytest.mark.parametrize("act", ["confirm", "approve"])
def test_what_is_left_out_does_not_begin_whatever_was_done_on_its_own_page(cleanable: Cleanable, act: str) -> None:
    out, good = cleanable(brokers=BROKER), cleanable()
    campaign = drawn([out, good])
    child = campaign.cleanups.get(account=out)
    assert child.plan is not None
    if act == "confirm":
        gates.confirm(child, "ben", child.plan.phrase, child.plan_sha256)
    else:
        gates.approve(child, "ben", child.plan_sha256)
    Account.objects.filter(pk=out.pk).update(protected=True)

    confirmed(campaign)

    child.refresh_from_db()
    assert child.state == State.CANCELLED and "Left out when Campaign" in child.reason


@pytest.mark.parametrize("decided", [False, True], ids=["drafted", "awaiting approval"])
def test_a_campaign_whose_plans_have_expired_comes_to_its_end(cleanable: Cleanable, decided: bool) -> None:
    campaign = drawn([cleanable(brokers=BROKER), cleanable()])
    campaign = confirmed(campaign) if decided else campaign
    campaign.cleanups.update(expires_at=timezone.now())

    assert gates.void_expired() == 2

    assert tended(campaign).state == (Campaign.State.DONE if decided else Campaign.State.CANCELLED)
    assert set(states(campaign).values()) == {State.VOID}
