"""What the search box of the bar finds: accounts, brokers and regions by what people know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import Account, Broker, Region
from dashboard.access import Person, visible_accounts
from dashboard.filters import named_brokers, search_accounts

SHOWN = 10  # of accounts and brokers; their lists have all of them. Regions are some forty


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its name, what tells it from its like, and its page."""

    name: str
    beside: str
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """The first of one kind, how many there are, and the list that has all of them."""

    kind: str
    hits: list[Hit]
    count: int
    everything: str


def search(text: str, person: Person) -> list[Found]:
    """Look for a text in names and ids of accounts, in names of brokers, and in codes and names of regions."""
    mine = visible_accounts(person)
    brokers = named_brokers(Broker.objects.filter(account__in=mine.order_by().values("pk")), text)
    regions = Region.objects.filter(Q(code__icontains=text) | Q(name__icontains=text))
    every = {
        name: f"{reverse(name)}?{urlencode({key: text})}" for name, key in (("accounts", "q"), ("brokers", "name"))
    }
    return [
        _found("account", _account, search_accounts(mine, text), every["accounts"]),
        _found("broker", _broker, brokers.select_related("account"), every["brokers"]),
        _found("region", _region, regions, reverse("regions"), most=None),
    ]


def _found(
    kind: str, hit: Callable[[Any], Hit], rows: QuerySet[Any], everything: str, most: int | None = SHOWN
) -> Found:
    return Found(kind, [hit(row) for row in rows[:most]], rows.count(), everything)


def _account(account: Account) -> Hit:
    return Hit(account.name, account.grouped_id, account.get_absolute_url())


def _broker(broker: Broker) -> Hit:
    """A broker has no page of its own: its cell says what is known of it."""
    cell = reverse("account-region", args=[broker.account.account_id, broker.region_id])
    return Hit(broker.name, f"{broker.engine} in {broker.region_id} of {broker.account.name}", cell)


def _region(region: Region) -> Hit:
    beside = region.name if region.polled else f"{region.name}, not polled"
    return Hit(region.code, beside, reverse("region", args=[region.code]))
