"""The end of a clean-up: said in one place, with what has been done and what stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import Account, Cleanup, Sweep, Target
from accounts.services import audit
from accounts.services.cleanups import campaigns, claims, journal
from accounts.services.sweeps import request_sweep

# Who the audit names for what no person did at that moment.
ROLECALL = "Rolecall"


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
            cleanup.cancel_wanted_by or ROLECALL, f"clean-up {state}", str(cleanup), f"{cleanup.account}: {told}"
        )
        if state is State.DONE or _touched(cleanup):
            request_sweep(Account.objects.filter(pk=cleanup.account_id), Sweep.Reason.PAGE, cleanup.confirmed_by)
        if cleanup.campaign_id is not None:
            campaigns.note_end(cleanup)


def _touched(cleanup: Cleanup) -> bool:
    return cleanup.journal.filter(deletes=True).exclude(code=journal.NOT_SENT).exists()


def done_so_far(cleanup: Cleanup) -> str:
    """What of the plan is deleted, what is on its way out and cannot be called back, and what was not touched."""
    if not _touched(cleanup):
        return "Nothing was deleted."
    counts = Counter(cleanup.targets.values_list("state", flat=True))
    total = counts.total()
    said = [f"{counts[Target.State.GONE]} of {total} brokers are gone."] if total else []
    if counts[Target.State.DELETING]:
        said.append(f"{counts[Target.State.DELETING]} more are being deleted by AWS, which cannot be called back.")
    if cleanup.task_id:
        said.append("The role's deletion has been asked for and cannot be called back.")
    elif not cleanup.attempts:
        said.append("The role was not touched.")
    return " ".join(said)
