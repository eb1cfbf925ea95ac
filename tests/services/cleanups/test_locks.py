"""Who holds an account or a clean-up while somebody else needs it: both end, in real transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import Account, AuditEntry, Campaign, Cleanup, Sweep
from accounts.services.cleanups import claims
from accounts.services.cleanups.campaign_acts import (
    approve_campaign,
    cancel_campaign,
    confirm_campaign,
    create_campaign,
    offer_of,
)
from accounts.services.cleanups.campaigns import locked_campaigns
from accounts.services.cleanups.drawing import redraw, request_plan
from accounts.services.cleanups.ending import end
from accounts.services.cleanups.errors import Refused
from tests.dashboard.cleanup_factories import give_cleaner, make_cleanup, make_plan, note, planned
from tests.services.test_region_races import at_once, hold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def make_cleanable(make_account: Callable[..., Account]) -> Callable[..., Account]:
    """Make accounts that have a cleaner role; AWS is not asked here."""

    def make(**fields: object) -> Account:
        account = make_account(**fields)
        give_cleaner(account)
        return account

    return make


def drafted(accounts: list[Account], *brokers: str) -> Campaign:
    """A campaign over these accounts whose plans are drawn."""
    campaign = Campaign.objects.create(name="Autumn", requested_by="ana", state=Campaign.State.DRAFTED)
    for account in accounts:
        make_cleanup(account, make_plan(account, *(planned(account, name) for name in brokers)), campaign=campaign)
    return campaign


def meanwhile(first: Callable[[], object], second: Callable[[], Any], then: Callable[[], object]) -> Any:
    """Do the second, which must not wait, while the first has not committed; go on, and give what the second gave."""

    def come_second() -> Any:
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        first()
        gave = pool.submit(come_second).result(10)
        then()
    return gave


def elsewhere(question: Callable[[], Any]) -> Any:
    """What another connection answers: only what is committed."""
    return meanwhile(lambda: None, question, lambda: None)


def test_a_campaign_locks_accounts_in_the_order_of_everybody(make_cleanable: Callable[..., Account]) -> None:
    first, second = make_cleanable(name="zeta"), make_cleanable(name="alpha")

    at_once(lambda: hold(first), lambda: create_campaign(Account.objects.all(), "ana"), then=lambda: hold(second))

    campaign = Campaign.objects.get()
    assert campaign.name == "Campaign over 2 accounts"
    assert [one.account for one in campaign.cleanups.order_by("pk")] == [second, first]  # worked off by name
    assert set(campaign.cleanups.values_list("state", flat=True)) == {State.DRAFTED}


def test_many_accounts_are_held_no_longer_than_few(
    make_cleanable: Callable[..., Account], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(30):
        account = make_cleanable()
        if number % 3:
            make_cleanup(account, make_plan(account), State.DRAFTED if number % 2 else State.APPROVED)

    with django_assert_max_num_queries(15):
        campaign = create_campaign(Account.objects.all(), "ana")

    states = Counter(campaign.cleanups.values_list("state", flat=True))
    assert states == {State.DRAFTED: 20, State.VOID: 10}
    replaced = Cleanup.objects.filter(campaign=None, state=State.VOID)
    assert sorted(one.reason for one in replaced) == sorted(
        f"Replaced by clean-up {campaign.cleanups.get(account=one.account).pk}" for one in replaced
    )
    assert AuditEntry.objects.filter(action="plan clean-up").exclude(account_number="").count() == 20


@pytest.mark.parametrize("many", [False, True], ids=["one plan", "a campaign"])
def test_a_plan_does_not_wait_for_a_clean_up_that_is_ending(make_cleanable: Callable[..., Account], many: bool) -> None:
    account = make_cleanable()
    made = make_cleanup(account, make_plan(account, planned(account)), State.DELETING_BROKERS)
    note(made, State.DELETING_BROKERS, "mq:DeleteBroker", "Delete orders", "AWS has taken it on.", deletes=True)
    ending = claims.claim(made.pk)
    assert ending

    def ask() -> str:
        if many:
            return create_campaign(Account.objects.all(), "ana").cleanups.get().reason
        with pytest.raises(Refused) as refused:
            request_plan(account, "ana", send=False)
        return str(refused.value)

    said = meanwhile(
        first=lambda: claims.save(ending, reason="Ending."),
        second=ask,
        then=lambda: end(ending, State.FAILED, "AWS said no."),
    )

    assert f"is being changed at this moment: {made}. Try again" in said
    made.refresh_from_db()
    assert made.state == State.FAILED and Sweep.objects.count() == 1
    assert request_plan(account, "ana", send=False).state == State.DRAFTED


def test_a_clean_up_that_runs_is_not_taken_for_one_that_changes(make_cleanable: Callable[..., Account]) -> None:
    account = make_cleanable()
    running = make_cleanup(account, make_plan(account), State.DELETING_ROLE)

    def ask() -> str:
        with pytest.raises(Refused) as refused:
            request_plan(account, "ana", send=False)
        return str(refused.value)

    said = meanwhile(lambda: note(running, State.DELETING_ROLE, "look", "Looking"), ask, lambda: None)

    assert "is not over" in said


def test_a_plan_is_drawn_anew_while_its_campaign_is_cancelled(make_cleanable: Callable[..., Account]) -> None:
    campaign = drafted([make_cleanable(), make_cleanable()])
    child = campaign.cleanups.order_by("pk")[0]

    anew = meanwhile(
        first=lambda: locked_campaigns().get(),
        second=lambda: redraw(child, "ben"),
        then=lambda: cancel_campaign(campaign, "ana"),
    )

    child.refresh_from_db()
    assert (child.state, child.reason) == (State.VOID, f"Replaced by {str(anew)[:1].lower()}{str(anew)[1:]}")
    assert not campaign.cleanups.filter(state=State.DRAFTED).exists()


def test_a_plan_of_a_campaign_that_is_over_is_drawn_anew_by_itself(make_cleanable: Callable[..., Account]) -> None:
    campaign = drafted([make_cleanable()])
    assert redraw(Cleanup.objects.get(), "ben").campaign == campaign
    Campaign.objects.update(state=Campaign.State.DONE)

    assert redraw(Cleanup.objects.get(state=State.DRAFTED), "ben").campaign is None


def test_a_refused_confirmation_leaves_an_expired_plan_void(make_cleanable: Callable[..., Account]) -> None:
    campaign = drafted([make_cleanable(), make_cleanable()])
    late = campaign.cleanups.order_by("pk")[0]
    Cleanup.objects.filter(pk=late.pk).update(expires_at=timezone.now())

    with pytest.raises(Refused, match="does not fit"):
        confirm_campaign(campaign, "ana", "delete all", offer_of(campaign).sha256)

    states = elsewhere(lambda: dict(Cleanup.objects.values_list("pk", "state")))
    assert states[late.pk] == State.VOID
    assert sorted(states.values()) == [State.DRAFTED, State.VOID]


def test_an_expired_plan_is_neither_approved_nor_does_it_hold_the_others_up(
    make_cleanable: Callable[..., Account],
) -> None:
    campaign = drafted([make_cleanable(), make_cleanable()], "orders")
    offer = offer_of(campaign)
    campaign = confirm_campaign(campaign, "ana", offer.phrase, offer.sha256)
    late = campaign.cleanups.order_by("pk")[0]
    Cleanup.objects.filter(pk=late.pk).update(expires_at=timezone.now())

    with pytest.raises(Refused, match="have changed since you saw them"):
        approve_campaign(campaign, "ben", offer.sha256)
    approved = approve_campaign(campaign, "ben", offer_of(campaign).sha256)

    assert approved.state == Campaign.State.RUNNING
    assert elsewhere(lambda: sorted(Cleanup.objects.values_list("state", "approved_by"))) == [
        (State.APPROVED, "ben"),
        (State.VOID, ""),
    ]
