"""Which columns the matrix shows, and how close its rows stand: all of it from the URL."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from accounts.models import AccountQuerySet, Cell, Region
from dashboard.addresses import several
from dashboard.matrix import regions_of

LAYOUT_NAMES = frozenset({"pin", "hide", "density"})
FIXED = ("role", "policy", "brokers")  # beside the account, which always stands: what is shown unless one chooses
FURTHER = ("unit", "env", "owner", "trust", "failing", "checked_at")  # on wish; they move with the regions
ALWAYS = ("account", *FIXED, *FURTHER)
PINNED = "Pinned"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of the matrix. `every` are the regions of the accounts, `shown` those that have a column."""

    every: tuple[Region, ...]
    shown: tuple[Region, ...]
    pinned: frozenset[str]
    fixed: tuple[str, ...]
    further: tuple[str, ...]
    named: frozenset[str]  # the regions that the URL names; none: all of them
    hides_empty: bool
    compact: bool
    dropped: tuple[str, ...] = ()

    @property
    def left_out(self) -> int:
        """How many regions have no column."""
        return len(self.every) - len(self.shown)


def layout_of(data: QueryDict, accounts: AccountQuerySet) -> Layout:
    """Read the layout from the URL; what names no column of these accounts is dropped, and said."""
    every = regions_of(accounts)
    codes, columns, pins = {region.code for region in every}, several(data, "columns"), several(data, "pin")
    elsewhere = [name for name in (*columns, *pins) if name not in codes and name.isprintable()]
    known = Region.objects.in_bulk(elsewhere)  # PostgreSQL cannot even be asked for the others
    # One of a partition that no account here has is still a choice: without it, all regions would be shown.
    named = frozenset(columns) & (codes | known.keys())
    hides_empty = data.get("hide") == "empty"
    kept = with_brokers(accounts) if hides_empty else codes
    pinned = frozenset(pins) & codes
    shown = [r for r in every if r.code in pinned or (r.code in kept and (not named or r.code in named))]
    hides = [value for value in data.getlist("hide") if value.strip() not in ("", "empty")]
    strange = [name for name in (*columns, *pins) if name not in codes and name not in ALWAYS and name not in known]
    further = tuple(name for name in FURTHER if name in columns)
    return Layout(
        every=tuple(every),
        shown=tuple(sorted(shown, key=lambda region: region.code not in pinned)),
        pinned=pinned,
        fixed=tuple(name for name in FIXED if name in columns or not {*FIXED, *FURTHER}.intersection(columns)),
        further=further,
        named=named,
        hides_empty=hides_empty,
        compact=data.get("density") == "compact",
        dropped=(
            *(f"It showed the column “{name}”, which is not here." for name in dict.fromkeys(strange)),
            *(f"It hid “{value}”: only hide=empty is understood." for value in hides),
        ),
    )


def with_brokers(accounts: AccountQuerySet) -> set[str]:
    """The regions where one of these accounts has a broker, last known ones included."""
    cells = Cell.objects.filter(account__in=accounts.order_by().values("pk"), brokers__gt=0)
    return set(cells.order_by().values_list("region", flat=True).distinct())
