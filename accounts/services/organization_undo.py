"""Undoing the last taking from an organization, as far as nothing has happened since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import (
    Account,
    AccountEdit,
    Cleanup,
    Organization,
    OrganizationMember,
    OrganizationTake,
    RoleStatus,
)
from accounts.services import audit
from accounts.services.importing import BATCH
from accounts.services.organization_changes import FIELDS, count_waiting


class CannotUndo(Exception):
    """It is undone already, or was not the last one."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many accounts are as they were before, and how many were left as they are."""

    undone: int
    kept: int


def undo(take: OrganizationTake, actor: str) -> Undone:
    """Put back what the last taking changed; an account that was read or changed meanwhile is left. Raises CannotUndo.

    An account that the taking added is no longer watched.
    """
    now = timezone.now()
    with transaction.atomic():
        organization = Organization.objects.select_for_update().get(pk=take.organization_id)
        last = organization.takes.filter(undone_at__isnull=True).first()
        if last is None or last.pk != take.pk:
            raise CannotUndo
        ids = [item["account_id"] for item in last.items]
        rows = Account.objects.filter(partition=organization.partition, account_id__in=ids).order_by("pk")
        accounts = {account.account_id: account for account in rows.select_for_update()}
        members = {member.account_id: member for member in organization.members.filter(account_id__in=ids)}
        untouched = _untouched(accounts, last.at)
        done = [_undo_one(item, accounts, members, untouched, now) for item in last.items]
        _store(accounts, [item for item, undone in zip(last.items, done, strict=True) if undone])
        OrganizationMember.objects.bulk_update(members.values(), ["taken"], batch_size=BATCH)
        last.undone_at, last.undone_by = now, actor[:150]
        last.save(update_fields=["undone_at", "undone_by"])
        result = Undone(sum(done), len(done) - sum(done))
        count_waiting(organization)
        audit.note(actor, "undo taking", str(organization), f"accounts: {result.undone} undone, {result.kept} left")
    return result


def _untouched(accounts: dict[str, Account], since: datetime) -> set[int]:
    """Those that Rolecall has never read and planned nothing in, and nobody has changed since: no loss when they go."""
    pks = {account.pk for account in accounts.values()}
    read = RoleStatus.objects.filter(account__in=pks, last_ok_at__isnull=False).values_list("account", flat=True)
    planned = Cleanup.objects.filter(account__in=pks).values_list("account", flat=True)
    edits = AccountEdit.objects.filter(account_number__in=accounts, entry__at__gt=since)
    changed = {accounts[number].pk for number in edits.values_list("account_number", flat=True)}
    return pks - set(read) - set(planned) - changed


def _undo_one(
    item: dict[str, Any],
    accounts: dict[str, Account],
    members: dict[str, OrganizationMember],
    untouched: set[int],
    now: datetime,
) -> bool:
    account, member = accounts.get(item["account_id"]), members.get(item["account_id"])
    if account is None or (item["new"] and account.pk not in untouched):
        return False
    if not item["new"] and not _put_back(account, item, now):
        return False
    if member is not None:
        member.taken = item.get("taken")
    return True


def _put_back(account: Account, item: dict[str, Any], now: datetime) -> bool:
    """False when somebody has changed one of the fields since."""
    if any(getattr(account, name) != value for name, value in item["after"].items()):
        return False
    for name, value in item["before"].items():
        setattr(account, name, value)
    if "organization_state" in item["before"]:
        account.organization_state_since = account.next_poll_at = now
    account.updated_at = now
    return True


def _store(accounts: dict[str, Account], undone: list[dict[str, Any]]) -> None:
    """New accounts go, the others are written: in a handful of statements, since a taking may be of thousands."""
    new = [accounts[item["account_id"]].pk for item in undone if item["new"]]
    Account.objects.filter(pk__in=new).delete()
    old = [accounts[item["account_id"]] for item in undone if not item["new"]]
    fields = [*FIELDS, "organization_state_since", "next_poll_at", "updated_at"]
    Account.objects.bulk_update(old, fields, batch_size=BATCH)
