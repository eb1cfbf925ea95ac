"""Adding and changing one account, and the roles that it needs."""

from __future__ import annotations

import hashlib
import json
from copy import copy
from typing import Final, TypedDict

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.domain.identifiers import parse_role_arn
from accounts.domain.role_policies import ORGANIZATION, Purpose
from accounts.domain.role_templates import Format, Rendered, WantedRole, external_id_in_stackset, render
from accounts.models import AccessCheck, Account, AccountQuerySet, HubIdentity, Organization
from accounts.models.account import WAYS_IN
from accounts.services import audit
from accounts.services.access_checks import request_checks
from accounts.services.credentials import role_arn_for
from accounts.services.deleting import RESTORE
from accounts.services.edits import Edit, Values, difference, keep
from accounts.services.importing import FIELDS, AccountRow, WorldChanged, store
from accounts.services.protection import check_renames
from accounts.services.schedule import move_next_polls

SHOWN: Final = (*FIELDS, "unit", "owner", "notes", "poll_interval_seconds", "protected")


class NoRole(Exception):
    """A role cannot be written down; the message says why and what to do."""


class Details(TypedDict, total=False):
    """What people say of an account beside how Rolecall gets in. What is not in it stays as it is."""

    unit: str
    owner: str
    notes: str
    poll_interval_seconds: int | None
    protected: bool


def mark_of(account: Account | None) -> str:
    """The same for as long as nobody changes what the account's form shows; one for all that are not watched."""
    if account is None or account.archived_at is not None:
        return "not watched"
    shown = {name: getattr(account, name) for name in SHOWN}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def save_account(
    row: AccountRow, actor: str, details: Details | None = None, *, seen: str = "", may_unprotect: bool = True
) -> Account:
    """Add an account, or change the one that has this id; a change of a way in asks for a check.

    One that was deleted and kept comes back with its history. `seen` is the mark of the account that somebody has
    looked at. Raises WorldChanged when it is another now, and EndsProtection when a name that protects would go and
    that `may_unprotect` not be.
    """
    with transaction.atomic():
        before = Account.every.select_for_update().filter(account_id=row.account_id).first()
        if seen and seen != mark_of(before):
            raise WorldChanged
        if before is not None:
            check_renames([(before.name, row.name)], may_unprotect=may_unprotect)
        (edit,) = store([row])
        account = Account.objects.get(account_id=row.account_id)
        further = _say(account, details) if details else None
        changed = {**_after(edit), **_after(further)}
        if before is None or changed:
            entry = audit.note(actor, _act(before), account, "" if before is None else ", ".join(changed))
            keep(entry, [_joined(edit, further)])
        if before is not None and set(WAYS_IN) & set(changed):
            request_checks(Account.objects.filter(pk=account.pk), actor)
    return account


def _act(before: Account | None) -> str:
    if before is None:
        return "add account"
    return "change account" if before.archived_at is None else RESTORE


def _say(account: Account, details: Details) -> Edit | None:
    """Store what people say of the account."""
    before = copy(account)
    for name, value in details.items():
        setattr(account, name, value)
    if edit := difference(before, account, details):
        account.save(update_fields=[*details, "updated_at"])
    if before.poll_interval_seconds != account.poll_interval_seconds:
        move_next_polls([account], timezone.now())
    return edit


def _after(edit: Edit | None) -> Values:
    return (edit.after if edit else None) or {}


def _joined(first: Edit | None, second: Edit | None) -> Edit | None:
    if first is None or second is None:
        return first or second
    before = None if first.before is None else {**first.before, **(second.before or {})}
    return Edit(first.account_number, before, {**_after(first), **_after(second)})


def role_file(
    account: Account, purpose: Purpose, form: Format, identity: HubIdentity, *, create_and_describe: bool = False
) -> Rendered:
    """One role of one account, written down for this installation. Raises NoRole."""
    principal = _principal(identity)
    arn = role_arn_for(account, purpose)
    if not arn:
        raise NoRole(f"{account.name} has no cleaner role: it is only looked at. Give it one on its form.")
    prefix = identity.external_id_prefix
    external_id = prefix if form is Format.STACKSET else account.external_id
    if not external_id:
        raise NoRole(f"{account.name} has no external id, and a role without one is refused. Give it one on its form.")
    path, name = _path_and_name(arn)
    wanted = WantedRole(
        purpose, account.account_id, account.partition, path, name, principal, external_id, create_and_describe
    )
    return render(wanted, form)


def organization_role_file(organization: Organization, form: Format, identity: HubIdentity) -> Rendered:
    """The role through which an organization is read, for its management account. Raises NoRole."""
    if not organization.access_role_arn:
        raise NoRole("It is read as the hub identity: no role is needed. Name one on its form to use one.")
    principal, arn = _principal(identity), organization.access_role_arn
    path, name = _path_and_name(arn)
    account_id = parse_role_arn(arn).account_id
    wanted = WantedRole(
        ORGANIZATION, account_id, organization.partition, path, name, principal, organization.external_id
    )
    return render(wanted, form)


def _principal(identity: HubIdentity) -> str:
    """Whom a role trusts. Raises NoRole while nobody knows."""
    if not identity.principal_arn:
        raise NoRole(identity.problem or "No worker has said yet who Rolecall is in this partition. Is one running?")
    return identity.principal_arn


def _path_and_name(arn: str) -> tuple[str, str]:
    path, _, name = parse_role_arn(arn).resource.removeprefix("role").rpartition("/")
    return f"{path}/", name


def in_stackset(account: Account, identity: HubIdentity) -> bool:
    """True when the role that the StackSet makes in this account has the external id that Rolecall will send."""
    return account.external_id == external_id_in_stackset(identity.external_id_prefix, account.account_id)


def not_in_stackset(accounts: AccountQuerySet, identity: HubIdentity) -> list[Account]:
    """The accounts of the partition that Rolecall has never read, and whose external id is not the StackSet's."""
    unread = Q(role_status__isnull=True) | Q(role_status__last_ok_at__isnull=True)
    mine = accounts.filter(unread, partition=identity.partition)
    return [account for account in mine if not in_stackset(account, identity)]


def take_stackset_external_ids(accounts: AccountQuerySet, identity: HubIdentity, actor: str) -> int:
    """Give accounts that were never read the external id that the StackSet's role has in them; says how many.

    Accounts that Rolecall reads already keep theirs: a new one would lock it out.
    """
    with transaction.atomic():
        chosen = not_in_stackset(accounts.select_for_update(of=("self",)), identity)
        before = [copy(account) for account in chosen]
        for account in chosen:
            account.external_id = external_id_in_stackset(identity.external_id_prefix, account.account_id)
        Account.objects.bulk_update(chosen, ["external_id"], batch_size=1000)
        AccessCheck.objects.filter(account__in=chosen).delete()  # made with the external ids of before
        if chosen:
            subject = f"{audit.counted(len(chosen))} of {identity.partition}"
            entry = audit.note(actor, "take the StackSet's external ids", subject)
            keep(entry, map(difference, before, chosen))
    return len(chosen)
