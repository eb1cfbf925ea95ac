"""Campaigns at work: whose turn it is, when to stop, how far all of it has come. People's acts are in campaign_acts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.domain.campaigns import SURPRISES
from accounts.domain.cleanups import AT_WORK, ENDS, OPEN, State
from accounts.models import Campaign, Cleanup, CleanupQuerySet, Target
from accounts.services import audit
from accounts.services.cleanups.tending import ring_soon

_GOING: Final = (Campaign.State.RUNNING, Campaign.State.STOPPED, Campaign.State.AWAITING_APPROVAL)
NOTHING_LEFT: Final = "No plan of it is open any more: each row says what became of it."

BEING_LOOKED_AT: Final = Q(state=State.DRAFTED, plan_json__isnull=True, problem="")
_CONFIRMED: Final = Q(confirmed_at__isnull=False)
_IN_WORK: Final = Q(state__in=AT_WORK, turn_at__isnull=False)
TURN_TO_COME: Final = Q(state=State.APPROVED, turn_at__isnull=True)


def locked_campaigns() -> QuerySet[Campaign]:
    """Campaigns, each locked as it is read; before any of its clean-ups, and never the other way round."""
    # NO KEY: a plan that is drawn anew only needs the campaign to stay. It holds the former plan, for which whoever
    # confirms the campaign may be waiting.
    return Campaign.objects.select_for_update(no_key=True)


def may_begin(cleanup: Cleanup) -> bool:
    """Whether a clean-up may begin now. In a campaign it takes one of its places, and keeps it until it ends."""
    if cleanup.campaign_id is None:
        return True
    with transaction.atomic():
        campaign = _locked(cleanup.campaign_id)
        _stop_if_surprised(campaign)
        if campaign.state != Campaign.State.RUNNING:
            return False
        _hand_out_places(campaign)
    return Cleanup.objects.filter(pk=cleanup.pk, turn_at__isnull=False).exists()


def note_end(cleanup: Cleanup) -> None:
    """Let the campaign of a clean-up that has ended stop, go on or end; once the end is stored.

    After the commit, because a campaign is locked before its clean-ups and never the other way round.
    """
    if cleanup.campaign_id is not None:
        transaction.on_commit(partial(settle, cleanup.campaign_id))


def note_drawn(cleanup: Cleanup) -> None:
    """Let the campaign of a clean-up whose look is over be confirmed, if that was its last."""
    note_end(cleanup)


def tend_campaigns() -> int:
    """Carry on what a dead worker left behind; says how many campaigns are open."""
    open_ones = list(Campaign.objects.filter(state__in=Campaign.OPEN).order_by("pk").values_list("pk", flat=True))
    for pk in open_ones:
        settle(pk)
    return len(open_ones)


def settle(campaign_pk: int) -> None:
    """Put a campaign's state right by what became of its clean-ups, and give free places to the next ones."""
    with transaction.atomic():
        campaign = _locked(campaign_pk)
        if campaign.state == Campaign.State.DRAWING and not campaign.cleanups.filter(BEING_LOOKED_AT).exists():
            _become(campaign, Campaign.State.DRAFTED)
        if campaign.state == Campaign.State.DRAFTED and not campaign.cleanups.filter(state__in=OPEN).exists():
            _become(campaign, Campaign.State.CANCELLED, reason=NOTHING_LEFT, finished_at=timezone.now())
        _end_if_over(campaign)
        _stop_if_surprised(campaign)
        if campaign.state == Campaign.State.RUNNING:
            _hand_out_places(campaign)


def _locked(campaign_pk: int) -> Campaign:
    return locked_campaigns().get(pk=campaign_pk)


def _become(campaign: Campaign, state: Campaign.State, **fields: object) -> None:
    """Change a campaign whose row is locked, and say so in the audit record."""
    for name, value in {"state": state, **fields}.items():
        setattr(campaign, name, value)
    campaign.save(update_fields=["state", *fields])
    audit.note(audit.ROLECALL, f"campaign {state.label}", str(campaign), campaign.reason)


def _end_if_over(campaign: Campaign) -> None:
    open_ones = campaign.cleanups.filter(_CONFIRMED, state__in=OPEN)
    if campaign.state in _GOING and not open_ones.exists():
        _become(campaign, Campaign.State.DONE, finished_at=timezone.now(), reason="")


def surprises_of(campaign: Campaign) -> CleanupQuerySet:
    """The confirmed clean-ups that came out as nobody meant, and that no person has seen and gone on from."""
    came_out = campaign.cleanups.filter(_CONFIRMED, state__in=SURPRISES)
    return came_out.exclude(pk__in=campaign.acknowledged).select_related("account").order_by("pk")


def _stop_if_surprised(campaign: Campaign) -> None:
    if campaign.state == Campaign.State.RUNNING and (found := list(surprises_of(campaign))):
        _become(campaign, Campaign.State.STOPPED, reason=" ".join(map(surprise_sentence, found)))


def surprise_sentence(cleanup: Cleanup) -> str:
    """What came out otherwise than meant, and why."""
    if cleanup.state == State.AWAITING_APPROVAL:
        return f"{cleanup.account.name}: its approval ran out before its turn came."
    return f"{cleanup.account.name}: {cleanup.get_state_display()}. {cleanup.reason}".strip()


def _hand_out_places(campaign: Campaign) -> None:
    """Let the next clean-ups begin, as many as places are free. The campaign is locked: no place is given twice."""
    free = campaign.at_once - campaign.cleanups.filter(_IN_WORK).count()
    if free > 0:
        waiting = campaign.cleanups.filter(TURN_TO_COME, _CONFIRMED, paused=False).order_by("pk")
        chosen = list(waiting.values_list("pk", flat=True)[:free])
        Cleanup.objects.filter(TURN_TO_COME, pk__in=chosen).update(turn_at=timezone.now(), next_try_at=None)
        for pk in chosen:
            transaction.on_commit(partial(ring_soon, pk))


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """How many accounts of a campaign stand where."""

    total: int
    looking: int
    confirmed: int
    waiting: int
    working: int
    done: int
    failed: int
    void: int
    cancelled: int
    brokers: int
    brokers_gone: int

    @property
    def over(self) -> int:
        """Confirmed accounts that have come to an end, good or bad."""
        return self.done + self.failed + self.void + self.cancelled

    @property
    def looked(self) -> int:
        """Accounts whose first look is over."""
        return self.total - self.looking


def progress_of_campaign(campaign: Campaign) -> CampaignProgress:
    """Count a campaign's clean-ups, in two queries."""
    ends = {end.value: Count("pk", filter=_CONFIRMED & Q(state=end)) for end in ENDS}
    counts = campaign.cleanups.aggregate(
        total=Count("pk"),
        looking=Count("pk", filter=BEING_LOOKED_AT),
        confirmed=Count("pk", filter=_CONFIRMED),
        waiting=Count("pk", filter=_CONFIRMED & (TURN_TO_COME | Q(state=State.AWAITING_APPROVAL))),
        working=Count("pk", filter=_IN_WORK),
        **ends,
    )
    targets = Target.objects.filter(cleanup__campaign=campaign, cleanup__confirmed_at__isnull=False).aggregate(
        brokers=Count("pk"), brokers_gone=Count("pk", filter=Q(state=Target.State.GONE))
    )
    return CampaignProgress(**counts, **targets)
