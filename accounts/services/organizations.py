"""AWS organizations: connected by a person, read by a worker, kept only when a reading is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.aws.errors import AwsError, refused_as_open
from accounts.aws.hub import RoleGrant
from accounts.aws.organization import Explanation, OrganizationFacts, explain, read_organization
from accounts.domain.identifiers import parse_role_arn
from accounts.domain.organization import Change, Member, MemberState
from accounts.domain.role_policies import ORGANIZATION
from accounts.models import Account, Organization, OrganizationMember
from accounts.services import audit, queue
from accounts.services.acts import batches
from accounts.services.claims import new_token
from accounts.services.credentials import client_settings, hub_of, opens_to_strangers, session_name
from accounts.services.lending import lend_the_connection
from accounts.services.organization_changes import count_waiting, difference, take_by_itself
from accounts.services.sts_budget import wait_for_turn

READ_TASK = "accounts.read_organization"
# A reading begins no further call after this; the last one may take two minutes with all its tries. Then its task would
# be ended (570 s), and only after that is its lease over.
SECONDS = 420
LEASE = timedelta(minutes=10)
TELL_EVERY_SECONDS = 0.5
BATCH = 1000
_WAITING = Q(answered_at__isnull=True) | Q(answered_at__lt=F("requested_at"))


class AlreadyConnected(Exception):
    """There is an organization with this way in."""


class NotRead(Exception):
    """There is no whole reading; `why` says it for an admin."""

    def __init__(self, why: Explanation) -> None:
        super().__init__(why.detail)
        self.why = why


def connect(wanted: Organization, actor: str) -> Organization:
    """Keep a new organization, or what was changed of its way in, and have it read. Raises AlreadyConnected."""
    action = "connect organization" if wanted.pk is None else "change organization"
    try:
        with transaction.atomic():
            # A worker may be reading it: what it writes meanwhile is not overwritten.
            wanted.save(update_fields=None if wanted.pk is None else ["access_role_arn", "external_id", "reads_tags"])
            audit.note(actor, action, str(wanted), wanted.access_role_arn or "as the hub identity")
            request_reading(wanted, actor)
    except IntegrityError as error:
        raise AlreadyConnected from error
    return wanted


def save_rules(organization: Organization, actor: str) -> None:
    """Keep which accounts are wanted, what their roles are called, and how it goes on by itself."""
    organization.chosen = True
    now = timezone.now()
    every = organization.interval_seconds
    organization.next_read_at = now + timedelta(seconds=every) if every else None
    rules = ("include_units", "exclude_units", "tag_rules", "patterns", "chosen")
    roles = ("reader_role", "cleaner_role", "external_ids")
    with transaction.atomic():
        organization.save(update_fields=[*rules, *roles, "interval_seconds", "takes_changes", "next_read_at"])
        told = "; ".join(f"{name}={getattr(organization, name)}" for name in (*rules[:4], *roles, "takes_changes"))
        audit.note(actor, "choose from organization", str(organization), f"{told}; every {every or 'never'} s")
        count_waiting(organization)


def disconnect(organization: Organization, actor: str) -> None:
    """Forget an organization. Its accounts stay watched; what it said of their state is no longer known."""
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)  # before its accounts, as whoever takes does
        ids = organization.members.values("account_id")
        # Archived ones, too: they may come back, and then nobody could say any more that they are there again.
        mine = Account.every.filter(partition=organization.partition, account_id__in=ids).order_by("pk")
        pks = [account.pk for account in mine.select_for_update()]
        Account.every.filter(pk__in=pks).update(organization_state="", organization_state_since=None)
        audit.note(actor, "disconnect organization", str(organization))
        organization.delete()


def request_reading(organization: Organization, actor: str, *, send: bool = True) -> None:
    """Have a worker read it; without `send` the caller reads it itself."""
    now = timezone.now()
    organization.requested_at, organization.requested_by, organization.sent_at = now, actor[:150], now
    organization.save(update_fields=["requested_at", "requested_by", "sent_at"])
    if send:
        transaction.on_commit(partial(queue.ring, READ_TASK, [organization.pk], queue.URGENT_QUEUE))


def tend_organizations() -> int:
    """Begin the readings that are due, and send again those whose message was lost; says how many were rung for."""
    now = timezone.now()
    due = Organization.objects.filter(interval_seconds__isnull=False, next_read_at__lte=now)
    for organization in due:
        following = now + timedelta(seconds=organization.interval_seconds or 0)
        if due.filter(pk=organization.pk).update(next_read_at=following):
            request_reading(organization, audit.ROLECALL)
    overdue = now - timedelta(seconds=settings.POLL_RESEND_SECONDS)
    lost = Organization.objects.filter(_WAITING, _free(now), sent_at__lt=overdue)
    taken = [pk for pk in lost.values_list("pk", flat=True) if lost.filter(pk=pk).update(sent_at=now)]
    queue.ring(READ_TASK, taken, queue.URGENT_QUEUE)
    return len(taken)


def _free(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)


def read_now(pk: int) -> bool:
    """Read an organization that somebody asked for, unless another worker is at it; False when nothing was done."""
    began, token = timezone.now(), new_token()
    taken = Organization.objects.filter(_WAITING, _free(began), pk=pk)
    if not taken.update(lease_token=token, lease_until=began + LEASE, stage="asking AWS"):
        return False
    organization = Organization.objects.get(pk=pk)
    lend_the_connection()
    try:
        facts = _ask(organization, _teller(pk, token))
    except NotRead as none:
        _keep_problem(organization, none.why, began, token)
    else:
        _keep(organization, facts, began, token)
    return True


def what_would_differ(organization: Organization) -> list[Change]:
    """Ask AWS and say what differs, all of it: nothing is kept and nothing is taken. Raises NotRead."""
    lend_the_connection()
    facts = _ask(organization, lambda stage: None)
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)  # as whoever keeps a reading does
        _keep_members(locked, facts)
        found = difference(locked)
        transaction.set_rollback(True)
    return found


def _other(organization: Organization, facts: OrganizationFacts) -> Explanation:
    """Every account would be gone at once, and the other organization's new."""
    said = (
        f"This way in leads to organization {facts.organization_id} now, not to {organization.organization_id}. "
        "Put the way in right, or disconnect this organization and connect the other one."
    )
    return Explanation(said, "OtherOrganization", {})


def _teller(pk: int, token: str) -> Callable[[str], None]:
    """Write down now and then how far a reading is; the page follows it."""
    last = time.monotonic()

    def tell(stage: str) -> None:
        nonlocal last
        if time.monotonic() - last < TELL_EVERY_SECONDS:
            return
        last = time.monotonic()
        Organization.objects.filter(pk=pk, lease_token=token).update(stage=stage[:120])
        lend_the_connection()

    return tell


def _ask(organization: Organization, tell: Callable[[str], None]) -> OrganizationFacts:
    """A whole reading of this very organization. Raises NotRead."""
    try:
        facts = _asked(organization, tell)
    except AwsError as error:
        why = explain(error, organization.access_role_arn, settings.AWS_ORGANIZATION_ATTEMPTS)
        raise NotRead(why) from error
    if organization.organization_id not in ("", facts.organization_id):
        raise NotRead(_other(organization, facts))
    return facts


def _asked(organization: Organization, tell: Callable[[str], None]) -> OrganizationFacts:
    name = organization.partition
    patient = replace(client_settings(), max_attempts=settings.AWS_ORGANIZATION_ATTEMPTS)
    grant = _grant(organization)
    if grant is not None:
        _refuse_open_role(grant)
        wait_for_turn(name)
    return read_organization(
        hub_of(name), grant, patient, name, tags=organization.reads_tags, tell=tell, seconds=SECONDS
    )  # fmt: skip


def _grant(organization: Organization) -> RoleGrant | None:
    if not organization.access_role_arn:
        return None
    return RoleGrant(
        account_id=parse_role_arn(organization.access_role_arn).account_id,
        partition=organization.partition,
        role_arn=organization.access_role_arn,
        external_id=organization.external_id,
        purpose=ORGANIZATION,
        session_name=session_name(ORGANIZATION),
    )


def _refuse_open_role(grant: RoleGrant) -> None:
    """A role that opens without its external id is not used. Raises AwsError."""
    if opens_to_strangers(grant):
        raise refused_as_open()


def _ended(organization: Organization, began: datetime, token: str) -> bool:
    """End a reading and lock the row until the transaction's end. False: another worker has taken it over."""
    locked = Organization.objects.select_for_update().filter(pk=organization.pk, lease_token=token).first()
    if locked is None:
        return False
    following = began + timedelta(seconds=locked.interval_seconds) if locked.interval_seconds else None
    Organization.objects.filter(pk=locked.pk).update(
        lease_token="", lease_until=None, stage="", answered_at=began, next_read_at=following
    )
    return True


def _keep_problem(organization: Organization, why: Explanation, began: datetime, token: str) -> None:
    """Say why there is no reading. The accounts of the last whole one stay as they are."""
    with transaction.atomic():
        if _ended(organization, began, token):
            Organization.objects.filter(pk=organization.pk).update(
                problem=why.detail, problem_code=why.code[:120], statement=dict(why.statement)
            )


def _keep(organization: Organization, facts: OrganizationFacts, began: datetime, token: str) -> None:
    """Put a whole reading in the place of the last one; then what is to be taken by itself is taken."""
    with transaction.atomic():
        if not _ended(organization, began, token):
            return
        Organization.objects.filter(pk=organization.pk).update(
            problem="", problem_code="", statement={}, read_at=began, units=list(facts.units),
            organization_id=facts.organization_id, management_account=facts.management_account,
        )  # fmt: skip
        organization.refresh_from_db()
        _keep_members(organization, facts)
        _note_active(organization, facts)
        if organization.takes_changes and organization.chosen:
            take_by_itself(organization)
        else:
            count_waiting(organization)


def _keep_members(organization: Organization, facts: OrganizationFacts) -> None:
    OrganizationMember.objects.bulk_create(
        (_row(organization, member) for member in facts.members),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["organization", "account_id"],
        update_fields=["name", "state", "unit", "tags"],
    )
    missing = organization.members.exclude(account_id__in=[member.account_id for member in facts.members])
    known = Account.every.filter(partition=organization.partition).values("account_id")  # archived ones may come back
    missing.exclude(account_id__in=known).delete()
    missing.update(state=MemberState.GONE)


def _row(organization: Organization, member: Member) -> OrganizationMember:
    tags = dict(member.tags) if member.tags is not None else None
    return OrganizationMember(
        organization=organization, account_id=member.account_id, name=member.name[:200], state=member.state[:32],
        unit=member.unit, tags=tags,
    )  # fmt: skip


def _note_active(organization: Organization, facts: OrganizationFacts) -> None:
    """From now on it is known that these are in an organization: nothing changes in how they are polled."""
    active = [member.account_id for member in facts.members if member.state == MemberState.ACTIVE]
    for pks in batches(_unplaced(organization.partition, active)):
        Account.objects.filter(pk__in=pks).update(
            organization_state=MemberState.ACTIVE, organization_state_since=organization.read_at
        )


def _unplaced(name: str, account_ids: Iterable[str]) -> list[int]:
    mine = Account.objects.filter(partition=name, organization_state="", account_id__in=list(account_ids))
    return list(mine.order_by("pk").select_for_update().values_list("pk", flat=True))
