"""The regions that AWS named when it refused to delete a role, and that the region table does not have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Func, JSONField
from django.db.models.fields.json import KeyTextTransform

from accounts.domain.cleanups import State
from accounts.domain.regions import check_region_code
from accounts.models import AccountQuerySet, Cleanup, Region


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """A region that no poll asks about, and the clean-ups in whose way something there stands, newest first."""

    code: str
    cleanups: tuple[Cleanup, ...]


def named_regions(accounts: AccountQuerySet) -> list[NamedRegion]:
    """The regions to be added, for clean-ups of these accounts that did not end well, or not yet.

    What AWS named before a deletion went through stood in nobody's way.
    """
    mine = Cleanup.objects.filter(account__in=accounts.order_by().values("pk")).exclude(usage=[])
    one = Func(F("usage"), function="jsonb_array_elements", output_field=JSONField())
    said = mine.exclude(state=State.DONE).order_by().annotate(code=KeyTextTransform("region", one))
    named: dict[str, set[int]] = defaultdict(set)
    for code, pk in said.values_list("code", "pk").distinct():
        if code:
            named[code].add(pk)
    if not named:
        return []
    unknown = {code: named[code] for code in _unknown(named)}
    cleanups = {one.pk: one for one in mine.filter(pk__in=set().union(*unknown.values())).select_related("account")}
    return [
        NamedRegion(code, tuple(cleanups[pk] for pk in sorted(pks, reverse=True)))
        for code, pks in sorted(unknown.items())
    ]


def _unknown(codes: Iterable[str]) -> set[str]:
    """Those that could be added and are not there; what is no region's code is only shown among AWS's words."""
    return {code for code in codes if _fits(code)} - set(Region.objects.values_list("code", flat=True))


def _fits(code: str) -> bool:
    try:
        return check_region_code(code) == code
    except ValueError:
        return False
