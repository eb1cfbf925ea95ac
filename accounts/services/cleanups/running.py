"""Carrying a clean-up on: claim it, take steps until it has to wait, write down why and until when, let go.

May be called at any time, any number of times, by any number of workers, and may die anywhere: what is to be done
next stands in the table, and what may have been done stands in the journal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from django.utils import timezone

from accounts.aws.errors import AwsError
from accounts.domain.cleanups import AT_WORK, State
from accounts.models import Cleanup
from accounts.services.cleanups import claims, gates, journal, tending
from accounts.services.cleanups.ending import end
from accounts.services.cleanups.signals import Again, Later, Signal, Stop, Unanswered, pause_after_misses, unanswered
from accounts.services.cleanups.steps import begin, resume
from accounts.services.cleanups.steps_brokers import delete_brokers
from accounts.services.cleanups.steps_role import delete_role, follow_deletion
from accounts.services.cleanups.turn import Turn

logger = logging.getLogger(__name__)

STEPS: Final[Mapping[State, Callable[[Turn], None]]] = {
    State.APPROVED: begin,
    State.DELETING_BROKERS: delete_brokers,
    State.DELETING_ROLE: delete_role,
    State.VERIFYING: follow_deletion,
    State.WAITING: resume,
}
# A way through all states has six; more in one turn means that something goes round in a circle.
MOST_STEPS: Final = 12
OUR_FAULT_TRIES: Final = 5


def advance(cleanup_pk: int) -> None:
    """Carry a clean-up as far as it goes now. Does nothing when it is not due, or when another worker has it."""
    cleanup = claims.claim(cleanup_pk)
    if cleanup is None:
        return
    try:
        _act(cleanup, _as_far_as_it_goes(cleanup))
    except claims.Lost:
        # Paused, cancelled, or another's. If the lease is still ours, a cancellation is carried out by the next turn.
        logger.info("%s was taken out of this worker's hands", cleanup)
        _let_go(cleanup, 0)


def _as_far_as_it_goes(cleanup: Cleanup) -> Signal:
    try:
        if cleanup.cancel_wanted_by:
            return Stop(State.CANCELLED, f"Cancelled by {cleanup.cancel_wanted_by}.")
        journal.answer_lost_looks(cleanup)
        turn = Turn.of(cleanup)
        if turn.plan.partition != cleanup.account.partition:
            # Looked for where it never was, all that the plan lists would seem to be gone.
            return Stop(State.FAILED, gates.moved_away(turn.plan, cleanup.account))
        return _take_steps(turn)
    except AwsError as error:
        return unanswered(error)
    except Signal as signal:
        return signal
    except claims.Lost:
        raise
    except Exception as error:
        # The worker must live on and the clean-up must not hang: it is tried again, and then it ends and says why.
        logger.exception("%s broke", cleanup)
        return Unanswered(f"Rolecall itself failed ({type(error).__name__}): see the worker's log.", OUR_FAULT_TRIES)


def _take_steps(turn: Turn) -> Signal:
    for _ in range(MOST_STEPS):
        state = State(turn.cleanup.state)
        if state not in AT_WORK:
            break
        if state is not State.WAITING:
            claims.hold(turn.cleanup)
        try:
            STEPS[state](turn)
        except Again:
            _forget_misses(turn.cleanup, state)
            raise
        finally:
            turn.keep_session()
        _forget_misses(turn.cleanup, state)
    return Again(0)


def _forget_misses(cleanup: Cleanup, state: State) -> None:
    """A step that got its answers ends the row of those that did not; coming out of a wait is no such step."""
    if cleanup.misses and state is not State.WAITING:
        claims.save(cleanup, misses=0)


def _act(cleanup: Cleanup, signal: Signal) -> None:
    if isinstance(signal, Stop):
        end(cleanup, signal.state, signal.reason, signal.differences)
    elif isinstance(signal, Unanswered):
        _miss(cleanup, signal)
    elif isinstance(signal, Later):
        _wait(cleanup, (signal.until - timezone.now()).total_seconds(), signal.reason)
    elif isinstance(signal, Again):
        _let_go(cleanup, signal.seconds)


def _miss(cleanup: Cleanup, signal: Unanswered) -> None:
    misses = cleanup.misses + 1
    if misses >= signal.most:
        end(cleanup, State.FAILED, f"{signal.detail} Asked {misses} times in a row.")
        return
    claims.save(cleanup, misses=misses)
    _wait(cleanup, pause_after_misses(misses), f"{signal.detail} Tried {misses} of {signal.most} times.")


def _wait(cleanup: Cleanup, seconds: float, reason: str) -> None:
    until = timezone.now() + timedelta(seconds=max(seconds, 0))
    if cleanup.state != State.WAITING:
        claims.move_held(
            cleanup, State.WAITING, reason=reason, resume_state=cleanup.state, next_try_at=until, since=timezone.now()
        )
    _let_go(cleanup, seconds)


def _let_go(cleanup: Cleanup, seconds: float) -> None:
    if claims.release(cleanup, max(seconds, 0)):
        tending.ring_soon(cleanup.pk, max(seconds, 0))
