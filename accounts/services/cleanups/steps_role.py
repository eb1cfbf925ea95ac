"""The role: asked to go once every region is as the plan says, followed by IAM's task, proved by GetRole."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.aws.errors import AwsError
from accounts.domain import session_policies
from accounts.domain.cleanups import (
    ROLE_DELETED,
    DeletionStatus,
    Next,
    RoleNow,
    State,
    TaskStatus,
    Usage,
    after_status,
    needs_role,
)
from accounts.domain.identifiers import parse_arn
from accounts.domain.plans import DELETING, World
from accounts.models import Target
from accounts.services.cleanups import claims, journal
from accounts.services.cleanups.signals import Again, Stop, pause_after, refused
from accounts.services.cleanups.turn import ANOTHER_ROLE, CHANGED, Turn

ACTION = "iam:DeleteServiceLinkedRole"
RECREATED = (
    "The role was deleted, and has been made anew meanwhile: the role that is there now has another id. "
    "A new RabbitMQ broker makes one."
)


def delete_role(turn: Turn) -> None:
    """Ask for the role's deletion, or see how the one that was asked for stands."""
    if turn.cleanup.task_id:
        follow_deletion(turn)
        return
    if not turn.plan.role_arn:
        raise Stop(State.DONE, "All brokers of the plan are gone. There was no role.")
    turn.gate()
    settle(turn)
    world = turn.look("Looking at every region before the role is deleted")
    _back_to_the_brokers(turn, world)
    settle(turn)  # last: a role that was made anew during the look is not the plan's
    _ask(turn)


def settle(turn: Turn) -> None:
    """Raise Stop when there is no role to delete any more, or another one than the plan's."""
    role, asked = turn.role(), journal.asked(turn.cleanup, ACTION)
    journal.answer_lost(turn.cleanup, ACTION, turn.plan.role_arn, f"GetRole says that the role is {_WORDS[role]}.")
    if role is RoleNow.GONE:
        raise Stop(State.DONE, ROLE_DELETED if asked else "The role was gone already.")
    if role is RoleNow.OTHER and asked:
        raise Stop(State.DONE, RECREATED)
    if role is RoleNow.OTHER:
        raise Stop(State.VOID, CHANGED, [ANOTHER_ROLE])


_WORDS = {RoleNow.GONE: "gone", RoleNow.SAME: "still there", RoleNow.OTHER: "another one by now"}


def _back_to_the_brokers(turn: Turn, world: World) -> None:
    """Raise Again when a broker of the plan is still listed: it has to go first, whatever was said of it before."""
    listed = [target for target in turn.cleanup.targets.all() if target.arn in world.brokers]
    for target in listed:
        on_its_way = world.brokers[target.arn] == DELETING
        state = Target.State.DELETING if on_its_way else Target.State.PLANNED
        Target.objects.filter(pk=target.pk).update(state=state, seen_state=world.brokers[target.arn], gone_at=None)
    if listed:
        claims.move_held(turn.cleanup, State.DELETING_BROKERS, since=timezone.now())
        raise Again(settings.CLEANUP_POLL_SECONDS)


def _ask(turn: Turn) -> None:
    cleanup, arn = turn.cleanup, turn.plan.role_arn
    intent = "Deleting the role: every region is as the plan says, and the role's id is the plan's"
    try:
        receipt = turn.change(
            ACTION, arn, intent, session_policies.delete_role(arn), lambda cleaner: cleaner.delete_role()
        )
    except AwsError as error:
        if error.code == "NoSuchEntity":  # gone between the look and the request: the next look proves it
            raise Again(settings.CLEANUP_POLL_SECONDS) from error
        raise refused(error) from error
    claims.save(
        cleanup,
        task_id=receipt.task_id,
        task_asked_at=timezone.now(),
        task_succeeded_at=None,
        attempts=cleanup.attempts + 1,
    )


def follow_deletion(turn: Turn) -> None:
    """See how the deletion stands. Raises Again while it goes on, Stop when the role is gone."""
    status = _status(turn)
    gone_on = _seconds_since(turn.cleanup.task_succeeded_at or turn.cleanup.task_asked_at)
    role = None
    if needs_role(status.status, gone_on):
        if turn.cleanup.state != State.VERIFYING:
            claims.move_held(turn.cleanup, State.VERIFYING, since=timezone.now())
        role = turn.role()
    _act(turn, status, after_status(status.status, role, gone_on), gone_on)


def _status(turn: Turn) -> DeletionStatus:
    """IAM's word on the task. A SUCCEEDED is remembered: IAM may forget the task right after."""
    cleanup = turn.cleanup
    journal.follow(cleanup, cleanup.task_id, f"Following the deletion, try {cleanup.attempts}")
    if cleanup.task_succeeded_at is not None:
        return DeletionStatus(TaskStatus.SUCCEEDED)
    status = turn.reader.deletion_status(cleanup.task_id)
    if status.status is TaskStatus.SUCCEEDED:
        claims.save(cleanup, task_succeeded_at=timezone.now())
    return status


def _seconds_since(at: datetime | None) -> float:
    return (timezone.now() - at).total_seconds() if at else 0.0


def _act(turn: Turn, status: DeletionStatus, what: Next, gone_on: float) -> None:
    if what is Next.LOOK_AGAIN:
        raise Again(pause_after(gone_on))
    if what is Next.TRY_LATER:
        _try_later(turn, status)
        return
    said = ROLE_DELETED if what is Next.DONE else RECREATED
    journal.answer_follow(turn.cleanup, turn.cleanup.task_id, f"{status.status}. {said}")
    raise Stop(State.DONE, said)


def _try_later(turn: Turn, status: DeletionStatus) -> None:
    """Wait, longer each time, and ask again; or stop where asking again can do no good."""
    cleanup, why = turn.cleanup, _why_not(status)
    journal.answer_follow(cleanup, cleanup.task_id, why, status.status)
    usage = [
        {"region": used.region, "resource": used.resource, "named_region": used.named_region} for used in status.usage
    ]
    if usage:  # a refusal that names nothing takes back nothing that AWS has named
        claims.save(cleanup, usage=usage)
    if named := _in_use_by_a_stranger(turn, status.usage):
        raise Stop(State.FAILED, named)
    waits: tuple[float, ...] = settings.CLEANUP_RETRY_SECONDS
    if cleanup.attempts > len(waits):
        raise Stop(State.FAILED, f"AWS did not delete the role in {cleanup.attempts} tries. {why}")
    with transaction.atomic():
        wait_until(turn, timezone.now() + timedelta(seconds=waits[cleanup.attempts - 1]), why, State.DELETING_ROLE)
        claims.save(cleanup, task_id="", task_asked_at=None, task_succeeded_at=None)


def wait_until(turn: Turn, until: datetime, reason: str, then: State) -> None:
    """Wait until a stated time, for a stated reason, and go on in the state `then`."""
    claims.move_held(turn.cleanup, State.WAITING, reason=reason, resume_state=then, next_try_at=until)


def _why_not(status: DeletionStatus) -> str:
    if status.status is TaskStatus.FAILED:
        return f"AWS says: {status.reason}" if status.reason else "AWS refused the deletion and gave no reason."
    words = {
        TaskStatus.SUCCEEDED: "IAM called the deletion SUCCEEDED, and yet the role is still there.",
        TaskStatus.VANISHED: "IAM knows nothing of the deletion any more, and the role is still there.",
    }
    return words.get(status.status, f"IAM calls the deletion {status.status}, for too long.")


def _in_use_by_a_stranger(turn: Turn, usage: tuple[Usage, ...]) -> str:
    """Say so when IAM names a broker that the plan does not delete and that is not on its way out; else nothing."""
    planned = {broker.arn for broker in turn.plan.deletes}
    for used in usage:
        if used.resource in planned or not _a_broker_of_ours(turn, used):
            continue
        try:
            broker = turn.reader.describe_broker(used.region, used.resource.rpartition(":")[2])
        except AwsError:
            continue  # nobody can tell: it is shown, and asked about again after the wait
        if broker is not None and broker.state != DELETING:
            return (
                f"AWS names {used.resource} as using the role. It is {broker.state}, and the plan does not hold it: "
                "Rolecall will not touch it. Draw a new plan if it may go."
            )
    return ""


def _a_broker_of_ours(turn: Turn, used: Usage) -> bool:
    """Whether the resource is a broker of this account, in a region that Rolecall knows."""
    try:
        arn = parse_arn(used.resource)
    except ValueError:
        return False
    known = {*turn.plan.looked, *turn.plan.unknown, *turn.plan.disabled}
    ours = (arn.service, arn.account_id) == ("mq", turn.plan.account_id) and arn.resource.startswith("broker:")
    return ours and used.region in known
