"""What acts change of accounts, field by field: the record behind "Changes made here" and behind every undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from accounts.models import Account, AccountEdit, AuditEntry

BATCH = 1000
FIELDS: Final = (
    *("name", "partition", "reader_role_arn", "cleaner_role_arn", "external_id", "tags"),
    *("unit", "owner", "notes", "paused", "protected", "poll_interval_seconds"),
)
# Whether the account is watched at all: no field of it, but changed and undone like one.
WATCHED: Final = "watched"
SHOWN_OF_EXTERNAL_ID = 4

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """The fields of one account that an act has changed. None: the account was not there before."""

    account_number: str
    before: Values | None
    after: Values | None


def difference(before: Account | None, after: Account, fields: Iterable[str] = FIELDS) -> Edit | None:
    """What differs between two states of an account; None when nothing does."""
    names = [name for name in fields if before is None or getattr(before, name) != getattr(after, name)]
    if not names:
        return None
    told = {name: _told(name, getattr(after, name)) for name in names}
    if before is None:
        return Edit(after.account_id, None, {name: value for name, value in told.items() if value not in ("", None)})
    return Edit(after.account_id, {name: _told(name, getattr(before, name)) for name in names}, told)


def _told(name: str, value: Any) -> Any:
    return masked(value) if name == "external_id" else value


def masked(external_id: str) -> str:
    """The beginning of an external id, enough to tell two apart and too little to use one."""
    return f"{external_id[:SHOWN_OF_EXTERNAL_ID]}…" if external_id else ""


def keep(entry: AuditEntry, edits: Iterable[Edit | None]) -> None:
    """Write down what an act has changed."""
    keep_each((entry, edit) for edit in edits)


def keep_each(told: Iterable[tuple[AuditEntry, Edit | None]]) -> None:
    """Write down what several acts have changed, each beside its own entry."""
    rows = (
        AccountEdit(entry=entry, account_number=edit.account_number, before=edit.before, after=edit.after)
        for entry, edit in told
        if edit is not None
    )
    AccountEdit.objects.bulk_create(rows, batch_size=BATCH)
