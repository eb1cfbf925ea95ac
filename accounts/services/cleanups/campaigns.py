"""Many accounts under one decision."""

from __future__ import annotations

from accounts.models import Campaign, Cleanup


def may_begin(cleanup: Cleanup) -> bool:
    """Whether this account's turn in its campaign has come."""
    return cleanup.campaign is not None and cleanup.campaign.state == Campaign.State.RUNNING


def note_end(cleanup: Cleanup) -> None:
    """Take notice that one account of a campaign is over."""
