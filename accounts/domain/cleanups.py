"""The states of a clean-up, which may follow which, and what an answer about the role's deletion means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.domain.identifiers import parse_arn


class State(StrEnum):
    """Where a clean-up stands."""

    DRAFTED = "drafted"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    DELETING_BROKERS = "deleting_brokers"
    DELETING_ROLE = "deleting_role"
    VERIFYING = "verifying"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    VOID = "void"


ENDS: Final = frozenset({State.DONE, State.FAILED, State.CANCELLED, State.VOID})
OPEN: Final = frozenset(State) - ENDS
# What needs a worker, once a person has confirmed. In all others the next move is a person's.
AT_WORK: Final = frozenset(
    {State.APPROVED, State.DELETING_BROKERS, State.DELETING_ROLE, State.VERIFYING, State.WAITING}
)

_STOPS: Final = frozenset({State.FAILED, State.CANCELLED, State.VOID})
MOVES: Final[dict[State, frozenset[State]]] = {
    # A plan that needs no second person is approved by its confirmation; a second person may also be the first to act.
    State.DRAFTED: frozenset({State.AWAITING_APPROVAL, State.APPROVED, State.CANCELLED, State.VOID}),
    State.AWAITING_APPROVAL: frozenset({State.APPROVED, State.CANCELLED, State.VOID}),
    # An approval expires: then the plan waits for another.
    State.APPROVED: _STOPS
    | {State.AWAITING_APPROVAL, State.DELETING_BROKERS, State.DELETING_ROLE, State.WAITING, State.DONE},
    State.DELETING_BROKERS: _STOPS | {State.DELETING_ROLE, State.WAITING},
    # Back to the brokers when the list before the role's deletion still has one of the plan's.
    State.DELETING_ROLE: _STOPS | {State.DELETING_BROKERS, State.VERIFYING, State.WAITING, State.DONE},
    State.VERIFYING: _STOPS | {State.DELETING_ROLE, State.WAITING, State.DONE},
    State.WAITING: _STOPS | {State.APPROVED, State.DELETING_BROKERS, State.DELETING_ROLE, State.VERIFYING},
    **{end: frozenset() for end in ENDS},
}


class TaskStatus(StrEnum):
    """IAM's word on a deletion. `VANISHED` is ours: IAM knows no such task, or no longer."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    VANISHED = "VANISHED"


@dataclass(frozen=True, slots=True)
class Usage:
    """One resource that IAM names as using the role, and the region that IAM puts beside it."""

    named_region: str
    resource: str

    @property
    def region(self) -> str:
        """Where the resource is: its ARN's region, which IAM's own field has been seen to contradict."""
        try:
            return parse_arn(self.resource).region or self.named_region
        except ValueError:
            return self.named_region


@dataclass(frozen=True, slots=True)
class DeletionStatus:
    """What IAM says of a deletion. A FAILED one may well come without a reason and without resources."""

    status: TaskStatus
    reason: str = ""
    usage: tuple[Usage, ...] = ()


class RoleNow(StrEnum):
    """The role as GetRole tells it, beside the role of the plan."""

    GONE = "gone"
    SAME = "same"
    OTHER = "other"  # made anew meanwhile: it has another RoleId


class Next(StrEnum):
    """What to do about a deletion."""

    LOOK_AGAIN = "look_again"  # soon: IAM is at work, or slow to tell
    DONE = "done"
    DONE_RECREATED = "done_recreated"
    TRY_LATER = "try_later"  # ask for the deletion once more, after a longer wait


# The end of a deletion that was asked for, once GetRole finds the role no more.
ROLE_DELETED: Final = "The role is deleted."
# "Any changes that you make in IAM take time to become visible": so long a deleted role may still be shown.
VISIBLE_SECONDS: Final = 120
# IAM says nothing of how long a task may take; beyond this GetRole alone decides.
TASK_SECONDS: Final = 900


def needs_role(status: TaskStatus, asked_seconds_ago: float) -> bool:
    """Whether GetRole has to be asked before `after_status` can say more."""
    open_task = status in (TaskStatus.NOT_STARTED, TaskStatus.IN_PROGRESS)
    return status in (TaskStatus.SUCCEEDED, TaskStatus.VANISHED) or (open_task and asked_seconds_ago > TASK_SECONDS)


def after_status(status: TaskStatus, role: RoleNow | None, asked_seconds_ago: float) -> Next:
    """What an answer about the deletion means. `role` is what `needs_role` asked for, else None.

    SUCCEEDED is no proof and VANISHED no failure: GetRole decides. `asked_seconds_ago` counts from the deletion's
    request, for SUCCEEDED from the first time it was seen.
    """
    if status is TaskStatus.FAILED:
        return Next.TRY_LATER
    if role is RoleNow.GONE:
        return Next.DONE
    if role is RoleNow.OTHER:
        return Next.DONE_RECREATED
    patience = VISIBLE_SECONDS if status is TaskStatus.SUCCEEDED else TASK_SECONDS
    return Next.LOOK_AGAIN if asked_seconds_ago <= patience else Next.TRY_LATER
