"""What a clean-up has done by now, for whoever cancels it and for its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from accounts.models import Cleanup, Target
from accounts.services.cleanups import journal


def touched(cleanup: Cleanup) -> bool:
    """Whether a change has left for AWS, or may have."""
    return cleanup.journal.filter(deletes=True).exclude(code=journal.NOT_SENT).exists()


def done_so_far(cleanup: Cleanup) -> str:
    """What of the plan is deleted, what is on its way out and cannot be called back, and what was not touched."""
    if not touched(cleanup):
        return "Nothing was deleted."
    dark = journal.in_the_dark(cleanup)
    counts = Counter(cleanup.targets.values_list("state", flat=True))
    total = counts.total()
    perhaps = cleanup.targets.filter(state=Target.State.PLANNED, arn__in=dark).count()
    said = [f"Brokers gone: {counts[Target.State.GONE]} of {total}."] if total else []
    if counts[Target.State.DELETING]:
        said.append(f"Being deleted by AWS, which cannot be called back: {counts[Target.State.DELETING]}.")
    if perhaps:
        said.append(f"Perhaps being deleted by AWS, whose answer is not known: {perhaps}.")
    return " ".join([*said, _of_the_role(cleanup, dark)])


def _of_the_role(cleanup: Cleanup, dark: Collection[str]) -> str:
    if cleanup.task_id and not journal.failed(cleanup, cleanup.task_id):
        return "The role's deletion has been asked for and cannot be called back."
    if any(":role/" in target for target in dark):
        return "Whether AWS has taken on the role's deletion is not known."
    if cleanup.attempts:
        return "The role's deletion has been asked for, and AWS has not carried it out so far."
    return "The role was not touched."
