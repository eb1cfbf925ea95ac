"""What the pages of an organization show: its difference by kind, its units as a tree, and what a choice would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from zlib import crc32

from accounts.domain.organization import RESTING, Change, Kind, Member, MemberState, Selection, is_below
from accounts.models import Organization
from accounts.services.importing import AccountRow
from accounts.services.organization_changes import (
    OURS_TO_KEEP,
    STATE_KINDS,
    Known,
    difference,
    fingerprint,
    known_of,
    prefix_of,
    row_for,
)
from dashboard.organization_forms import ROOT, UNIT
from dashboard.organization_words import KIND_WORDS, state_words

SHOWN = 200  # of a kind: more are narrowed by the rules, or read from the command
PREVIEWED = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One difference; a new account also with what it would be watched with."""

    change: Change
    before: str
    after: str
    watched_as: AccountRow | None = None
    random_id: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """All differences of a kind."""

    kind: Kind
    title: str
    meaning: str
    consequence: str
    count: int
    rows: list[Row]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of an organization as a person looks at it."""

    sections: list[Section]
    count: int
    seen: str
    watched: int
    listed: int

    @property
    def can_keep(self) -> bool:
        """True when some of it may be left as it is here."""
        return any(section.kind in OURS_TO_KEEP for section in self.sections)


def difference_of(organization: Organization) -> Difference:
    """What is to be taken now."""
    known = known_of(organization)
    found = difference(organization, known)
    sections = [_section(organization, known, kind, list(rows)) for kind, rows in groupby(found, lambda one: one.kind)]
    there = sum(member.state != MemberState.GONE for member in known.members.values())
    return Difference(sections, len(found), fingerprint(found), len(known.accounts), there)


def _section(organization: Organization, known: Known, kind: Kind, found: list[Change]) -> Section:
    prefix = prefix_of(organization) if kind is Kind.NEW else ""
    rows = [_row(organization, known, change, prefix) for change in found[:SHOWN]]
    return Section(kind, *KIND_WORDS[kind], count=len(found), rows=rows)


def _row(organization: Organization, known: Known, change: Change, prefix: str) -> Row:
    if change.kind is Kind.NEW:
        return _new_row(organization, change, known.members[change.account_id].facts, prefix)
    if change.kind in STATE_KINDS:
        return Row(change, state_words(change.before), state_words(change.after))
    empty = "the root" if change.kind is Kind.MOVED else "none"
    return Row(change, change.before or empty, change.after or empty)


def _new_row(organization: Organization, change: Change, member: Member, prefix: str) -> Row:
    random = organization.external_ids == Organization.ExternalIds.RANDOM
    return Row(change, "", change.after or "the root", row_for(organization, member, prefix), random)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit of the tree. `indent` puts it below its parent; `result` is what comes of the rules for it."""

    path: str
    name: str
    indent: str
    accounts: int
    included: bool
    excluded: bool
    result: str

    @property
    def field(self) -> str:
        """What its three-way choice is called."""
        return f"{UNIT}{self.path or ROOT}"

    @property
    def key(self) -> str:
        """Names the place of its result, which is replaced while somebody chooses."""
        return f"unit-{crc32(self.path.encode()):x}"


def unit_rows(organization: Organization, selection: Selection) -> list[UnitRow]:
    """The root and every unit below it, with the accounts in it and below; also units that only a rule still knows."""
    rules = (*selection.include, *selection.exclude)
    paths = sorted({"", *organization.units, *filter(None, rules)}, key=lambda path: path.casefold().split("/"))
    there = organization.members.exclude(state=MemberState.GONE).values_list("unit", flat=True)
    inside = Counter(unit for unit in there if unit is not None)
    return [_unit_row(path, inside, selection) for path in paths]


def _unit_row(path: str, inside: Counter[str], selection: Selection) -> UnitRow:
    depth = path.count("/") + 1 if path else 0
    count = sum(number for unit, number in inside.items() if is_below(unit, path))
    name, own = path.rpartition("/")[2] or "Root", (path in selection.include, path in selection.exclude)
    return UnitRow(path, name, "\u2003" * depth, count, *own, _result(path, selection))


def _result(path: str, selection: Selection) -> str:
    """Whether a unit is taken, and by whose rule when that is another's."""
    said, decider = "taken" if selection.takes_unit(path) else "left out", selection.decider_of(path)
    if decider is None:
        return f"{said}, no rule" if selection.include else said
    return said if decider == path else f"{said}, by {decider or 'the root'}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One account that a choice takes."""

    member: Member
    watched: bool
    row: AccountRow
    random_id: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a choice would take. `resting` are accounts that fit it and are suspended or closed."""

    listed: int
    new: int
    watched: int
    resting: int
    outside: int
    rows: list[Wanted]


def choice_of(organization: Organization, selection: Selection) -> Choice:
    """Count what the rules take, and show the first, new ones before the others."""
    known = known_of(organization)
    there = [member.facts for member in known.members.values() if member.state != MemberState.GONE]
    fits = [member for member in there if selection.takes(member)]
    active = [member for member in fits if member.state not in RESTING]
    new = [m for m in active if m.account_id not in known.accounts and m.state == MemberState.ACTIVE]
    watched = [member for member in active if member.account_id in known.accounts]
    outside = len(set(known.accounts) - {member.account_id for member in fits})
    rows = _wanted(organization, known, [*new, *watched][:PREVIEWED])
    return Choice(len(there), len(new), len(watched), len(fits) - len(active), outside, rows)


def _wanted(organization: Organization, known: Known, members: Iterable[Member]) -> list[Wanted]:
    prefix = prefix_of(organization)
    random = organization.external_ids == Organization.ExternalIds.RANDOM
    return [
        Wanted(member, member.account_id in known.accounts, row_for(organization, member, prefix), random)
        for member in members
    ]
