"""By what the rows of the matrix are grouped, and which of the groups are collapsed: all of it from the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, OrderBy, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict

from accounts.models import AccountQuerySet
from dashboard.addresses import query_with, several
from dashboard.tallies import Members, Published, members_of
from dashboard.units import unit_in_sql

GROUP_NAMES = frozenset({"group", "collapsed", "open"})
ALL = "all"
TAG = "tag:"
COLUMNS = {
    "unit": ("Organizational unit", "No unit"),
    "top-unit": ("Top-level unit", "No unit"),
    "environment": ("Environment", "No environment"),
    "partition": ("Partition", "No partition"),
}
MOST_NAMED = 50  # groups in an address: each heading has a link with all of them
MOST_TAGS = 40  # in the menu; the address takes any


@dataclass(frozen=True, slots=True)
class Grouping:
    """What makes accounts one group. `name` is how the URL says it."""

    name: str

    @property
    def label(self) -> str:
        """What the menu calls it."""
        return f"Tag “{self.name.removeprefix(TAG)}”" if self.name.startswith(TAG) else COLUMNS[self.name][0]

    @property
    def nothing(self) -> str:
        """What the group of the accounts is called that have none."""
        return f"No tag “{self.name.removeprefix(TAG)}”" if self.name.startswith(TAG) else COLUMNS[self.name][1]

    def key(self, prefix: str = "") -> Any:
        """The group of an account in SQL, empty for none; `prefix` leads from the row to its account."""
        if self.name.startswith(TAG):
            # Not KeyTextTransform, which takes the key "1" for a place in a list and finds nothing.
            tag = Func(F(f"{prefix}tags"), Value(self.name.removeprefix(TAG)), function="jsonb_extract_path_text")
            return Coalesce(tag, Value(""), output_field=TextField())
        if self.name == "unit":
            return unit_in_sql(prefix)
        if self.name == "top-unit":
            return Func(unit_in_sql(prefix), Value("/"), Value(1), function="split_part", output_field=TextField())
        return F(f"{prefix}{self.name}")

    def order(self) -> OrderBy:
        """The order of the groups: units below their parent, those without one last."""
        key = NullIf(self.key(), Value(""), output_field=TextField())
        levels = Func(key, Value("/"), function="string_to_array", output_field=ArrayField(TextField()))
        return OrderBy(levels if self.name == "unit" else key, nulls_last=True)

    def marked(self, accounts: QuerySet[Any]) -> QuerySet[Any]:
        """The accounts, each with its `group_key`."""
        marked: QuerySet[Any] = accounts.annotate(group_key=self.key())
        return marked


@dataclass(frozen=True, slots=True)
class Folding:
    """Which groups are collapsed: those named, or all but those named."""

    everything: bool
    named: tuple[str, ...]

    def has(self, mark: str) -> bool:
        """True when the group is collapsed."""
        return (mark in self.named) != self.everything

    def turned(self, mark: str, marks: Sequence[str]) -> Folding:
        """The same with one group turned round, said the shorter way of the two, and never at great length."""
        named = tuple(name for name in self.named if name != mark) if mark in self.named else (*self.named, mark)
        if 2 * len(set(named).intersection(marks)) <= len(marks):
            return Folding(self.everything, named[-MOST_NAMED:])
        return Folding(not self.everything, tuple(name for name in marks if name not in named)[-MOST_NAMED:])

    def values(self) -> dict[str, str]:
        """What the address says of it."""
        named = ",".join(self.named)
        return {"collapsed": ALL, "open": named} if self.everything else {"collapsed": named, "open": ""}


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the filtered accounts, on whichever page they are. `mark` stands for the key in addresses."""

    key: str
    mark: str
    collapsed: bool
    members: Members

    @property
    def rows(self) -> int:
        """How many accounts of it are listed."""
        return 0 if self.collapsed else self.members.accounts


@dataclass(frozen=True)
class Groups:
    """All groups of the filtered accounts, in order."""

    by: Grouping
    folding: Folding
    every: list[Group]
    data: QueryDict

    def ordered(self, accounts: QuerySet[Any]) -> QuerySet[Any]:
        """The accounts with each group's together, in their own order within it."""
        within = accounts.query.order_by or accounts.model._meta.ordering
        return self.by.marked(accounts).order_by(self.by.order(), *within)

    def unfolded(self, marked: QuerySet[Any]) -> QuerySet[Any]:
        """Those accounts that are listed."""
        if not any(group.collapsed for group in self.every):
            return marked
        named = [group.key for group in self.every if group.mark in self.folding.named]
        return marked.filter(group_key__in=named) if self.folding.everything else marked.exclude(group_key__in=named)

    def turning(self, group: Group) -> str:
        """The query that collapses a group, or opens it again."""
        return self._with(self.folding.turned(group.mark, [other.mark for other in self.every]))

    def collapse_all(self) -> str:
        """The query that collapses every group."""
        return self._with(Folding(True, ()))

    def open_all(self) -> str:
        """The query that opens every group."""
        return self._with(Folding(False, ()))

    def _with(self, folding: Folding) -> str:
        return query_with(self.data, **folding.values())


def grouping_of(data: QueryDict) -> tuple[Grouping | None, tuple[str, ...]]:
    """Read `group` from the URL; one that means nothing is left out, and said."""
    name = data.get("group", "").strip()
    if not name:
        return None, ()
    tag = name.removeprefix(TAG) if name.startswith(TAG) else ""
    if name in COLUMNS or (tag and tag.isprintable()):  # PostgreSQL cannot even be asked for a NUL
        return Grouping(name), ()
    return None, (f"It grouped by “{name}”, not by {', '.join(COLUMNS)} or tag:KEY.",)


def folding_of(data: QueryDict) -> Folding:
    """Read `collapsed` and `open` from the URL."""
    collapsed = several(data, "collapsed")
    everything = ALL in collapsed
    return Folding(everything, tuple((several(data, "open") if everything else collapsed)[-MOST_NAMED:]))


def groups_of(accounts: AccountQuerySet, by: Grouping, data: QueryDict, published: Published) -> Groups:
    """The groups of these accounts, counted in one query."""
    folding = folding_of(data)
    members = members_of(by.marked(accounts), published, "group_key", order=by.order())
    every = [Group(key, mark := mark_of(key), folding.has(mark), found) for key, found in members.items()]
    return Groups(by, folding, every, data)


def mark_of(key: str) -> str:
    """A few letters that stand for a group: its name may be as long as a path of units, and have commas in it."""
    return sha256(key.encode()).hexdigest()[:6]


def tag_keys(accounts: AccountQuerySet) -> list[str]:
    """The keys of these accounts' tags, as far as a menu can hold them."""
    keys = Func(F("tags"), function="jsonb_object_keys", output_field=TextField(), set_returning=True)
    found = accounts.order_by().annotate(tag_key=keys).values_list("tag_key", flat=True).distinct()
    return sorted(found, key=str.lower)[:MOST_TAGS]
