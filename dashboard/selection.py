"""Which accounts a person wants to plan for: those ticked in a table, or what its filters leave."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import QueryDict

from accounts.domain.outcomes import Verdict
from accounts.domain.protection import account_refusals
from accounts.models import Account, AccountQuerySet, BulkAct
from dashboard.access import Person, visible_accounts
from dashboard.chips import Chip
from dashboard.filters import AccountFilter, account_filter
from dashboard.words import plural

TICKED: Final = "ticked"
UNUSED: Final = "unused"
ALL: Final = "all"
ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")


@dataclass(frozen=True)
class Choice:
    """One way to choose, how many accounts that makes, and how many of them cannot be cleaned up as things stand."""

    key: str
    words: str
    accounts: AccountQuerySet
    count: int
    hindered: str


@dataclass(frozen=True)
class Selection:
    """The ways to choose that are open here, the likeliest first."""

    choices: list[Choice]
    chips: list[Chip]
    problems: list[str]
    ticked: list[str]
    query: str

    @property
    def offered(self) -> list[Choice]:
        """The choices that differ: where all that match have an unused role, that is said once."""
        counts = {choice.key: choice.count for choice in self.choices}
        return [choice for choice in self.choices if choice.key != UNUSED or choice.count != counts.get(ALL)]

    def chosen(self, key: str) -> AccountQuerySet:
        """The accounts of one choice. Raises BadRequest for a choice that is not offered."""
        for choice in self.choices:
            if choice.key == key:
                return choice.accounts
        raise BadRequest(f"There is no choice “{key}” here: use {', '.join(choice.key for choice in self.choices)}.")


def ticked_in(data: QueryDict) -> list[str]:
    """The ids that are ticked: `account` any number of times, and `accounts` with commas between, each once."""
    named = [*data.getlist("account"), *data.get("accounts", "").split(",")]
    return [account_id for account_id in dict.fromkeys(named) if ACCOUNT_ID.fullmatch(account_id)]


def chosen_accounts(ticked: list[str], query: str, person: Person) -> AccountQuerySet:
    """The accounts that are ticked; none ticked, all that the filters of a query string leave."""
    if ticked:
        return visible_accounts(person).filter(account_id__in=ticked)
    return matching(account_filter(QueryDict(query), person), person)


def matching(narrowed: AccountFilter, person: Person) -> AccountQuerySet:
    """The accounts that filters leave, by key: without the filters’ joins they can be locked and counted."""
    return visible_accounts(person).filter(pk__in=narrowed.accounts.order_by().values("pk"))


def choice_of(bulk: BulkAct) -> QueryDict:
    """What was chosen, as a form would send it."""
    data = QueryDict(mutable=True)
    data["filter"], data["accounts"] = bulk.filter, ",".join(bulk.ticked)
    return data


def selection_of(data: QueryDict, person: Person) -> Selection:
    """Read what is ticked, and `filter` (the query string of the table it was ticked in)."""
    ticked = ticked_in(data)
    narrowed = account_filter(QueryDict(data.get("filter", "")), person)
    left = matching(narrowed, person)
    where = "that match these filters" if narrowed.chips else "that are watched"
    choices = [
        _choice(TICKED, "the ticked accounts", visible_accounts(person).filter(account_id__in=ticked)),
        _choice(UNUSED, f"all accounts with an unused role {where}", left.filter(role_status__verdict=Verdict.UNUSED)),
        _choice(ALL, f"all accounts {where}", left),
    ]
    offered = [choice for choice in choices if choice.count]
    return Selection(offered, narrowed.chips, narrowed.problems(), ticked, data.get("filter", ""))


def _choice(key: str, words: str, accounts: AccountQuerySet) -> Choice:
    known = list(accounts)
    return Choice(key, words, accounts, len(known), _hindered(known))


def _hindered(accounts: list[Account]) -> str:
    """What is known before any look: without a cleaner role, protected or suspended, it gets no clean-up."""
    rules = settings.CLEANUP_PROTECTION
    resting = [account for account in accounts if account.rests]
    shut = [account for account in accounts if not account.cleaner_role_arn]
    guarded = [a for a in accounts if any(account_refusals(a.account_id, a.name, a.protected, rules))]
    said = [
        f"{plural(len(resting), 'account')} not active in AWS" if resting else "",
        f"{plural(len(shut), 'account')} without a cleaner role" if shut else "",
        f"{plural(len(guarded), 'protected account')}" if guarded else "",
    ]
    return ", ".join(filter(None, said))
