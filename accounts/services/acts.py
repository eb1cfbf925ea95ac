"""One act over any number of accounts: judged account by account, done in one transaction, kept so it can be undone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import transaction

from accounts.models import Account, AccountQuerySet, AuditEntry
from accounts.services import audit, edits

MOST_ACCOUNTS = 10_000  # in one act: more would hold their rows for longer than a poll waits
BATCH = 1000
NAMED = 8  # accounts of each kind that a preview names


class TooMany(Exception):
    """More accounts than one act takes; the message says how many and what to do."""


class Changed(Exception):
    """Other accounts would change than somebody has seen; the message says so."""


class Cannot(Exception):
    """An act cannot be done to this account; the message is the reason, without the account's name."""


class Act(Protocol):
    """Something that changes fields of accounts."""

    @property
    def action(self) -> str:
        """The words of the audit record."""

    @property
    def detail(self) -> str:
        """What it sets, for the audit record."""

    @property
    def fields(self) -> Sequence[str]:
        """All that it may change."""

    def change(self, account: Account) -> None:
        """Change the object, and nothing stored. An account that is so already stays as it is. Raises Cannot."""

    def settle(self, accounts: Sequence[Account]) -> None:
        """Do what follows from the change, once it is stored."""


@dataclass
class Tally:
    """How many accounts an act changes, how many are so already, and how many cannot be changed and why."""

    changed: int = 0
    alike: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    changed_names: list[str] = field(default_factory=list)
    refused_names: dict[str, list[str]] = field(default_factory=dict)
    changed_numbers: list[str] = field(default_factory=list)
    # (key, value, what stands there then) of each tag that an account has no longer, with the number of such accounts.
    lost: Counter[tuple[str, str, str | None]] = field(default_factory=Counter)

    @property
    def seen(self) -> str:
        """A word for exactly the accounts that change: a page hands it on, so that no others do."""
        return hashlib.sha256(" ".join(sorted(self.changed_numbers)).encode()).hexdigest()[:16]

    def must_be(self, seen: str) -> None:
        """Raise Changed when somebody has seen other accounts than these."""
        if seen and seen != self.seen:
            raise Changed("Other accounts match by now, or some have changed meanwhile: nothing was done.")

    @property
    def total(self) -> int:
        """All of them."""
        return self.changed + self.alike + self.refused.total()

    def take_change(self, account: Account, after: Account | None = None) -> None:
        """Count one that changes, and what it loses by that."""
        self.changed += 1
        if after is not None and after.tags is not account.tags:
            gone = account.tags.items() - after.tags.items()
            self.lost.update((key, value, after.tags.get(key)) for key, value in gone)
        self.changed_numbers.append(account.account_id)
        _name(self.changed_names, account)

    def take_refusal(self, account: Account, reason: str) -> None:
        """Count one that cannot."""
        self.refused[reason] += 1
        _name(self.refused_names.setdefault(reason, []), account)


def _name(names: list[str], account: Account) -> None:
    if len(names) < NAMED:
        names.append(account.name)


@dataclass(frozen=True)
class Done:
    """What an act came to. Without an entry nothing was changed, and nothing noted."""

    tally: Tally
    entry: AuditEntry | None


def preview(act: Act, accounts: AccountQuerySet) -> Tally:
    """Say what an act would do. Raises TooMany."""
    tally = Tally()
    for chunk in batches(chosen_pks(accounts)):
        _judge(act, Account.objects.filter(pk__in=chunk), tally)
    return tally


def perform(
    act: Act, accounts: AccountQuerySet, actor: str, *, seen: str = "", undoes: AuditEntry | None = None
) -> Done:
    """Do it to all that can be changed; the others are left alone and counted.

    Raises TooMany; and Changed when these are not the accounts that somebody has `seen` (a tally's word for them).
    """
    tally = Tally()
    with transaction.atomic():
        kept: list[edits.Edit | None] = []
        last: Account | None = None
        for chunk in batches(chosen_pks(accounts)):
            locked = Account.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
            changed = _judge(act, locked, tally)
            store(changed.values(), act.fields)
            act.settle(list(changed.values()))
            kept += [edits.difference(before, after, act.fields) for before, after in changed.items()]
            last = next(iter(changed.values()), last)
        tally.must_be(seen)
        if last is None:
            return Done(tally, None)
        subject = last if tally.changed == 1 else audit.counted(tally.changed)
        entry = audit.note(actor, act.action, subject, act.detail, undoes=undoes)
        edits.keep(entry, kept)
    return Done(tally, entry)


def chosen_pks(accounts: AccountQuerySet) -> list[int]:
    """The accounts' keys, in the order in which they are locked. Raises TooMany."""
    pks = list(accounts.order_by("pk").values_list("pk", flat=True)[: MOST_ACCOUNTS + 1])
    if len(pks) > MOST_ACCOUNTS:
        raise TooMany(f"More than {MOST_ACCOUNTS:,} accounts: one act takes no more. Narrow the filters.")
    return pks


def batches(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    """So many at a time that a statement stays short."""
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


def store(accounts: Iterable[Account], fields: Sequence[str]) -> None:
    """Write these fields of locked accounts: an upsert of rows that are all there, in one statement."""
    Account.objects.bulk_create(
        accounts, update_conflicts=True, unique_fields=["account_id"], update_fields=[*fields, "updated_at"]
    )


def _judge(act: Act, accounts: AccountQuerySet, tally: Tally) -> dict[Account, Account]:
    """The accounts that change, each with what it becomes."""
    changed: dict[Account, Account] = {}
    for account in accounts:
        after = copy(account)
        try:
            act.change(after)
        except Cannot as reason:
            tally.take_refusal(account, str(reason))
            continue
        if any(getattr(account, name) != getattr(after, name) for name in act.fields):
            changed[account] = after
            tally.take_change(account, after)
        else:
            tally.alike += 1
    return changed


def one(account: Account) -> AccountQuerySet:
    """The queryset of an account, for acts over any number."""
    return Account.objects.filter(pk=account.pk)


@dataclass(frozen=True)
class Switch:
    """Sets one field to one value."""

    action: str
    name: str
    value: Any
    detail: str = ""

    @property
    def fields(self) -> Sequence[str]:
        """The one."""
        return (self.name,)

    def change(self, account: Account) -> None:
        """Set it."""
        setattr(account, self.name, self.value)

    def settle(self, accounts: Sequence[Account]) -> None:
        """Nothing follows."""
