"""What the list of brokers may be missing: the cells without an answer among those that its filters look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import QueryDict
from django.utils import timezone

from accounts.domain.identifiers import ungroup_digits
from accounts.domain.outcomes import Outcome
from accounts.models import AccountQuerySet, Region
from accounts.services.tally import cells_of, census_of, tally
from dashboard.access import Person
from dashboard.behind import list_url
from dashboard.cell_filter import FAILS
from dashboard.filters import account_filter
from dashboard.polled_filter import NO
from dashboard.words import stale_before

# What brokers and cells are narrowed by alike. Of any other filter a cell without an answer knows nothing.
SHARED: Final = ("account", "unit", "environment", "region", "polled")


@dataclass(frozen=True, slots=True)
class Unread:
    """Cells that were asked and gave no answer, those that were never asked, and where each are listed."""

    failing: int
    never: int
    failing_url: str
    never_url: str

    def __bool__(self) -> bool:
        return bool(self.failing or self.never)


def unread_cells(data: QueryDict, person: Person) -> Unread:
    """Count the cells where there may be more brokers than this address of the list shows."""
    accounts, regions = _accounts(data, person), Region.objects.all()
    if codes := _said(data, "region"):
        regions = regions.filter(code=codes[-1])
    if _said(data, "polled")[-1:] == [NO]:
        regions = regions.none()  # nobody asks there
    cells = cells_of(accounts).filter(region__in=regions.values("pk"))
    counted = census_of(accounts, tally(cells, stale_before(timezone.now())), regions)
    pairs = [(name, value) for name in SHARED for value in _said(data, name)]
    return Unread(
        failing=counted.failing,
        never=counted.never,
        failing_url=list_url("cells", [*pairs, ("failing", FAILS)]),
        never_url=list_url("cells", [*pairs, ("outcome", Outcome.NEVER.value)]),
    )


def _accounts(data: QueryDict, person: Person) -> AccountQuerySet:
    kept = QueryDict(mutable=True)
    for name in ("unit", "environment"):
        kept.setlist(name, _said(data, name))
    accounts = account_filter(kept, person).accounts
    digits = ungroup_digits("".join(_said(data, "account")[-1:]))
    return accounts.filter(account_id=digits) if digits else accounts


def _said(data: QueryDict, name: str) -> list[str]:
    """What the address says, but for what PostgreSQL could not even compare: the list's own filter refuses that."""
    return [value for value in data.getlist(name) if value and "\0" not in value]
