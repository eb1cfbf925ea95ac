"""Rows of the region table as they stand, stood, or would stand: what differs, in words and in values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from accounts.domain.regions import check_region_code, display_order, documented_row, partition_of

MAX_NAME: Final = 100
MAX_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: `supported` is the guide's Yes or No, `polled` is Rolecall's own."""

    code: str
    name: str
    supported: bool = True
    beyond_guide: bool = True
    opt_in: bool = False
    polled: bool = True
    note: str = ""


FIELDS: Final = {
    "name": "name",
    "supported": "support",
    "beyond_guide": "beyond the guide",
    "opt_in": "opt-in",
    "polled": "polled",
    "note": "note",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a row, as it is and as it would be."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row, before and after; None stands for no row."""

    code: str
    before: Row | None
    after: Row | None

    @property
    def fields(self) -> list[FieldChange]:
        """The fields that differ, in the order of the table; none for a row that comes or goes whole."""
        if self.before is None or self.after is None:
            return []
        old, new = asdict(self.before), asdict(self.after)
        return [FieldChange(word, _said(old[f]), _said(new[f])) for f, word in FIELDS.items() if old[f] != new[f]]

    @property
    def words(self) -> str:
        """The change as the audit record has it."""
        if self.before is None and self.after is not None:
            return "; ".join(f"{word}: {_said(asdict(self.after)[field])}" for field, word in FIELDS.items())
        if self.after is None:
            return f"“{self.before.name}” is no longer in the table" if self.before else ""
        return "; ".join(f"{change.field}: {change.old} → {change.new}" for change in self.fields)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"“{value}”" if value else "none"


def changes_between(before: Mapping[str, Row | None], after: Mapping[str, Row | None]) -> list[RowChange]:
    """What differs, row by row, in the order of the matrix; of the codes that `after` names."""
    changed = (RowChange(code, before.get(code), row) for code, row in after.items() if before.get(code) != row)
    return sorted(changed, key=lambda change: display_order(change.code))


def guide_row(code: str) -> Row | None:
    """The row as Rolecall ships it: the guide's word, polled where that is Yes. None for one added by hand."""
    row = documented_row(code)
    if row is None:
        return None
    return Row(row.code, row.name, row.supported, row.beyond_guide, row.opt_in, row.supported, row.note)


def fingerprint(changes: Iterable[object]) -> str:
    """A short name of what was shown, so that nothing else is taken than what somebody looked at."""
    return hashlib.sha256(json.dumps([repr(change) for change in changes]).encode()).hexdigest()[:16]


class Kind(StrEnum):
    """In what AWS's list differs from the table."""

    NEW = "new"
    SUPPORT = "support"
    GONE = "gone"
    NAME = "name"
    OPT_IN = "opt-in"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that AWS says otherwise than the table, and the row as it would be with it."""

    kind: Kind
    code: str
    table: str
    aws: str
    does: str

    @property
    def key(self) -> str:
        """What a tick box sends."""
        return f"{self.kind.value}:{self.code}"


@dataclass(frozen=True, slots=True)
class Published:
    """AWS's own words: the regions that have Amazon MQ with their names, and the states that accounts report."""

    names: Mapping[str, str]
    states: Mapping[str, frozenset[str]]

    def opt_in(self, code: str) -> bool | None:
        """Whether accounts have to enable the region; None when no account has said anything of it."""
        states = self.states.get(code, frozenset())
        return None if not states else "ENABLED_BY_DEFAULT" not in states


def left_out(names: Iterable[str]) -> list[str]:
    """The codes of AWS's list that Rolecall cannot watch: those of other partitions."""
    return sorted(code for code in names if not _watched(code))


def _watched(code: str) -> bool:
    try:
        return check_region_code(code) == code
    except ValueError:
        return False


def differences(rows: Mapping[str, Row], published: Published) -> list[Difference]:
    """What AWS says otherwise. A partition of which AWS names no region at all is one that it says nothing of."""
    listed = {code for code in published.names if _watched(code)}
    spoken_of = {partition_of(code) for code in listed}
    found = [_new(code, published) for code in listed - set(rows)]
    for code, row in rows.items():
        if code in listed:
            found += _of_row(row, published)
        elif partition_of(code) in spoken_of and (row.supported or row.polled):
            found.append(Difference(Kind.GONE, code, "in the table", "not listed", "Support No, no longer polled"))
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), display_order(one.code)))


def _new(code: str, published: Published) -> Difference:
    return Difference(Kind.NEW, code, "not in the table", published.names[code] or "no name", "A new row, polled")


def _of_row(row: Row, published: Published) -> list[Difference]:
    found, name = [], published.names[row.code]
    if not row.supported:
        does = "Support Yes" if row.polled else "Support Yes, and polled"
        found.append(Difference(Kind.SUPPORT, row.code, "No", "has Amazon MQ", does))
    if name and name != row.name:
        found.append(Difference(Kind.NAME, row.code, row.name, name, "AWS’s name"))
    opt_in = published.opt_in(row.code)
    if opt_in is not None and opt_in != row.opt_in:
        said = {True: "has to be enabled", False: "on by default"}
        found.append(Difference(Kind.OPT_IN, row.code, said[row.opt_in], said[opt_in], f"Opt-in {_said(opt_in)}"))
    return found


def with_taken(row: Row | None, taken: Difference, published: Published, day: str) -> Row:
    """The row once a difference is taken; `day` is written into the note of a region that AWS no longer lists."""
    if row is None:
        opt_in = published.opt_in(taken.code)
        # Every region that AWS has opened since 2019 has to be enabled; the other partitions have no such switch.
        guessed = partition_of(taken.code) == "aws" if opt_in is None else opt_in
        return Row(taken.code, published.names[taken.code][:MAX_NAME] or taken.code, opt_in=guessed)
    if taken.kind is Kind.GONE:
        note = f"{row.note} AWS’s public list did not name it on {day}.".strip()
        return replace(row, supported=False, polled=False, note=note[:MAX_NOTE])
    values: dict[Kind, dict[str, Any]] = {
        Kind.SUPPORT: {"supported": True, "polled": True},
        Kind.NAME: {"name": taken.aws[:MAX_NAME]},
        Kind.OPT_IN: {"opt_in": not row.opt_in},
    }
    return replace(row, **values[taken.kind])
