"""Accounts as rows: what one may hold, what it would change, and storing them, all or none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace
from enum import Enum

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from accounts.domain.identifiers import PARTITIONS, check_external_id, parse_role_arn
from accounts.domain.role_policies import new_external_id
from accounts.domain.role_templates import external_id_in_stackset
from accounts.models import (
    AccessCheck,
    Account,
    Broker,
    Cell,
    RoleStatus,
    SealedCredential,
    StoredRegionStates,
)
from accounts.models.account import WAYS_IN
from accounts.services import audit
from accounts.services.edits import WATCHED, Edit, difference, keep
from accounts.services.hub import hub_identity
from accounts.services.protection import check_renames, rename_unprotects

MAX_NAME = 200
MAX_TAG = 256
BATCH = 2000
FIELDS = ("name", "partition", "reader_role_arn", "cleaner_role_arn", "external_id", "tags")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One good row."""

    account_id: str
    name: str
    partition: str
    reader_role_arn: str
    cleaner_role_arn: str
    external_id: str
    tags: dict[str, str] = field(hash=False)


def row_of(account: Account) -> AccountRow:
    """An account as it is stored."""
    return AccountRow(account.account_id, *(getattr(account, name) for name in FIELDS))


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """An account that is known, as it is and as it would be."""

    before: AccountRow
    after: AccountRow

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of what differs."""
        return tuple(name for name in FIELDS if getattr(self.before, name) != getattr(self.after, name))

    @property
    def moves_the_way_in(self) -> bool:
        """True when stored sessions and checks say nothing of the account any more."""
        return bool(set(self.fields) & set(WAYS_IN))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What rows would do to the accounts that are stored."""

    new: list[AccountRow]
    changed: list[ChangedRow]
    unchanged: int
    returning: frozenset[str] = (
        frozenset()
    )  # the new ones that were deleted and kept: they come back with their history

    @property
    def unprotected(self) -> list[ChangedRow]:
        """The accounts whose new names end the protection that their names give."""
        return [changed for changed in self.changed if rename_unprotects(changed.before.name, changed.after.name)]

    @property
    def mark(self) -> str:
        """The same for as long as the same rows would do the same."""
        new = [(row.account_id, row.account_id in self.returning) for row in self.new]
        world = [new, [astuple(changed.before) for changed in self.changed]]
        return hashlib.sha256(json.dumps(world, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do. An account that comes back with its history is among the created."""

    created: int
    updated: int
    unchanged: int
    account_ids: tuple[str, ...] = ()  # created or updated
    unchecked_ids: tuple[str, ...] = ()  # new, or with another way in
    unprotected: tuple[str, ...] = ()  # the names that protected accounts, and are names no more


class WorldChanged(Exception):
    """Accounts were added, changed or deleted since somebody looked; nothing was stored."""


class ExternalIds(Enum):
    """What an account without an external id gets."""

    RANDOM = "random"
    STACKSET = "stackset"


def check_name(name: str) -> None:
    """Raise ValueError when an account cannot be called so."""
    if not name:
        raise ValueError("name is empty")
    if len(name) > MAX_NAME:
        raise ValueError(f"name has {len(name)} characters, more than {MAX_NAME}")
    if not name.isprintable():
        raise ValueError("name has a control character")


def check_role(arn: str, account_id: str, column: str) -> None:
    """Raise ValueError, `column` named, when this is not the ARN of a role of the account."""
    if not arn:
        raise ValueError(f"{column} is empty")
    try:
        role = parse_role_arn(arn)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from error
    if account_id and role.account_id != account_id:
        raise ValueError(f"{column} is a role of account {role.account_id}, not of {account_id}")


def check_cleaner(fields: dict[str, str], account_id: str) -> None:
    """Raise ValueError when the cleaner role does not go with the reader role; none is fine."""
    cleaner, reader = fields["cleaner_role_arn"], fields["reader_role_arn"]
    if not cleaner:
        return
    check_role(cleaner, account_id, "cleaner_role_arn")
    if cleaner == reader:
        raise ValueError("cleaner_role_arn is the reader role: looking and deleting need two roles")
    if cleaner.split(":")[1] != reader.removeprefix("arn:").partition(":")[0]:
        raise ValueError("cleaner_role_arn is in another partition than reader_role_arn")


def check_external_id_or_none(text: str) -> None:
    """Raise ValueError when STS would not take it; none at all is fine: Rolecall makes one."""
    if text:
        check_external_id(text)


def parse_tags(text: str) -> dict[str, str]:
    """Read tags: `key=value;key=value`, or a JSON object of texts; a word alone is a key. Raises ValueError."""
    if text.startswith("{"):
        return _parse_json_tags(text)
    tags: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[;,|]", text))):
        key, _, value = (piece.strip() for piece in part.partition("="))
        _add_tag(tags, key, value)
    return tags


def _parse_json_tags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"tags are not JSON: {error}") from error
    except RecursionError:
        raise ValueError("tags are JSON too deep to read") from None
    tags: dict[str, str] = {}
    for key, value in found.items():
        if not isinstance(value, str):
            raise ValueError(f"tags: the value of “{key}” is not a text")
        _add_tag(tags, key, value)
    return tags


def _add_tag(tags: dict[str, str], key: str, value: str) -> None:
    if not key:
        raise ValueError(f"tags: “={value}” has no key")
    if key in tags:
        raise ValueError(f"tags: “{key}” appears twice")
    if not (key + value).isprintable():  # PostgreSQL refuses some of these, and no tag of AWS has any
        raise ValueError(f"tags: “{ascii(key)[1:41]}” has a control character")
    if len(key) > MAX_TAG or len(value) > MAX_TAG:
        raise ValueError(f"tags: “{key[:40]}” is longer than {MAX_TAG} characters")
    tags[key] = value


def write_tags(tags: dict[str, str]) -> str:
    """Write tags so that `parse_tags` reads them back: plainly where that is possible, else as JSON."""
    plain = "; ".join(f"{key}={value}" for key, value in tags.items())
    try:
        if parse_tags(plain) == tags:
            return plain
    except ValueError:
        pass  # a value with a separator in it: only JSON can say that
    return json.dumps(tags, ensure_ascii=False)


def fill_external_ids(rows: list[AccountRow], made: ExternalIds) -> tuple[list[AccountRow], int]:
    """Give rows without an external id that of their account, or a new one; says how many new ones that were."""
    bare = [row.account_id for row in rows if not row.external_id]
    # Of archived accounts too: their role in AWS still asks for what it was made with.
    stored = Account.every.filter(account_id__in=bare).exclude(external_id="")
    known = dict(stored.values_list("account_id", "external_id"))
    bare_in = {row.partition for row in rows if not row.external_id} if made is ExternalIds.STACKSET else set()
    prefixes = {partition: hub_identity(partition).external_id_prefix for partition in bare_in}

    def filled(row: AccountRow) -> AccountRow:
        if row.external_id:
            return row
        prefix = prefixes.get(row.partition)
        new = external_id_in_stackset(prefix, row.account_id) if prefix else new_external_id()
        return replace(row, external_id=known.get(row.account_id) or new)

    return list(map(filled, rows)), len(bare) - len(known)


def compare(rows: list[AccountRow], *, lock: bool = False) -> Comparison:
    """Say which rows are new and which differ from what is stored; with `lock` it stays so until the transaction ends.

    Only rows that are stored can be locked: adding the new ones fails where somebody else has added one meanwhile.
    """
    known = {row.account_id: row for row in _stored([row.account_id for row in rows], lock=lock)}
    pairs = [(known.get(row.account_id), row) for row in rows]
    new = [row for before, row in pairs if before is None]
    return Comparison(
        new=new,
        changed=[ChangedRow(before, row) for before, row in pairs if before is not None and before != row],
        unchanged=sum(before == row for before, row in pairs),
        returning=_archived([row.account_id for row in new], lock=lock),
    )


def _stored(account_ids: list[str], *, lock: bool = False) -> Iterator[AccountRow]:
    known = Account.objects.filter(account_id__in=account_ids).order_by("pk")
    if lock:
        known = known.select_for_update()
    return (AccountRow(*values) for values in known.values_list("account_id", *FIELDS))


def _archived(account_ids: list[str], *, lock: bool) -> frozenset[str]:
    kept = Account.every.filter(account_id__in=account_ids, archived_at__isnull=False).order_by("pk")
    if lock:
        kept = kept.select_for_update()
    return frozenset(kept.values_list("account_id", flat=True))


def import_accounts(
    rows: list[AccountRow], actor: str, *, seen: str = "", dry_run: bool = False, may_unprotect: bool = True
) -> Imported:
    """Store the rows in one transaction; a known account is updated. With `dry_run` nothing is stored.

    `seen` is the mark of the comparison that somebody has looked at. Raises WorldChanged when it would be another now,
    and EndsProtection when names that protect would go and that `may_unprotect` not be.
    """
    try:
        with transaction.atomic():
            found = compare(rows, lock=True)
            if seen and found.mark != seen:
                raise WorldChanged
            renames = ((changed.before.name, changed.after.name) for changed in found.changed)
            check_renames(renames, may_unprotect=may_unprotect)
            edits = add([row for row in found.new if row.account_id not in found.returning])
            known = [row for row in found.new if row.account_id in found.returning]
            known += [changed.after for changed in found.changed]
            for start in range(0, len(known), BATCH):
                edits += store(known[start : start + BATCH])
            done = _counted(found)
            if dry_run:
                transaction.set_rollback(True)
            else:
                counts = f"{done.created} new, {done.updated} updated, {done.unchanged} unchanged"
                keep(audit.note(actor, "import accounts", f"accounts: {len(rows)}", counts), edits)
    except IntegrityError as error:  # an account that was new is there by now
        raise WorldChanged from error
    return done


def _counted(found: Comparison) -> Imported:
    new = tuple(row.account_id for row in found.new)
    updated = tuple(changed.after.account_id for changed in found.changed)
    unchecked = (*new, *(changed.after.account_id for changed in found.changed if changed.moves_the_way_in))
    bare = tuple(changed.before.name for changed in found.unprotected)
    return Imported(len(new), len(updated), found.unchanged, (*new, *updated), unchecked, bare)


def add(rows: list[AccountRow]) -> list[Edit | None]:
    """Write new accounts down; gives what is to be kept. Raises IntegrityError when one of them is there by now."""
    accounts = Account.objects.bulk_create(map(_account, rows), batch_size=BATCH)
    return [difference(None, account, FIELDS) for account in accounts]


def _account(row: AccountRow) -> Account:
    return Account(account_id=row.account_id, **{name: getattr(row, name) for name in FIELDS})


def store(rows: list[AccountRow]) -> list[Edit | None]:
    """Write the rows down; a known account is updated, and what a change makes untrue of it is forgotten.

    One that was deleted and kept comes back. Gives what is to be kept with the caller's audit entry.
    """
    known = {
        account.account_id: account for account in Account.every.filter(account_id__in=[r.account_id for r in rows])
    }
    _forget_what_moves(rows)
    _forget_old_checks(rows)
    accounts = list(map(_account, rows))
    Account.every.bulk_create(
        accounts,
        update_conflicts=True,
        unique_fields=["account_id"],
        update_fields=(*FIELDS, "archived_at", "archived_by", "updated_at"),
    )
    _forget_old_sessions([row.account_id for row in rows])
    return [_edit(known.get(account.account_id), account) for account in accounts]


def _edit(before: Account | None, after: Account) -> Edit | None:
    """What storing has changed; an account that was archived is watched again."""
    edit = difference(before, after, FIELDS)
    if before is None or before.archived_at is None:
        return edit
    was, now = (edit.before, edit.after) if edit else ({}, {})
    return Edit(after.account_id, {WATCHED: False, **(was or {})}, {WATCHED: True, **(now or {})})


def _forget_what_moves(rows: list[AccountRow]) -> None:
    """In another partition it is another account of the same number: nothing known of the one holds for the other."""
    for partition in PARTITIONS:
        here = [row.account_id for row in rows if row.partition == partition]
        leaving = Account.every.filter(account_id__in=here).exclude(partition=partition).order_by("pk")
        pks = [account.pk for account in leaving.select_for_update()]
        for known in (Cell, Broker, RoleStatus, StoredRegionStates):
            known.objects.filter(account__in=pks).delete()
        Account.every.filter(pk__in=pks).update(
            next_poll_at=None, failed_polls=0, organization_state="", organization_state_since=None
        )


def _forget_old_checks(rows: list[AccountRow]) -> None:
    """A check of another role, or with another external id, must not go on saying “ready”."""
    told = {row.account_id: tuple(getattr(row, name) for name in WAYS_IN) for row in rows}
    checked = Account.every.filter(account_id__in=told, access_check__isnull=False).order_by("pk")
    locked = checked.select_for_update(of=("self",))  # before its check, as whoever stores one does
    changed = [account.pk for account in locked if account.ways_in != told[account.account_id]]
    AccessCheck.objects.filter(account__in=changed).delete()


def _forget_old_sessions(account_ids: list[str]) -> None:
    """A session of a role that Rolecall is no longer told to assume must not lie about until it ends."""
    sessions = SealedCredential.objects.filter(account__account_id__in=account_ids)
    reader = Q(purpose=SealedCredential.Purpose.READER, role_arn=F("account__reader_role_arn"))
    cleaner = Q(purpose=SealedCredential.Purpose.CLEANER, role_arn=F("account__cleaner_role_arn"))
    sessions.exclude(reader | cleaner).delete()
