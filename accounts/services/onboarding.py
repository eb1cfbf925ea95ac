"""Adding and changing one account, and the roles that it needs."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from accounts.domain.identifiers import parse_role_arn
from accounts.domain.role_policies import Purpose
from accounts.domain.role_templates import Format, Rendered, WantedRole, external_id_in_stackset, render
from accounts.models import AccessCheck, Account, AccountQuerySet, HubIdentity
from accounts.models.account import WAYS_IN
from accounts.services import audit
from accounts.services.access_checks import request_checks
from accounts.services.credentials import role_arn_for
from accounts.services.importing import FIELDS, AccountRow, store


class NoRole(Exception):
    """A role cannot be written down; the message says why and what to do."""


def save_account(row: AccountRow, actor: str) -> Account:
    """Add an account, or change the one that has this id; a change of a way in asks for a check."""
    with transaction.atomic():
        before = Account.objects.filter(account_id=row.account_id).first()
        changed = [name for name in FIELDS if before is None or getattr(before, name) != getattr(row, name)]
        store([row])
        account = Account.objects.get(account_id=row.account_id)
        if before is None:
            audit.note(actor, "add account", str(account))
        elif changed:
            audit.note(actor, "change account", str(account), ", ".join(changed))
        if before is not None and set(WAYS_IN) & set(changed):
            request_checks(Account.objects.filter(pk=account.pk), actor)
    return account


def role_file(
    account: Account, purpose: Purpose, form: Format, identity: HubIdentity, *, create_and_describe: bool = False
) -> Rendered:
    """One role of one account, written down for this installation. Raises NoRole."""
    if not identity.principal_arn:
        raise NoRole(identity.problem or "No worker has said yet who Rolecall is in this partition. Is one running?")
    arn = role_arn_for(account, purpose)
    if not arn:
        raise NoRole(f"{account.name} has no cleaner role: it is only looked at. Give it one on its form.")
    prefix = identity.external_id_prefix
    external_id = prefix if form is Format.STACKSET else account.external_id
    if not external_id:
        raise NoRole(f"{account.name} has no external id, and a role without one is refused. Give it one on its form.")
    path, _, name = parse_role_arn(arn).resource.removeprefix("role").rpartition("/")
    wanted = WantedRole(
        purpose, account.account_id, account.partition, f"{path}/", name, identity.principal_arn, external_id,
        create_and_describe,
    )  # fmt: skip
    return render(wanted, form)


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
        for account in chosen:
            account.external_id = external_id_in_stackset(identity.external_id_prefix, account.account_id)
        Account.objects.bulk_update(chosen, ["external_id"], batch_size=1000)
        AccessCheck.objects.filter(account__in=chosen).delete()  # made with the external ids of before
        if chosen:
            subject = f"{len(chosen)} account{'s' if len(chosen) != 1 else ''} of {identity.partition}"
            audit.note(actor, "take the StackSet's external ids", subject)
    return len(chosen)
