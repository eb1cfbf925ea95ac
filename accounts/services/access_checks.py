"""Checking an account's roles: asked for in PostgreSQL, answered by a worker, harmless to do twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.aws.errors import AwsError, ErrorKind, problem_of, refused_as_open
from accounts.aws.probing import CallTrier, KnownBroker
from accounts.domain.access import CallCheck, Door, actions_of, judge
from accounts.domain.role_policies import Purpose
from accounts.models import AccessCheck, Account, AccountQuerySet, Broker, SealedCredential
from accounts.services import audit, queue
from accounts.services.credentials import (
    ask_for_session,
    grant_of,
    opens_to_strangers,
    role_arn_for,
    shared_clients,
)
from accounts.services.lending import lend_the_connection

CHECK_TASK = "accounts.check_account"
BATCH = 1000


@dataclass(frozen=True, slots=True)
class RoleCheck:
    """What one role answered. `detail` says why it is shut, open or unknown."""

    door: Door
    detail: str = ""
    calls: tuple[CallCheck, ...] = ()

    @property
    def closed_to_strangers(self) -> bool:
        """True when it was seen to open with the external id only: calls are tried after that alone."""
        return bool(self.calls)


def request_checks(accounts: AccountQuerySet, actor: str) -> int:
    """Have workers check these accounts; says how many."""
    now = timezone.now()
    chosen = list(accounts.order_by("pk").values_list("pk", flat=True))
    rows = [AccessCheck(account_id=pk, requested_at=now, requested_by=actor[:150], sent_at=now) for pk in chosen]
    with transaction.atomic():
        AccessCheck.objects.bulk_create(
            rows,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["account"],
            update_fields=["requested_at", "requested_by", "sent_at"],
        )
        audit.note(actor, "check access", audit.counted(len(chosen)))
        transaction.on_commit(partial(queue.ring, CHECK_TASK, chosen, queue.URGENT_QUEUE))
    return len(chosen)


def tend_checks() -> int:
    """Send again what was asked for and never came back, as far as fewer messages wait than checks; says how many.

    Redis may have been emptied. A long queue loses nothing by being long.
    """
    now, waiting = timezone.now(), AccessCheck.objects.waiting()
    missing = max(0, waiting.count() - queue.length(queue.URGENT_QUEUE))
    overdue = waiting.filter(sent_at__lt=now - timedelta(seconds=settings.POLL_RESEND_SECONDS))
    lost = list(overdue.order_by("sent_at").values_list("pk", flat=True)[: min(missing, BATCH)])
    taken = [pk for pk in lost if overdue.filter(pk=pk).update(sent_at=now)]
    queue.ring(CHECK_TASK, taken, queue.URGENT_QUEUE)
    return len(taken)


def answer_request(account_pk: int) -> None:
    """Check an account that somebody asked to have checked, unless that has been answered meanwhile."""
    if not Account.objects.filter(pk=account_pk).exists():
        AccessCheck.objects.filter(pk=account_pk).delete()  # asked for while it was being deleted: nobody waits
    elif AccessCheck.objects.waiting().filter(pk=account_pk).exists():
        check_account(account_pk)


def check_account(account_pk: int) -> AccessCheck | None:
    """Check both roles of one account now and keep what came back.

    None when nothing was kept: the account is gone, or the ways into it were changed meanwhile.
    """
    account = Account.objects.filter(pk=account_pk).first()
    if account is None:
        return None
    began = timezone.now()
    found = {purpose: check_role(account, purpose) for purpose in Purpose if role_arn_for(account, purpose)}
    return _store(account, found, began)


def check_role(account: Account, purpose: Purpose) -> RoleCheck:
    """Assume one role as it should be, then as it must not be, then try its calls."""
    broker, grant = _some_broker(account), grant_of(account, purpose)
    lend_the_connection()
    try:
        session = ask_for_session(grant)
    except AwsError as error:
        door = Door.SHUT if error.kind is ErrorKind.ACCESS_DENIED else Door.UNKNOWN
        return RoleCheck(door, problem_of(error).detail)
    try:
        if not account.external_id or opens_to_strangers(grant):
            return RoleCheck(Door.OPEN, problem_of(refused_as_open()).detail)
    except AwsError as error:
        return RoleCheck(
            Door.UNKNOWN, f"Whether it opens without the external id is not known. {problem_of(error).detail}"
        )
    trier = CallTrier(shared_clients(), account.partition, session, broker)
    calls = tuple(trier.check(action) for action in actions_of(purpose))
    return RoleCheck(judge(calls), calls=calls)


def _some_broker(account: Account) -> KnownBroker | None:
    broker = Broker.objects.filter(account=account).order_by("-seen_at", "pk").first()
    return KnownBroker(broker.broker_id, broker.arn, broker.region_id) if broker else None


def _store(account: Account, found: dict[Purpose, RoleCheck], began: datetime) -> AccessCheck | None:
    """Keep the answers unless a later check has been kept already, and mark or clear roles that are open."""
    with transaction.atomic():
        locked = Account.objects.select_for_update().filter(pk=account.pk).first()
        if locked is None:
            return None
        kept = AccessCheck.objects.filter(account=locked).first()
        if kept is not None and kept.checked_at is not None and kept.checked_at >= began:
            return kept
        # A role is open or closed to strangers whatever Rolecall knows of it by now; the rest says nothing any more.
        _mark_open_roles(locked, {role_arn_for(account, purpose): role for purpose, role in found.items()})
        if locked.ways_in != account.ways_in:
            return None
        check, _ = AccessCheck.objects.get_or_create(
            account=locked, defaults={"requested_at": began, "requested_by": "manage.py", "sent_at": began}
        )
        for purpose in Purpose:
            role = found.get(purpose)
            setattr(check, purpose, role.door if role else "")
            setattr(check, f"{purpose}_role_arn", role_arn_for(account, purpose))
        check.results = {
            purpose: {"detail": role.detail, "calls": [asdict(call) for call in role.calls]}
            for purpose, role in found.items()
        }
        check.checked_at = began
        check.save()
    return check


def _mark_open_roles(account: Account, roles: dict[str, RoleCheck]) -> None:
    """Refuse roles found open from now on, and take back those that are mended; an unknown one stays as it was."""
    before = set(account.open_role_arns)
    opened = {arn for arn, role in roles.items() if role.door is Door.OPEN}
    mended = {arn for arn, role in roles.items() if role.closed_to_strangers}
    after = (before | opened) - mended
    if after == before:
        return
    account.open_role_arns = sorted(after)
    account.failed_polls = 0
    account.next_poll_at = timezone.now()  # the pages shall say so at once, either way
    account.save(update_fields=["open_role_arns", "failed_polls", "next_poll_at", "updated_at"])
    SealedCredential.objects.filter(account=account, role_arn__in=after).delete()
    for arn in after - before:
        audit.note("Rolecall", "refuse open role", account, arn)
    for arn in before - after:
        audit.note("Rolecall", "accept mended role", account, arn)
