"""What people do with a campaign: ask for it, confirm it, approve it, go on after a stop, cancel the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.domain.campaigns import campaign_phrase, campaign_sha256
from accounts.domain.cleanups import OPEN, State
from accounts.domain.texts import one_line
from accounts.models import Account, AccountQuerySet, Campaign, Cleanup
from accounts.services import audit
from accounts.services.cleanups import gates
from accounts.services.cleanups.campaigns import locked_campaigns, settle, surprises_of
from accounts.services.cleanups.claims import move
from accounts.services.cleanups.drawing import request_plans, ring_for_plans
from accounts.services.cleanups.errors import Refused

# Each plan is read before the phrase is typed, and each account is held until the last row is written.
MOST_ACCOUNTS: Final = 500
NOT_BEGUN = (State.DRAFTED, State.AWAITING_APPROVAL, State.APPROVED)


@dataclass(frozen=True)
class Offer:
    """What a campaign would set going, and what it leaves out with the reasons."""

    ready: list[Cleanup] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    @property
    def deletions(self) -> int:
        """Brokers and roles that would be deleted."""
        return sum(len(cleanup.plan.arns) for cleanup in self.ready if cleanup.plan)

    @property
    def phrase(self) -> str:
        """What a person types."""
        return campaign_phrase(self.deletions, len(self.ready))

    @property
    def sha256(self) -> str:
        """What everybody who confirms or approves sees."""
        return campaign_sha256((cleanup.account.account_id, cleanup.plan_sha256) for cleanup in self.ready)

    @property
    def approval_needed(self) -> bool:
        """Whether a second person has to approve."""
        return any(cleanup.approval_needed for cleanup in self.ready)


def create_campaign(accounts: AccountQuerySet, person: str, name: str = "") -> Campaign:
    """Have a plan drawn for each account. One that cannot have a plan is listed with the reason. Raises Refused."""
    pks = _chosen_pks(accounts)
    with transaction.atomic():
        # All of them before the first plan, in the order in which everybody locks accounts: no deadlock comes of it.
        # Who was deleted meanwhile is not asked.
        held = list(Account.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
        title = one_line(name)[:200] or f"Campaign over {audit.counted(len(held))}"
        campaign = Campaign.objects.create(name=title, requested_by=person, at_once=settings.CLEANUP_AT_ONCE)
        by_name = sorted(held, key=lambda account: (account.name, account.account_id))
        begun, refused = request_plans(by_name, person, campaign)
        Cleanup.objects.bulk_create(
            _no_plan(account, person, campaign, refused[account.pk]) for account in by_name if account.pk in refused
        )
        ring_for_plans(begun)
        audit.note(person, "ask for campaign", str(campaign), f"{title}; accounts: {len(held)}")
    return campaign


def _chosen_pks(accounts: AccountQuerySet) -> list[int]:
    pks = list(accounts.order_by().values_list("pk", flat=True)[: MOST_ACCOUNTS + 1])
    if not pks:
        raise Refused("No account is chosen, so there is nothing to plan.")
    if len(pks) > MOST_ACCOUNTS:
        raise Refused(
            f"More than {MOST_ACCOUNTS} accounts: one campaign takes no more, because each plan is read before the "
            "phrase is typed. Narrow the filters, and plan several."
        )
    return pks


def _no_plan(account: Account, person: str, campaign: Campaign, why: str) -> Cleanup:
    """The row of an account that cannot have a plan: it is over, and says why."""
    return Cleanup(
        account=account,
        campaign=campaign,
        state=State.VOID,
        requested_by=person,
        reason=why,
        finished_at=timezone.now(),
    )


def offer_of(campaign: Campaign) -> Offer:
    """What there is to confirm, or once it is confirmed, to approve: judged by the rules as they are now."""
    children = campaign.cleanups.select_related("account").order_by("pk")
    if campaign.confirmed_at is not None:
        waiting = (State.AWAITING_APPROVAL, State.APPROVED)
        confirmed = children.filter(confirmed_at__isnull=False, state__in=waiting, turn_at__isnull=True)
        return Offer([child for child in confirmed if not gates.expired(child)])
    offer = Offer()
    for child in children:
        if reason := _why_not(child):
            offer.refused[child.pk] = reason
        else:
            offer.ready.append(child)
    return offer


def _why_not(child: Cleanup) -> str:
    """Why a child cannot be confirmed; empty when it can."""
    if child.state not in NOT_BEGUN:
        return child.reason or child.get_state_display()
    if child.plan_json is None:
        return child.problem or "Still being looked at."
    if late := gates.expired(child):
        return late
    return " ".join(refusal.detail for refusal in gates.refusals_now(child, child.account))


def confirm_campaign(campaign: Campaign, person: str, phrase: str, sha256: str) -> Campaign:
    """Confirm every plan that no rule refuses; leave the others out. All or nothing. Raises Refused."""
    gates.void_expired(campaign.cleanups.all())  # by itself: a refusal takes back all that follows
    with transaction.atomic():
        campaign = _locked(campaign, Campaign.State.DRAFTED, "confirmed")
        offer = offer_of(campaign)
        _check_seen(offer, sha256)
        if phrase.strip() != offer.phrase:
            raise Refused(f"The phrase does not fit: type “{offer.phrase}”.")
        # One that was confirmed on its own page waits here for the others.
        for child in [cleanup for cleanup in offer.ready if cleanup.confirmed_at is None]:
            _of_child(child, lambda c: gates.confirm_within(c, person, c.plan.phrase if c.plan else "", c.plan_sha256))
        _leave_out(campaign, offer)
        campaign.confirmed_by, campaign.confirmed_at = person, timezone.now()
        _go_on(campaign)
        audit.note(
            person, "confirm campaign", str(campaign), f"{offer.phrase}; {sha256}; left out: {len(offer.refused)}"
        )
    settle(campaign.pk)
    return _fresh(campaign)


def approve_campaign(campaign: Campaign, person: str, sha256: str) -> Campaign:
    """Approve every plan that waits for it, as the second person. All or nothing. Raises Refused."""
    gates.void_expired(campaign.cleanups.all())
    with transaction.atomic():
        campaign = _locked(campaign, Campaign.State.AWAITING_APPROVAL, "approved")
        if person in (campaign.requested_by, campaign.confirmed_by):
            raise Refused("A campaign is approved by somebody who has neither asked for it nor confirmed it.")
        offer = offer_of(campaign)
        _check_seen(offer, sha256)
        for child in [cleanup for cleanup in offer.ready if cleanup.state == State.AWAITING_APPROVAL]:
            _of_child(child, lambda c: gates.approve_within(c, person, c.plan_sha256))
        campaign.approved_by, campaign.approved_at = person, timezone.now()
        _acknowledge(campaign)  # what ended before is not among what was approved
        _go_on(campaign)
        audit.note(person, "approve campaign", str(campaign), sha256)
    settle(campaign.pk)
    return _fresh(campaign)


def resume_campaign(campaign: Campaign, person: str, seen: Iterable[int]) -> Campaign:
    """Go on after a stop. `seen` are the clean-ups whose surprise the person has read of. Raises Refused."""
    with transaction.atomic():
        campaign = _locked(campaign, Campaign.State.STOPPED, "resumed")
        surprising = {cleanup.pk: cleanup.account.name for cleanup in surprises_of(campaign)}
        known = set(seen)
        if new := [name for pk, name in surprising.items() if pk not in known]:
            raise Refused(f"Meanwhile {', '.join(new)} came out otherwise than meant, too: read on, then decide again.")
        _acknowledge(campaign)
        _go_on(campaign)
        audit.note(person, "resume campaign", str(campaign), "seen: " + ", ".join(surprising.values()))
    settle(campaign.pk)
    return _fresh(campaign)


def cancel_campaign(campaign: Campaign, person: str) -> str:
    """Let nothing further begin; what runs goes on. Says what that came to. Raises Refused."""
    with transaction.atomic():
        campaign = _locked(campaign, None, "cancelled")
        campaign.state, campaign.finished_at = Campaign.State.CANCELLED, timezone.now()
        campaign.reason = f"Cancelled by {person}."
        campaign.save(update_fields=["state", "finished_at", "reason"])
        # Also one that has its place and waits before its first look: nobody would ever let it begin.
        rest = list(campaign.cleanups.filter(state__in=OPEN, started_at__isnull=True).select_related("account"))
        for child in rest:
            _of_child(child, lambda c: gates.cancel(c, person))
        going = campaign.cleanups.filter(state__in=OPEN, started_at__isnull=False).count()
        said = f"{len(rest)} not begun: cancelled. {going} begun: they go on, and each has a button of its own."
        audit.note(person, "cancel campaign", str(campaign), said)
    return said


def _locked(campaign: Campaign, state: Campaign.State | None, act: str) -> Campaign:
    """The campaign with its row locked, if it is in this state; None is any open one. Raises Refused."""
    row = locked_campaigns().get(pk=campaign.pk)
    if row.state not in ((state,) if state else Campaign.OPEN):
        raise Refused(f"{row} is {row.get_state_display()} and cannot be {act} now. Reload its page.")
    return row


def _fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


def _check_seen(offer: Offer, sha256: str) -> None:
    if not offer.ready:
        raise Refused("No plan of this campaign can go ahead: the table says why.")
    if offer.sha256 != sha256:
        raise Refused("The plans have changed since you saw them: read the table again, then decide.")


def _of_child(child: Cleanup, act: Callable[[Cleanup], object]) -> None:
    try:
        act(child)
    except Refused as refused:
        raise Refused(f"{child.account.name}: {refused}", refused.refusals) from refused


def _leave_out(campaign: Campaign, offer: Offer) -> None:
    """End what the confirmation did not take in, so that it neither runs unseen nor blocks its account.

    Also what somebody has approved or confirmed on its own page, and what a rule refuses by now.
    """
    for child in campaign.cleanups.filter(pk__in=list(offer.refused), state__in=NOT_BEGUN):
        reason = f"Left out when {campaign} was confirmed. {offer.refused[child.pk]}"
        move(child, State.CANCELLED, reason=reason, finished_at=timezone.now())


def _acknowledge(campaign: Campaign) -> None:
    """Remember which bad ends a person knows of. An approval that ran out is mended by approving, not by knowing."""
    ended = surprises_of(campaign).exclude(state=State.AWAITING_APPROVAL)
    campaign.acknowledged = sorted({*campaign.acknowledged, *ended.values_list("pk", flat=True)})


def _go_on(campaign: Campaign) -> None:
    """Run, or wait for the approval that some of the confirmed plans still lack."""
    lacking = campaign.cleanups.filter(state=State.AWAITING_APPROVAL, confirmed_at__isnull=False).exists()
    campaign.state = Campaign.State.AWAITING_APPROVAL if lacking else Campaign.State.RUNNING
    campaign.reason = ""
    campaign.save()
