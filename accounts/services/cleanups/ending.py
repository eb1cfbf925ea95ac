"""The end of a clean-up: said in one place, with what has been done and what stands."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import Account, Cleanup, Sweep
from accounts.services import audit
from accounts.services.cleanups import campaigns, claims, journal
from accounts.services.cleanups.so_far import done_so_far, touched
from accounts.services.sweeps import request_sweep


def end(cleanup: Cleanup, state: State, reason: str, differences: Sequence[str] = ()) -> None:
    """End a clean-up that this worker holds, with everything that hangs on its end. Raises claims.Lost."""
    told = reason if state is State.DONE else f"{reason} {done_so_far(cleanup)}"
    with transaction.atomic():
        step = cleanup.step
        claims.move_held(
            cleanup,
            state,
            reason=told,
            differences=list(differences),
            finished_at=timezone.now(),
            misses=0,
            **dict.fromkeys(("next_try_at", "lease_until")),
            **dict.fromkeys(("lease_token", "resume_state"), ""),
            paused=False,
        )
        journal.close(cleanup, reason)
        journal.answer(journal.intend(cleanup, journal.END, cleanup.account.account_id, str(state), step=step), told)
        audit.note(
            cleanup.cancel_wanted_by or audit.ROLECALL,
            f"clean-up {state}",
            str(cleanup),
            f"{cleanup.account}: {told}",
            about=cleanup.account,
        )
        if state is State.DONE or touched(cleanup):
            request_sweep(Account.objects.filter(pk=cleanup.account_id), Sweep.Reason.PAGE, cleanup.confirmed_by)
        if cleanup.campaign_id is not None:
            campaigns.note_end(cleanup)
