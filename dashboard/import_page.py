"""What the pages of an import say: what the file would do, field by field, and how far its accounts have come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from accounts.domain.access import Door
from accounts.models import AccessCheck, AccountQuerySet, ImportDraft
from accounts.models.account import WAYS_IN
from accounts.services.importing import AccountRow, ChangedRow, Comparison, write_tags
from dashboard.access_panel import DOOR_CHIPS, DOOR_WORDS
from dashboard.exports import Export, Row

SHOWN = 200  # of a list of thousands nobody reads more; the file has all
LIVELY = timedelta(hours=1)  # a result that is older is looked at, not watched

FIELD_WORDS = {
    "name": "name",
    "partition": "partition",
    "reader_role_arn": "reader role",
    "cleaner_role_arn": "cleaner role",
    "external_id": "external id",
    "tags": "tags",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that would be another; both as a file has them."""

    words: str
    before: str
    after: str
    way_in: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do, with as much of it as a page can show."""

    new: list[AccountRow]
    changed: list[tuple[AccountRow, list[FieldChange]]]
    new_count: int
    changed_count: int
    unchanged_count: int
    moved_in: int  # accounts with another way in
    moved_away: int  # accounts in another partition
    returning: int  # of the new ones: deleted once, and kept
    unprotected: list[ChangedRow]  # accounts whose new names end the protection that their names give
    sharing: int  # rows whose external id another row has, too
    mark: str

    @property
    def does_nothing(self) -> bool:
        """True when every row is stored as it is."""
        return not (self.new_count or self.changed_count)


def preview_of(found: Comparison, rows: list[AccountRow]) -> Preview:
    """What the page shows of a comparison."""
    uses = Counter(row.external_id for row in rows if row.external_id)
    return Preview(
        new=found.new[:SHOWN],
        changed=[(changed.before, list(_changes(changed))) for changed in found.changed[:SHOWN]],
        new_count=len(found.new),
        changed_count=len(found.changed),
        unchanged_count=found.unchanged,
        moved_in=sum(changed.moves_the_way_in for changed in found.changed),
        moved_away=sum("partition" in changed.fields for changed in found.changed),
        returning=len(found.returning),
        unprotected=found.unprotected,
        sharing=sum(times for times in uses.values() if times > 1),
        mark=found.mark,
    )


def _changes(changed: ChangedRow) -> Iterator[FieldChange]:
    for name in changed.fields:
        before, after = (_as_text(getattr(row, name)) for row in (changed.before, changed.after))
        yield FieldChange(FIELD_WORDS[name], before, after, name in WAYS_IN)


def _as_text(value: str | dict[str, str]) -> str:
    return write_tags(value) if isinstance(value, dict) else value


def changes_export(found: Comparison) -> Export:
    """All that an import would do: a line per new account, and per field of a changed one."""

    def rows() -> Iterator[Row]:
        for row in found.new:
            yield (row.account_id, row.name, "new", "", "", "")
        for changed in found.changed:
            for change in _changes(changed):
                said = (change.words, change.before, change.after)
                yield (changed.before.account_id, changed.before.name, "changed", *said)

    return Export("import-changes", ("account_id", "name", "what", "field", "before", "after"), rows)


def progress_of(draft: ImportDraft, accounts: AccountQuerySet) -> dict[str, Any]:
    """How far the accounts of an import have come: checked with what result, and polled."""
    checked, read = Q(access_check__checked_at__isnull=False), Q(role_status__last_ok_at__isnull=False)
    waiting = Q(access_check__in=AccessCheck.objects.waiting())
    polled = Q(role_status__checked_at__isnull=False)
    counts = accounts.order_by().aggregate(
        total=Count("pk"),
        waiting=Count("pk", filter=waiting),
        checked=Count("pk", filter=checked),
        read=Count("pk", filter=read),
        in_vain=Count("pk", filter=polled & ~read),
    )
    doors = dict(accounts.order_by().filter(checked).values_list("access_check__reader").annotate(Count("pk")))
    recent = draft.imported_at is not None and draft.imported_at > timezone.now() - LIVELY
    to_come = counts["waiting"] + counts["total"] - counts["read"] - counts["in_vain"]
    return {
        **counts,
        "doors": [(DOOR_CHIPS[door], DOOR_WORDS[door], doors[door.value]) for door in Door if door.value in doors],
        "watch": recent and to_come > 0,
    }
