"""The brokers of a plan: each looked at afresh, asked to go, and followed until it is gone."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from accounts.aws.errors import AwsError, ErrorKind
from accounts.domain import session_policies
from accounts.domain.cleanups import State
from accounts.domain.plans import DELETING, PlannedBroker, World
from accounts.domain.protection import broker_refusals
from accounts.models import Target
from accounts.services.cleanups import claims, journal
from accounts.services.cleanups.signals import Again, Stop, Unanswered, pause_after, refused
from accounts.services.cleanups.turn import CHANGED, Turn

ACTION = "mq:DeleteBroker"
# From these AWS deletes a broker. In any other a second request is worth sending only when the state has changed.
DELETABLE = frozenset({"RUNNING", "CREATION_FAILED", "CRITICAL_ACTION_REQUIRED"})
FOLLOWED = "brokers"


def delete_brokers(turn: Turn) -> None:
    """Ask every broker of the plan to go, then see whether all are gone. Raises Again until they are."""
    for target in turn.cleanup.targets.filter(state=Target.State.PLANNED):
        turn.rest()
        _ask(turn, target)
    _see_whether_gone(turn)
    journal.answer_follow(turn.cleanup, FOLLOWED, "All brokers of the plan are gone.")
    claims.move_held(turn.cleanup, State.DELETING_ROLE, since=timezone.now())


def _ask(turn: Turn, target: Target) -> None:
    turn.gate()
    broker = _look_again(turn, target)
    seen = "the broker is gone" if broker is None else f"the broker's state is {broker.state}"
    journal.answer_lost(turn.cleanup, ACTION, target.arn, seen)
    if broker is None:
        _note(target, state=Target.State.GONE, gone_at=timezone.now(), seen_state="", detail="")
    elif broker.state == DELETING:
        _note(target, state=Target.State.DELETING, seen_state=DELETING, detail="", asked_at=_first_asked(target))
    elif _refused_in_this_state(target, broker):
        _give_up_in_time(target)
    else:
        _delete(turn, target, broker)


def _look_again(turn: Turn, target: Target) -> PlannedBroker | None:
    """The broker as it is now, None when it is gone.

    Raises Stop when it, its region or the role is not what the plan says.
    """
    broker = turn.reader.describe_broker(target.region_code, target.broker_id)
    listed = {one.arn: one.state for one in turn.reader.brokers(target.region_code)}
    turn.void_if_new(World(turn.plan.role_id, listed, {}))
    turn.void_if_another_role()
    if broker is None:
        if listed.get(target.arn, DELETING) != DELETING:
            raise Unanswered(f"Amazon MQ lists {target.arn} and does not know it by its id.", _tries())
        return None
    if (broker.arn, broker.engine.lower()) != (target.arn, target.engine.lower()):
        found = f"{target.broker_id} is {broker.arn} ({broker.engine}), not {target.arn} ({target.engine})"
        raise Stop(State.VOID, CHANGED, [found])
    if broker.state != DELETING and (no := list(broker_refusals([broker], settings.CLEANUP_PROTECTION))):
        raise Stop(State.FAILED, " ".join(refusal.detail for refusal in no))
    return broker


def _tries() -> int:
    tries: int = settings.CLEANUP_UNKNOWN_TRIES
    return tries


def _delete(turn: Turn, target: Target, broker: PlannedBroker) -> None:
    where = f"{target.name} in {target.region_code}"
    intent = f"Deleting {where}: looked at again, it is {broker.state}, and nothing protects it"
    asked_at = _first_asked(target)
    try:
        turn.change(
            ACTION,
            target.arn,
            intent,
            session_policies.delete_broker(target.arn),
            lambda cleaner: cleaner.delete_broker(target.region_code, target.broker_id),
        )
    except AwsError as error:
        _not_deleted(target, broker, error)
        return
    _note(target, state=Target.State.DELETING, seen_state=DELETING, detail="", asked_at=asked_at)


def _not_deleted(target: Target, broker: PlannedBroker, error: AwsError) -> None:
    if error.code == "NotFoundException":  # deleted by somebody else between the look and the request
        _note(target, state=Target.State.GONE, gone_at=timezone.now(), detail="")
        return
    _note(target, seen_state=broker.state, detail=error.message, asked_at=_first_asked(target))
    if error.kind is not ErrorKind.WRONG_STATE:
        raise refused(error) from error
    _give_up_in_time(target)


def _refused_in_this_state(target: Target, broker: PlannedBroker) -> bool:
    return bool(target.detail) and broker.state == target.seen_state and broker.state not in DELETABLE


def _first_asked(target: Target) -> object:
    return target.asked_at or timezone.now()


def _give_up_in_time(target: Target) -> None:
    if _seconds_since_asked(target) > settings.CLEANUP_BROKER_SECONDS:
        minutes = settings.CLEANUP_BROKER_SECONDS / 60
        last = target.detail or f"Its state is {target.seen_state}."
        raise Stop(State.FAILED, f"{target.arn} is not gone after {minutes:g} minutes. {last}")


def _seconds_since_asked(target: Target) -> float:
    return (timezone.now() - target.asked_at).total_seconds() if target.asked_at else 0.0


def _see_whether_gone(turn: Turn) -> None:
    """Look at what is on its way out. Raises Again while something of the plan is left."""
    for target in turn.cleanup.targets.filter(state=Target.State.DELETING):
        turn.rest()
        broker = turn.reader.describe_broker(target.region_code, target.broker_id)
        if broker is None:
            _note(target, state=Target.State.GONE, gone_at=timezone.now(), seen_state="", detail="")
        else:
            _note(target, seen_state=broker.state)
            _give_up_in_time(target)
    left = list(turn.cleanup.targets.exclude(state=Target.State.GONE))
    if left:
        names = ", ".join(f"{target.name} in {target.region_code}" for target in left)
        journal.follow(turn.cleanup, FOLLOWED, f"Waiting until the brokers are gone: {names}")
        raise Again(pause_after(max(map(_seconds_since_asked, left))))


def _note(target: Target, **fields: object) -> None:
    """Write down how far a broker is. It is true whoever holds the clean-up, so no lease is asked for."""
    Target.objects.filter(pk=target.pk).update(**fields)
    target.refresh_from_db()
