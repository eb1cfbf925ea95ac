"""The states of a clean-up and the decision table of `aws/facts.md`, row by row."""

from __future__ import annotations

import pytest

from accounts.domain.cleanups import (
    AT_WORK,
    ENDS,
    MOVES,
    OPEN,
    TASK_SECONDS,
    VISIBLE_SECONDS,
    Next,
    RoleNow,
    State,
    TaskStatus,
    Usage,
    after_status,
    needs_role,
)

SOON, LATE = 1.0, TASK_SECONDS + 1.0


def test_every_state_has_its_moves_and_an_end_has_none() -> None:
    assert set(MOVES) == set(State)
    assert {state for state, moves in MOVES.items() if not moves} == ENDS
    assert ENDS.isdisjoint(AT_WORK) and AT_WORK <= OPEN


def test_every_open_clean_up_can_be_cancelled_and_voided() -> None:
    assert all({State.CANCELLED, State.VOID} <= MOVES[state] for state in OPEN)


def test_nothing_is_deleted_without_passing_approved() -> None:
    working = {State.DELETING_BROKERS, State.DELETING_ROLE, State.VERIFYING}

    assert not working & (MOVES[State.DRAFTED] | MOVES[State.AWAITING_APPROVAL])


@pytest.mark.parametrize(
    ("status", "role", "seconds", "following"),
    [
        (TaskStatus.SUCCEEDED, RoleNow.GONE, SOON, Next.DONE),
        (TaskStatus.SUCCEEDED, RoleNow.SAME, SOON, Next.LOOK_AGAIN),
        (TaskStatus.SUCCEEDED, RoleNow.SAME, VISIBLE_SECONDS + 1.0, Next.TRY_LATER),
        (TaskStatus.SUCCEEDED, RoleNow.OTHER, SOON, Next.DONE_RECREATED),
        (TaskStatus.VANISHED, RoleNow.GONE, SOON, Next.DONE),
        (TaskStatus.VANISHED, RoleNow.SAME, SOON, Next.LOOK_AGAIN),
        (TaskStatus.VANISHED, RoleNow.SAME, LATE, Next.TRY_LATER),
        (TaskStatus.VANISHED, RoleNow.OTHER, SOON, Next.DONE_RECREATED),
        (TaskStatus.FAILED, None, SOON, Next.TRY_LATER),
        (TaskStatus.NOT_STARTED, None, SOON, Next.LOOK_AGAIN),
        (TaskStatus.IN_PROGRESS, None, SOON, Next.LOOK_AGAIN),
        (TaskStatus.IN_PROGRESS, RoleNow.GONE, LATE, Next.DONE),
        (TaskStatus.IN_PROGRESS, RoleNow.SAME, LATE, Next.TRY_LATER),
    ],
)
def test_the_decision_table(status: TaskStatus, role: RoleNow | None, seconds: float, following: Next) -> None:
    assert needs_role(status, seconds) is (role is not None)
    assert after_status(status, role, seconds) is following


def test_a_resource_is_where_its_arn_says() -> None:
    arn = "arn:aws:mq:eu-west-2:111122223333:broker:orders:b-1"

    assert Usage("eu-north-1", arn).region == "eu-west-2"
    assert Usage("eu-north-1", "something else").region == "eu-north-1"
    assert Usage("eu-north-1", "arn:aws:s3:::bucket").region == "eu-north-1"
