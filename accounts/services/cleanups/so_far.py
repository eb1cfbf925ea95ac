"""What a clean-up has done by now, for whoever cancels it and for its end."""

from __future__ import annotations

from collections import Counter

from accounts.models import Cleanup, Target
from accounts.services.cleanups import journal


def touched(cleanup: Cleanup) -> bool:
    """Whether a change has left for AWS, or may have."""
    return cleanup.journal.filter(deletes=True).exclude(code=journal.NOT_SENT).exists()


def done_so_far(cleanup: Cleanup) -> str:
    """What of the plan is deleted, what is on its way out and cannot be called back, and what was not touched."""
    if not touched(cleanup):
        return "Nothing was deleted."
    counts = Counter(cleanup.targets.values_list("state", flat=True))
    total = counts.total()
    said = [f"Brokers gone: {counts[Target.State.GONE]} of {total}."] if total else []
    if counts[Target.State.DELETING]:
        said.append(f"Being deleted by AWS, which cannot be called back: {counts[Target.State.DELETING]}.")
    if cleanup.task_id:
        said.append("The role's deletion has been asked for and cannot be called back.")
    elif not cleanup.attempts:
        said.append("The role was not touched.")
    return " ".join(said)
