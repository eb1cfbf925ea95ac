"""AWS's word on the regions of accounts (account:ListRegions), counted: the polls have asked it already."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from accounts.domain.regions import display_order
from accounts.models import AccountQuerySet, StoredRegionStates
from dashboard.tables.region_accounts import STATE_WORDS

_COUNTED = """
SELECT said.key, said.value, count(*)
FROM ({states}) AS one, jsonb_each_text(one.by_code) AS said
GROUP BY said.key, said.value
"""


@dataclass(frozen=True, slots=True)
class RegionStates:
    """One region: how many accounts have it in which state, in the order of `STATE_WORDS`."""

    code: str
    counts: list[int]


def states_by_region(accounts: AccountQuerySet) -> list[RegionStates]:
    """Every region that some account was told of, in the order of the matrix."""
    told = StoredRegionStates.objects.filter(account__in=accounts.order_by().values("pk")).values("by_code")
    sql, params = told.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(states=sql), params)
        found = {(code, state): number for code, state, number in cursor.fetchall()}
    codes = sorted({code for code, _ in found}, key=display_order)
    return [RegionStates(code, [found.get((code, state), 0) for state in STATE_WORDS]) for code in codes]
