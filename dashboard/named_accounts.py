"""The accounts that a command names."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import CommandError

from accounts.domain.identifiers import parse_account_id
from accounts.models import AccountQuerySet
from dashboard.access import Person, visible_accounts


def named_accounts(wanted: Iterable[str], person: Person) -> AccountQuerySet:
    """The visible accounts of these ids, written in any of the usual ways. Raises CommandError naming a bad one."""
    try:
        ids = {parse_account_id(text) for text in wanted}
    except ValueError as error:
        raise CommandError(str(error)) from error
    chosen = visible_accounts(person).filter(account_id__in=ids)
    unknown = ids - set(chosen.values_list("account_id", flat=True))
    if unknown:
        raise CommandError(f"no such account: {', '.join(sorted(unknown))}")
    return chosen
