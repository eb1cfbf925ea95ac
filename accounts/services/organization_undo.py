"""Undoing the last taking from an organization, as far as nothing has happened since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import (
    Account,
    AccountEdit,
    AuditEntry,
    Cleanup,
    Organization,
    OrganizationMember,
    OrganizationTake,
    RoleStatus,
)
from accounts.services import audit, edits
from accounts.services.edits import Edit
from accounts.services.importing import BATCH
from accounts.services.organization_changes import FIELDS, count_waiting
from accounts.services.protection import check_renames

UNDO = "undo taking"


class CannotUndo(Exception):
    """It is undone already, or was not the last one."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many accounts are as they were before, and how many were left as they are."""

    undone: int
    kept: int


def undo(take: OrganizationTake, actor: str, *, may_unprotect: bool = True) -> Undone:
    """Put back what the last taking changed; an account that was read or changed meanwhile is left.

    An account that the taking added is no longer watched. Raises CannotUndo, and EndsProtection when names that protect
    would go and that `may_unprotect` not be.
    """
    now = timezone.now()
    with transaction.atomic():
        organization = Organization.objects.select_for_update().get(pk=take.organization_id)
        last = organization.takes.filter(undone_at__isnull=True).first()
        if last is None or last.pk != take.pk:
            raise CannotUndo
        check_renames(_renames_back(last), may_unprotect=may_unprotect)
        ids = [item["account_id"] for item in last.items]
        rows = Account.objects.filter(partition=organization.partition, account_id__in=ids).order_by("pk")
        accounts = {account.account_id: account for account in rows.select_for_update()}
        members = {member.account_id: member for member in organization.members.filter(account_id__in=ids)}
        untouched = _untouched(accounts, last.at)
        done = [_undo_one(item, accounts, members, untouched, now) for item in last.items]
        undone = [item for item, is_undone in zip(last.items, done, strict=True) if is_undone]
        _note(organization, actor, undone, accounts)
        _store(accounts, undone)
        OrganizationMember.objects.bulk_update(members.values(), ["taken"], batch_size=BATCH)
        last.undone_at, last.undone_by = now, actor[:150]
        last.save(update_fields=["undone_at", "undone_by"])
        result = Undone(sum(done), len(done) - sum(done))
        count_waiting(organization)
        audit.note(actor, UNDO, str(organization), f"accounts: {result.undone} undone, {result.kept} left")
    return result


def _renames_back(take: OrganizationTake) -> Iterator[tuple[str, str]]:
    for item in take.items:
        if not item["new"] and "name" in item["after"]:
            yield item["after"]["name"], item["before"]["name"]


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


def _note(organization: Organization, actor: str, undone: list[dict[str, Any]], accounts: dict[str, Account]) -> None:
    """One audit entry for each account, as taking writes them; one that goes has its page no more, but its entry."""
    told = [(accounts[item["account_id"]], item) for item in undone]
    made = AuditEntry.objects.bulk_create(
        (audit.entry(actor, UNDO, account, f"{_in_words(item)}; {organization}") for account, item in told),
        batch_size=BATCH,
    )
    edits.keep_each(zip(made, (_edit_of(account, item) for account, item in told), strict=True))


def _in_words(item: dict[str, Any]) -> str:
    if item["new"]:
        return "was new, is not watched any more"
    return "; ".join(f"{_word(value)} → {_word(item['before'][name])}" for name, value in item["after"].items())


def _word(value: Any) -> str:
    return (", ".join(f"{key}={word}" for key, word in value.items()) if isinstance(value, dict) else value) or "–"


def _edit_of(account: Account, item: dict[str, Any]) -> Edit | None:
    """The fields that people set, too; a state is AWS's."""
    if item["new"]:
        gone = edits.difference(None, account)
        return gone and Edit(account.account_id, gone.after, None)
    names = [name for name in item["after"] if name in edits.FIELDS]
    before, after = ({name: item[side][name] for name in names} for side in ("after", "before"))
    return Edit(account.account_id, before, after) if names else None


def _store(accounts: dict[str, Account], undone: list[dict[str, Any]]) -> None:
    """New accounts go, the others are written: in a handful of statements, since a taking may be of thousands."""
    new = [accounts[item["account_id"]].pk for item in undone if item["new"]]
    Account.objects.filter(pk__in=new).delete()
    old = [accounts[item["account_id"]] for item in undone if not item["new"]]
    fields = [*FIELDS, "organization_state_since", "next_poll_at", "updated_at"]
    Account.objects.bulk_update(old, fields, batch_size=BATCH)
