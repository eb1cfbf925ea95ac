"""Taking an act back: every account gets the values that it had before, unless somebody has changed it since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, AccountEdit, AuditEntry
from accounts.services.acts import Cannot, perform
from accounts.services.audit import counted
from accounts.services.deleting import restore_accounts
from accounts.services.edits import WATCHED
from accounts.services.protection import rename_unprotects
from accounts.services.schedule import move_next_polls

UNDO_HOURS: Final = 24
# A role, a partition or an external id is more than a value: a check was asked for, sessions were forgotten.
UNDOABLE: Final = frozenset(
    {"name", "tags", "unit", "owner", "notes", "paused", "protected", "poll_interval_seconds", WATCHED}
)


class CannotUndo(Exception):
    """An act cannot be taken back; the message says why."""


def why_not(entry: AuditEntry, edits: Sequence[AccountEdit]) -> str:
    """Why an act cannot be taken back; empty when it can. `undone_by` should be at hand."""
    if hasattr(entry, "undone_by"):
        return f"It was undone by {entry.undone_by.actor}."
    if not edits or not all(_simple(edit) for edit in edits):
        return "It is not of the kind that can be undone."
    if entry.at < timezone.now() - timedelta(hours=UNDO_HOURS):
        return f"It is more than {UNDO_HOURS} hours ago."
    return ""


def _simple(edit: AccountEdit) -> bool:
    if edit.before is None or not edit.after or not UNDOABLE.issuperset(edit.after):
        return False
    return WATCHED not in edit.after or edit.after == {WATCHED: False}


def unprotects(edits: Sequence[AccountEdit]) -> bool:
    """True when taking it back would end the protection of an account, by the switch or by its name."""
    return any(map(_unprotects, edits))


def _unprotects(edit: AccountEdit) -> bool:
    before, after = edit.before or {}, edit.after or {}
    return before.get("protected") is False or rename_unprotects(after.get("name", ""), before.get("name", ""))


def undo(entry: AuditEntry, actor: str) -> str:
    """Take an act back; says what that came to. Raises CannotUndo."""
    with transaction.atomic():
        entry = AuditEntry.objects.select_for_update().get(pk=entry.pk)  # two people undo one by one
        edits = list(entry.edits.all())
        if reason := why_not(entry, edits):
            raise CannotUndo(reason)
        numbers = [edit.account_number for edit in edits]
        if WATCHED in (edits[0].after or {}):
            back = restore_accounts(Account.every.filter(account_id__in=numbers), actor, undoes=entry)
            if not back:
                raise CannotUndo("Every one of these accounts is watched again, or was purged.")
            return f"{counted(back)} watched again."
        act = PutBack({edit.account_number: edit for edit in edits}, f"undo: {entry.action}"[:60])
        done = perform(act, Account.objects.filter(account_id__in=numbers), actor, undoes=entry)
    left = len(edits) - done.tally.changed
    if not done.tally.changed:
        raise CannotUndo("Every one of these accounts has been changed since, or is not watched any more.")
    return f"{counted(done.tally.changed)} as before." + (
        f" {counted(left)} left alone: changed since, or not watched any more." if left else ""
    )


@dataclass(frozen=True)
class PutBack:
    """Gives accounts the values that they had before an act."""

    edits: Mapping[str, AccountEdit]
    action: str
    detail: str = ""
    fields: Sequence[str] = field(init=False, default=())

    def __post_init__(self) -> None:
        names = {name for edit in self.edits.values() for name in edit.after or {}}
        object.__setattr__(self, "fields", tuple(sorted(names)))

    def change(self, account: Account) -> None:
        """Put the values back. Raises Cannot when one of them is not as the act left it."""
        edit = self.edits[account.account_id]
        if any(getattr(account, name) != value for name, value in (edit.after or {}).items()):
            raise Cannot("was changed since")
        for name, value in (edit.before or {}).items():
            setattr(account, name, value)

    def settle(self, accounts: Sequence[Account]) -> None:
        """An interval that is back is reckoned with from now on."""
        if "poll_interval_seconds" in self.fields:
            move_next_polls(accounts, timezone.now())
