"""Who may carry a clean-up on: one worker at a time, by a lease; and the only way to move it from state to state."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.domain.cleanups import MOVES, State
from accounts.models import Cleanup, CleanupQuerySet


class Lost(Exception):
    """The clean-up is no longer this worker's to carry on: a person stopped it, or the lease went to another."""


def claim(cleanup_pk: int) -> Cleanup | None:
    """Take a clean-up that is due: at most one worker gets it."""
    now, token = timezone.now(), secrets.token_hex(16)
    due = Cleanup.objects.due(now).filter(pk=cleanup_pk)
    if not due.update(lease_until=_lease_from(now), lease_token=token):
        return None
    return Cleanup.objects.select_related("account").get(pk=cleanup_pk)


def _lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.CLEANUP_LEASE_SECONDS)


def _held(cleanup: Cleanup) -> CleanupQuerySet:
    held = Cleanup.objects.filter(pk=cleanup.pk, state=cleanup.state, lease_token=cleanup.lease_token)
    return held.exclude(lease_token="")


def hold(cleanup: Cleanup) -> None:
    """Renew the lease. Raises Lost when it is another's by now, or when a person has paused or cancelled meanwhile."""
    wanted = _held(cleanup).filter(paused=False, cancel_wanted_by="")
    if not wanted.update(lease_until=_lease_from(timezone.now())):
        raise Lost


def save(cleanup: Cleanup, **fields: Any) -> None:
    """Set fields of a clean-up that this worker holds. Raises Lost."""
    if not _held(cleanup).update(**fields):
        raise Lost
    _refresh(cleanup)


def _refresh(cleanup: Cleanup) -> None:
    """Read the row again, but never take another worker's token for ours."""
    token = cleanup.lease_token
    cleanup.refresh_from_db()
    cleanup.lease_token = token


def move(cleanup: Cleanup, state: State, **fields: Any) -> bool:
    """Move a clean-up on if it is still where the caller saw it; False: somebody was first.

    Raises ValueError for a move that the states do not allow.
    """
    _check(cleanup, state)
    moved = Cleanup.objects.filter(pk=cleanup.pk, state=cleanup.state).update(state=state, **fields)
    cleanup.refresh_from_db()
    return bool(moved)


def move_held(cleanup: Cleanup, state: State, **fields: Any) -> None:
    """Move a clean-up on that this worker holds. Raises Lost, and ValueError as `move` does."""
    _check(cleanup, state)
    save(cleanup, state=state, **fields)


def _check(cleanup: Cleanup, state: State) -> None:
    if state not in MOVES[State(cleanup.state)]:
        raise ValueError(f"a clean-up does not move from {cleanup.state} to {state}")


def release(cleanup: Cleanup, seconds: float) -> bool:
    """Let go of a clean-up until so many seconds from now. False: it was not ours any more."""
    ours = Cleanup.objects.filter(pk=cleanup.pk, lease_token=cleanup.lease_token).exclude(lease_token="")
    due_at = timezone.now() + timedelta(seconds=seconds)
    return bool(ours.update(lease_token="", lease_until=None, next_try_at=due_at))
