"""The first step of a running clean-up, and the way out of a wait: gates, a fresh look, then on to the deletions."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import Cleanup, Target
from accounts.services.cleanups import campaigns, claims
from accounts.services.cleanups.signals import Again, Stop
from accounts.services.cleanups.steps_role import settle
from accounts.services.cleanups.turn import Turn

# Whoever gives a clean-up its turn rings for it; this is for the ring that is lost.
NOT_YET_SECONDS: Final = 60.0


def begin(turn: Turn) -> None:
    """From `approved` to the first deletion, if the plan still holds, is allowed, and is what is there."""
    cleanup = turn.cleanup
    if cleanup.expires_at is None or cleanup.expires_at <= timezone.now():
        raise Stop(State.VOID, "The plan expired before it was begun. Draw a new one.")
    if cleanup.approval_needed and not _approved_lately(cleanup):
        # Without its place in a campaign: whoever approves anew sees and approves it beside the others.
        claims.move_held(cleanup, State.AWAITING_APPROVAL, approved_by="", approved_at=None, turn_at=None)
        return
    if cleanup.campaign_id is not None and not campaigns.may_begin(cleanup):
        raise Again(NOT_YET_SECONDS)
    turn.gate()
    if turn.plan.role_arn:
        settle(turn)
    turn.look("Looking at every region before anything is deleted")
    left = cleanup.targets.exclude(state=Target.State.GONE).exists()
    state = State.DELETING_BROKERS if left else State.DELETING_ROLE
    now = timezone.now()
    claims.move_held(cleanup, state, reason="", started_at=cleanup.started_at or now, since=now)


def _approved_lately(cleanup: Cleanup) -> bool:
    oldest = timezone.now() - timedelta(hours=settings.CLEANUP_APPROVAL_HOURS)
    return bool(cleanup.approved_by) and cleanup.approved_at is not None and cleanup.approved_at > oldest


def resume(turn: Turn) -> None:
    """Go on where the clean-up waits, if the time has come."""
    cleanup = turn.cleanup
    wait = ((cleanup.next_try_at or timezone.now()) - timezone.now()).total_seconds()
    if wait > 0:
        raise Again(wait)
    claims.move_held(cleanup, State(cleanup.resume_state), resume_state="", reason="")
