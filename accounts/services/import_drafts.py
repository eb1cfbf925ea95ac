"""A file is previewed, then imported exactly as previewed: its rows wait, sealed, for the person who sent it."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import astuple
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Func, TextField
from django.utils import timezone

from accounts.models import Account, AccountQuerySet, ImportDraft
from accounts.services.access_checks import request_checks
from accounts.services.account_files import BadFile, BadLine, read_accounts
from accounts.services.importing import AccountRow, ExternalIds, fill_external_ids, import_accounts
from accounts.services.sealing import CannotOpen, open_sealed, seal

PREVIEW_LASTS = timedelta(hours=4)  # over lunch, not over night: the file may be chosen again
RESULT_LASTS = timedelta(days=7)  # the roles of many accounts are not made in a day


class NoDraft(Exception):
    """The preview is over: it has expired, was imported or given up, or another file of this person took its place."""


def draft_import(person: User, file_name: str, content: bytes, made: ExternalIds) -> ImportDraft:
    """Read a file and keep what it says, good or bad, until the person decides. Their earlier preview is forgotten."""
    try:
        rows = read_accounts(content)
    except BadFile as refusal:
        lines = [astuple(bad) for bad in refusal.problems]
        kept = {"problems": lines, "text": "" if file_name else content.decode()}
        return _keep(person, file_name, kept, problems=len(lines), good_lines=refusal.good)
    filled, new = fill_external_ids(rows, made)
    kept = {"rows": [astuple(row) for row in filled]}
    return _keep(person, file_name, kept, good_lines=len(rows), made_external_ids=new)


def _keep(person: User, file_name: str, content: dict[str, Any], **counts: int) -> ImportDraft:
    name = "".join(sign for sign in file_name if sign.isprintable())[:200]
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)  # two files at once: one after the other
        open_drafts_of(person).delete()
        draft = ImportDraft.objects.create(
            owner=person, file_name=name, expires_at=timezone.now() + PREVIEW_LASTS, **counts
        )
        packed = base64.b64encode(zlib.compress(json.dumps(content).encode(), level=1)).decode()
        draft.sealed = seal({"content": packed}, _bound_to(draft))
        draft.save(update_fields=["sealed"])
    return draft


def open_drafts_of(person: User) -> Any:
    """The previews of a person that are still to be decided on: one, or none."""
    return ImportDraft.objects.filter(owner=person, imported_at=None)


def draft_of(person: User, pk: int) -> ImportDraft:
    """A person's own preview or result. Raises NoDraft."""
    draft = ImportDraft.objects.filter(owner=person, pk=pk, expires_at__gt=timezone.now()).first()
    if draft is None:
        raise NoDraft
    return draft


def rows_of(draft: ImportDraft) -> list[AccountRow]:
    """What would be imported. Raises NoDraft."""
    return [AccountRow(*values) for values in _content(draft).get("rows", ())]


def problems_of(draft: ImportDraft) -> list[BadLine]:
    """What is wrong with the file. Raises NoDraft."""
    return [BadLine(*values) for values in _content(draft).get("problems", ())]


def pasted_text_of(draft: ImportDraft) -> str:
    """What was pasted and has bad lines, for its person to mend; empty when it was a file. Raises NoDraft."""
    return str(_content(draft).get("text", ""))


def _content(draft: ImportDraft) -> dict[str, Any]:
    if draft.sealed is None:
        raise NoDraft
    try:
        packed = open_sealed(bytes(draft.sealed), _bound_to(draft))["content"]
    except CannotOpen as error:  # the key it was sealed with is gone: the file may be chosen again
        raise NoDraft from error
    content: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return content


def _bound_to(draft: ImportDraft) -> str:
    return f"import draft {draft.pk} of user {draft.owner_id}"


def import_draft(person: User, pk: int, seen: str, *, check: bool, may_unprotect: bool = True) -> ImportDraft:
    """Import what was previewed, once; with `check` new accounts and those with another way in are checked.

    Raises NoDraft; WorldChanged when the import would not do any more what the preview with the mark `seen` said; and
    EndsProtection when names that protect would go and that `may_unprotect` not be.
    """
    actor = person.get_username()
    with transaction.atomic():
        locked = ImportDraft.objects.select_for_update().filter(owner=person, pk=pk, imported_at=None, problems=0)
        if not locked.filter(expires_at__gt=timezone.now()).exists():
            raise NoDraft
        draft = locked.get()
        done = import_accounts(rows_of(draft), actor, seen=seen, may_unprotect=may_unprotect)
        draft.created, draft.updated, draft.account_ids = done.created, done.updated, list(done.account_ids)
        draft.sealed, draft.imported_at = None, timezone.now()
        draft.expires_at = draft.imported_at + RESULT_LASTS
        draft.save()
        if check and done.unchecked_ids:
            request_checks(Account.objects.filter(account_id__in=done.unchecked_ids), actor)
    return draft


class _Elements(Func):
    function = "jsonb_array_elements_text"
    output_field = TextField()
    set_returning = True


def accounts_of(draft: ImportDraft) -> AccountQuerySet:
    """The accounts that an import created or updated, as far as they are still there."""
    stored = ImportDraft.objects.filter(pk=draft.pk)  # a subquery: fifty thousand ids are sent nowhere
    found: AccountQuerySet = Account.objects.filter(
        account_id__in=stored.annotate(one=_Elements("account_ids")).values("one")
    )
    return found


def give_up_draft(person: User, pk: int) -> None:
    """Forget a preview; harmless when it is gone already."""
    open_drafts_of(person).filter(pk=pk).delete()


def forget_drafts() -> int:
    """Delete previews and results whose time is over; says how many."""
    return ImportDraft.objects.filter(expires_at__lt=timezone.now()).delete()[0]
