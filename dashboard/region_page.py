"""The read model of one region's page: its row, its endpoint, and how its accounts stand there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.region_table import FieldChange, RowChange, guide_row
from accounts.domain.regions import endpoint_of
from accounts.models import AccountQuerySet, Broker, Region
from accounts.services.regions import reset_preview, row_of
from dashboard.tables.region_accounts import STATE_WORDS, accounts_in, lists_here
from dashboard.tables.regions import is_settled
from dashboard.words import plural, stale_before

NOT_TOLD, NOBODY_TOLD = "not told", "-"


@dataclass(frozen=True, slots=True)
class Tab:
    """One list of the page, with how many accounts are in it."""

    name: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class BrokerCount:
    """The brokers of one engine in one state."""

    engine: str
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many accounts have the region in a state, as AWS says it; `mark` is how an address says it."""

    state: str
    word: str
    count: int

    @property
    def mark(self) -> str:
        """AWS's word, or that there is none."""
        return self.state or NOBODY_TOLD


@dataclass(frozen=True, slots=True)
class RegionView:
    """Everything above the table of accounts."""

    region: Region
    accounts: int
    answering: int
    tabs: list[Tab]
    states: list[StateCount]
    brokers: list[BrokerCount]
    total: str
    differs: list[FieldChange] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        """Where Amazon MQ is asked."""
        return endpoint_of(self.region.code)

    @property
    def by_hand(self) -> bool:
        """True for a row that Rolecall does not ship: somebody added it, and may remove it."""
        return guide_row(self.region.code) is None

    @property
    def matrix_url(self) -> str:
        """The matrix with this region alone, the accounts with most brokers there first."""
        columns = f"role,policy,brokers,{self.region.code}"
        return f"{reverse('matrix')}?{urlencode({'columns': columns, 'sort': f'-{self.region.code}'})}"

    def opened(self, wanted: str) -> str:
        """The list to show: the one that is asked for, else what needs a person most."""
        names = [tab.name for tab in self.tabs]
        first = next(tab.name for tab in self.tabs if (tab.count and tab.name != "answered") or tab.name == "all")
        return wanted if wanted in names else first


def region_view(region: Region, accounts: AccountQuerySet, now: datetime) -> RegionView:
    """Gather the page for a row of `regions_with_counts`."""
    here = accounts_in(accounts, region)
    counted = _counted(here, now)
    words = {
        "failing": "Failing",
        "brokers": "With brokers",
        "old": "Answer is old",
        "disabled": "Not enabled",
        "never": "Not polled yet",
        "answered": "Answered",
        "all": "All",
    }
    everywhere = ("brokers", "all")  # where nobody is asked, only what was known once is left
    tabs = [Tab(name, word, counted[name]) for name, word in words.items() if region.polled or name in everywhere]
    return RegionView(
        region=region,
        accounts=counted["all"],
        answering=region.answering,  # type: ignore[attr-defined]
        tabs=tabs,
        states=_states(here),
        brokers=broker_counts(accounts, region),
        total=_total(region),
        differs=differs_from_guide(region),
    )


def _counted(here: AccountQuerySet, now: datetime) -> dict[str, int]:
    lists = lists_here(stale_before(now))
    return here.order_by().aggregate(**{name: Count("pk", filter=which) for name, which in lists.items()})


def _states(here: AccountQuerySet) -> list[StateCount]:
    """How many accounts have the region in which state, as AWS told their polls."""
    plain: QuerySet[Any, Any] = here.order_by()
    found = Counter(dict(plain.values_list("here_state").annotate(Count("pk"))))
    known = [*STATE_WORDS, *sorted(state for state in found if state and state not in STATE_WORDS), ""]
    return [
        StateCount(state, STATE_WORDS.get(state, state or NOT_TOLD), found[state]) for state in known if found[state]
    ]


def broker_counts(accounts: AccountQuerySet, region: Region) -> list[BrokerCount]:
    """The brokers as last listed, by engine and state."""
    mine = Broker.objects.filter(region=region.pk, account__in=accounts.order_by().values("pk")).order_by()
    rows = mine.values_list("engine", "state").annotate(n=Count("pk"))
    return [BrokerCount(*row) for row in sorted(rows, key=lambda row: (-row[2], row[0], row[1]))]


def _total(region: Region) -> str:
    known: int | None = region.known_brokers  # type: ignore[attr-defined]
    if known is None:
        return "no broker known"
    return f"{'' if is_settled(region) else '≥ '}{plural(known, 'broker')}"


def differs_from_guide(region: Region) -> list[FieldChange]:
    """In what the row differs from the one that Rolecall ships; nothing for a row added by hand."""
    shipped = guide_row(region.code)
    return RowChange(region.code, shipped, row_of(region)).fields if shipped else []


def rows_that_differ() -> int:
    """How many rows a reset to the guide would change."""
    return len(reset_preview())


def why_not_polled(region: Region) -> str:
    """The sentence of a region that nobody is asked about."""
    if region.supported:
        return "Switched off in the region table: no poll asks here, and its cells say unsupported."
    return (
        "The guide does not list Amazon MQ’s service-linked role as supported here: no poll asks, and its cells say "
        "unsupported."
    )


def tab_words(tab: str, region: Region) -> str:
    """What stands in an empty list."""
    words = {
        "failing": "No account fails here.",
        "brokers": "No broker is known here.",
        "old": "Every answer is fresh.",
        "disabled": "No account has the region off.",
        "never": "Every account has been polled here.",
        "answered": "No account has answered here.",
    }
    return words.get(tab, f"No account of {region.partition} is watched.")
