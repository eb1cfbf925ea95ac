"""Taking accounts out of Rolecall: with their history kept, or purged. Nothing is deleted in AWS."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import (
    AccessCheck,
    Account,
    AccountEdit,
    AccountQuerySet,
    AuditEntry,
    Cleanup,
    JournalEntry,
    Poll,
    SealedCredential,
)
from accounts.services import audit, edits
from accounts.services.acts import Done, Tally, batches, chosen_pks
from accounts.services.edits import WATCHED, Edit
from accounts.services.sweeps import leave_out

DELETE: Final = "delete account"
PURGE: Final = "purge account"
RESTORE: Final = "bring account back"


def preview_deletion(accounts: AccountQuerySet, *, purge: bool) -> Tally:
    """Say how many would go, and what stands in the way of the others. Raises TooMany."""
    tally = Tally()
    for chunk in batches(chosen_pks(accounts)):
        _sort_out(Account.every.filter(pk__in=chunk), purge, tally)
    return tally


def delete_accounts(accounts: AccountQuerySet, actor: str, *, purge: bool = False, seen: str = "") -> Done:
    """Delete accounts; those that something stands in the way of are left as they are, and counted.

    Raises TooMany; and Changed when these are not the accounts that somebody has `seen` (a tally's word for them).

    Kept, an account is in no list any more, and its history, its clean-ups and the audit record can still be read.
    Purged, it leaves its entries in the audit record, and nothing else.
    """
    tally, entry = Tally(), None
    with transaction.atomic():
        going: list[Account] = []
        for chunk in batches(chosen_pks(accounts)):
            locked = Account.every.select_for_update().filter(pk__in=chunk).order_by("pk")
            found = list(locked)
            free = _sort_out(found, purge, tally, _held_by_others(found))
            _let_go(free, actor)
            (_purge if purge else _archive)(free, actor)
            going += free
        tally.must_be(seen)
        if going and not purge:
            entry = audit.note(
                actor, DELETE, going[0] if len(going) == 1 else audit.counted(len(going)), "history kept"
            )
            edits.keep(entry, (Edit(one.account_id, {WATCHED: True}, {WATCHED: False}) for one in going))
    return Done(tally, entry)


def restore_accounts(accounts: AccountQuerySet, actor: str, undoes: AuditEntry | None = None) -> int:
    """Watch archived accounts again, with all that was kept of them; says how many. They are due at once."""
    with transaction.atomic():
        gone = accounts.filter(archived_at__isnull=False).order_by("pk")
        back = list(gone.select_for_update(of=("self",)))
        Account.every.filter(pk__in=[account.pk for account in back]).update(**BACK)
        if back:
            entry = audit.note(actor, RESTORE, back[0] if len(back) == 1 else audit.counted(len(back)), undoes=undoes)
            edits.keep(entry, (Edit(account.account_id, {WATCHED: False}, {WATCHED: True}) for account in back))
    return len(back)


# Due at once, and without the refusals of another time.
BACK: Final = {"archived_at": None, "archived_by": "", "next_poll_at": None, "failed_polls": 0}


def _held_by_others(accounts: Sequence[Account]) -> set[int]:
    """Lock the open polls and clean-ups of accounts, so that none begins from here on.

    Gives the accounts of those that somebody else is changing at this moment. They are not waited for: whoever ends a
    clean-up holds it and then asks for the account, which is ours.
    """
    polls = Poll.objects.filter(account__in=accounts, state__in=Poll.OPEN)
    cleanups = Cleanup.objects.open().filter(account__in=accounts)
    return _locked_elsewhere(polls) | _locked_elsewhere(cleanups)


def _locked_elsewhere(rows: QuerySet[Poll] | QuerySet[Cleanup]) -> set[int]:
    ours = set(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
    return {account_pk for pk, account_pk in rows.values_list("pk", "account_id") if pk not in ours}


def _sort_out(
    accounts: Iterable[Account], purge: bool, tally: Tally, held: Collection[int] = frozenset()
) -> list[Account]:
    """Those that may go."""
    every = sorted(accounts, key=lambda account: account.name)
    reasons = dict.fromkeys(held, "is being polled or cleaned up at this moment: try again in a minute")
    reasons |= hindrances(every, purge=purge)
    free = [account for account in every if account.pk not in reasons]
    for account in every:
        if account.pk in reasons:
            tally.take_refusal(account, reasons[account.pk])
        else:
            tally.take_change(account)
    return free


def hindrances(accounts: Sequence[Account], *, purge: bool) -> dict[int, str]:
    """Why accounts cannot be deleted now, by key; one that can is not in it. In a handful of queries for all."""
    pks = [account.pk for account in accounts]
    found: dict[int, str] = {}
    if purge:
        guarded = {account.pk for account in accounts if account.protected}
        found |= dict.fromkeys(guarded, "is protected: end the protection first, or keep its history")
        evidence = JournalEntry.objects.filter(cleanup__account__in=pks, deletes=True)
        told = "a clean-up has deleted something in it, and its journal is evidence: keep the history"
        found |= dict.fromkeys(evidence.values_list("cleanup__account_id", flat=True), told)
    polled = Poll.objects.filter(account__in=pks, state=Poll.State.RUNNING, lease_until__gte=timezone.now())
    told = "is being polled at this moment: pause it, and try again when the poll is over"
    found |= dict.fromkeys(polled.values_list("account_id", flat=True), told)
    at_work = Cleanup.objects.at_work().filter(account__in=pks)
    found |= dict.fromkeys(
        at_work.values_list("account_id", flat=True), "a clean-up is at work in it: wait for its end, or cancel it"
    )
    return found


def _let_go(accounts: Sequence[Account], actor: str) -> None:
    """Destroy the credentials, and end what was still to come: polls in a queue, and plans that nobody has begun."""
    SealedCredential.objects.filter(account__in=accounts).delete()
    # Also those of a worker that is thought dead: nobody shall take them up again.
    leave_out(Poll.objects.filter(account__in=accounts, state__in=Poll.OPEN))
    plans = Cleanup.objects.open().filter(account__in=accounts)
    plans.update(state=State.VOID, reason=f"The account was deleted by {actor}.", finished_at=timezone.now())


def _archive(accounts: Sequence[Account], actor: str) -> None:
    # A check that was asked for and not answered would be asked for again and again.
    AccessCheck.objects.filter(account__in=accounts).delete()
    pks = [account.pk for account in accounts]
    watched = Account.objects.filter(pk__in=pks)
    watched.update(archived_at=timezone.now(), archived_by=actor[:150], next_poll_at=None)


def _purge(accounts: Sequence[Account], actor: str) -> None:
    numbers = [account.account_id for account in accounts]
    Cleanup.objects.filter(account__in=accounts).delete()
    AccountEdit.objects.filter(account_number__in=numbers).delete()
    entries = [audit.entry(actor, PURGE, account) for account in accounts]
    Account.every.filter(pk__in=[account.pk for account in accounts]).delete()
    AuditEntry.objects.bulk_create(entries)
