"""Where the rows behind a figure are: each address lists exactly those that its figure counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from accounts.domain.outcomes import Outcome
from accounts.models import AccountQuerySet, Broker
from accounts.services.tally import Census
from dashboard.addresses import CLEAR
from dashboard.cell_filter import FAILS, FRESH, name_here
from dashboard.filters import AGED, AccountFilter
from dashboard.matrix import BrokerTotal
from dashboard.polled_filter import YES
from dashboard.words import ENGINE_WORDS

Pairs = Iterable[tuple[str, str]]


def list_url(name: str, pairs: Pairs = ()) -> str:
    """A list narrowed to these values. A bare one says that no view is wanted: a default view would show others."""
    return f"{reverse(name)}?{urlencode(list(pairs)) or CLEAR}"


def cells_url(**values: str) -> str:
    """The list of cells, narrowed."""
    return list_url("cells", values.items())


@dataclass(frozen=True, slots=True)
class Behind:
    """The addresses of the rows behind a census: of the accounts that an address narrows to, or of all."""

    accounts: str
    regions: str
    every: str
    cells: str
    fresh: str
    old: str
    disabled: str
    never: str
    failing: str
    counted: str
    brokers: str


def behind(census: Census, data: QueryDict | None = None) -> Behind:
    """Build them; `data` has the filters of the accounts that were counted."""
    kept = [
        (name, value) for name in AccountFilter.base_filters for value in (data.getlist(name) if data else ()) if value
    ]
    of_cells = [(name_here(name), value) for name, value in kept]

    def cells(*pairs: tuple[str, str]) -> str:
        return list_url("cells", [*of_cells, *pairs])

    return Behind(
        accounts=list_url("accounts", kept),
        regions=list_url("regions", [("polled", YES), *(("partition", name) for name in census.partitions)]),
        every=cells(),
        cells=cells(("polled", YES)),
        fresh=cells(("age", FRESH)),
        old=cells(("age", AGED)),
        disabled=cells(("outcome", Outcome.REGION_DISABLED.value)),
        never=cells(("outcome", Outcome.NEVER.value)),
        failing=cells(("failing", FAILS)),
        counted=cells(("brokers", "some"), ("brokers", "none"), ("polled", YES)),
        brokers=list_url("brokers", [("polled", YES)]),
    )


@dataclass(frozen=True, slots=True)
class EngineFigure:
    """How many brokers of an engine are known, and where they are listed; none have no address."""

    word: str
    said: str
    url: str


def engine_figures(accounts: AccountQuerySet, census: Census) -> list[EngineFigure]:
    """The brokers of each engine in regions that are polled, however AWS spells it."""
    addresses = _engine_urls(accounts) if census.brokers else {}
    return [
        EngineFigure(
            word,
            str(BrokerTotal(count if census.counted else None, census.complete)),
            addresses.get(engine, "") if count else "",
        )
        for engine, word in ENGINE_WORDS.items()
        for count in [getattr(census, engine)]
    ]


def _engine_urls(accounts: AccountQuerySet) -> dict[str, str]:
    """Asked of these accounts' brokers, as the list's filter is: of an account that was deleted the rows are kept."""
    spelled: dict[str, list[tuple[str, str]]] = {}
    brokers = Broker.objects.filter(account__in=accounts.order_by().values("pk"), region__polled=True)
    for word in brokers.order_by("engine").values_list("engine", flat=True).distinct():
        spelled.setdefault(word.lower(), []).append(("engine", word))
    return {engine: list_url("brokers", [("polled", YES), *words]) for engine, words in spelled.items()}
