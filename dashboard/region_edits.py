"""What people did to the region table, as its page tells it."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.domain.region_table import RowChange
from accounts.models import RegionEdit
from accounts.services.regions import changes_of, rows_of_table, why_not_undone

SHOWN = 10


@dataclass(frozen=True, slots=True)
class ToldEdit:
    """One edit, what it changed, and why it cannot be undone (empty when it can)."""

    edit: RegionEdit
    changes: list[RowChange]
    stays: str


def last_edits() -> list[ToldEdit]:
    """The newest edits, the newest first."""
    rows = rows_of_table()
    return [ToldEdit(edit, changes_of(edit), why_not_undone(edit, rows)) for edit in RegionEdit.objects.all()[:SHOWN]]
