"""What a poll by schedule may take from the account's last polls: only its own facts, and only young ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.domain.outcomes import Outcome, Presence
from accounts.domain.readings import NOTHING_REMEMBERED, RegionStates, Remembered
from accounts.models import Account, Poll, RoleStatus, StoredRegionStates, Sweep

# A region on its way from one state to the other is asked about every time.
SETTLED = {"ENABLED", "ENABLED_BY_DEFAULT", "DISABLED"}

# What is read here of an account's status.
OF_THE_POLICY = (
    "presence",
    "role_id",
    "attached_policy_arns",
    "policy_document",
    "policy_outcome",
    "policy_detail",
    "policy_last_ok_at",
)


def remembered_for(poll: Poll) -> Remembered:
    """What this poll need not ask again. Nothing, when a person wants to know: they may just have changed it."""
    if poll.sweep.reason != Sweep.Reason.SCHEDULE:
        return NOTHING_REMEMBERED
    since = timezone.now() - _young(poll.account)
    return Remembered(_regions(poll.account, since), _policy_of(poll.account, since))


def _young(account: Account) -> timedelta:
    """How old a memory may be: what would be shown as old before the next poll has come is asked for now."""
    longest = account.asked_every * (1 + settings.POLL_JITTER_PERCENT / 100) + settings.POLL_TICK_SECONDS
    return timedelta(seconds=max(0, min(settings.POLL_REMEMBER_SECONDS, settings.STALE_AFTER_SECONDS - longest)))


def _regions(account: Account, since: datetime) -> RegionStates | None:
    stored: StoredRegionStates | None = getattr(account, "region_states", None)
    if stored is None or stored.read_at < since or not SETTLED.issuperset(stored.by_code.values()):
        return None
    return RegionStates(stored.by_code, stored.read_at)


def _policy_of(account: Account, since: datetime) -> tuple[str, tuple[str, ...]] | None:
    """The role and what was attached to it, if the policy was then read without any remark."""
    status: RoleStatus | None = getattr(account, "role_status", None)
    if status is None or status.presence != Presence.PRESENT or status.policy_document_id is None:
        return None
    if status.policy_outcome != Outcome.OK or status.policy_detail:
        return None
    if status.policy_last_ok_at is None or status.policy_last_ok_at < since:
        return None
    return status.role_id, tuple(status.attached_policy_arns)


def keep_region_states(account: Account, states: RegionStates | None) -> None:
    """Store what AWS has just said of the regions; nothing when it was not asked or did not answer."""
    if states is not None and states.by_code:
        StoredRegionStates.objects.update_or_create(
            account=account, defaults={"by_code": dict(states.by_code), "read_at": states.read_at}
        )
