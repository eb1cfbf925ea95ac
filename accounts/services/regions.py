"""The region table: switched, edited, reset to the guide, and every act of it undone. Verdicts stand again at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.domain.region_table import Row, RowChange, changes_between, fingerprint, guide_row
from accounts.domain.regions import BEYOND_GUIDE_ROWS, GUIDE_ROWS, partition_of
from accounts.models import Account, Broker, Cell, Region, RegionEdit
from accounts.services import audit
from accounts.services.standing import stand_again

POLL: Final = "poll region"
STOP_POLLING: Final = "stop polling region"
UNDO: Final = "undo: "
REDO: Final = "redo: "
_CELL = (
    *("account_id", "region_id", "outcome", "code", "detail", "permission"),
    *("brokers", "rabbitmq", "activemq", "counts", "checked_at", "last_ok_at"),
)
_TIMES = ("checked_at", "last_ok_at")
SHIPPED: Final = tuple(row.code for row in GUIDE_ROWS + BEYOND_GUIDE_ROWS)


class Refused(Exception):
    """The table stays as it is; the text says why and what to do."""


def row_of(region: Region) -> Row:
    """A row as the domain knows it."""
    return Row(
        region.code, region.name, region.supported, region.beyond_guide, region.opt_in, region.polled, region.note
    )


def rows_of_table(codes: Iterable[str] | None = None) -> dict[str, Row]:
    """The rows as they stand, all or those of some codes."""
    regions = Region.objects.all() if codes is None else Region.objects.filter(code__in=list(codes))
    return {region.code: row_of(region) for region in regions}


def set_polled(region: Region, polled: bool, actor: str) -> bool:
    """Poll a region from the next poll on, or stop polling it; verdicts that rested on it change at once.

    False: it was so already, and nothing was noted.
    """
    with transaction.atomic():
        one_at_a_time()
        row = rows_of_table([region.pk]).get(region.pk)
        after = {region.pk: replace(row, polled=polled)} if row else {}
        edit = write_rows(actor, POLL if polled else STOP_POLLING, after)
    region.polled = polled
    return edit is not None


def edit_region(row: Row, actor: str) -> RegionEdit | None:
    """Change a row to what is given; None: it was so already. Raises Refused when there is no such row any more."""
    with transaction.atomic():
        one_at_a_time()
        if row.code not in rows_of_table([row.code]):
            raise Refused(f"{row.code} is no longer in the table: add it again.")
        return write_rows(actor, "edit region", {row.code: row})


def add_region(row: Row, actor: str) -> RegionEdit:
    """Put a region into the table. Raises Refused when it is there already."""
    with transaction.atomic():
        one_at_a_time()
        if there := rows_of_table([row.code]):
            raise Refused(f"{row.code} is in the table already, as {there[row.code].name}: edit its row.")
        return _write(actor, "add region", [RowChange(row.code, None, row)])


def why_not_removed(code: str) -> str:
    """Why a row has to stay; empty when it may go."""
    if guide_row(code) is not None:
        return f"{code} is one of the rows that Rolecall ships: stop polling it instead."
    return _known_there(code)


def _known_there(code: str) -> str:
    """What is known to be in a region must not vanish from any total."""
    known = (
        Cell.objects.filter(region=code).aggregate(n=Sum("brokers"))["n"] or Broker.objects.filter(region=code).count()
    )
    if known:
        are = "brokers are" if known != 1 else "broker is"
        return (
            f"{known:,} {are} known in {code}: without its row they would vanish from totals and verdicts. "
            "Stop polling it instead; what is known of it stays."
        )
    return ""


def remove_region(code: str, actor: str) -> RegionEdit:
    """Take a row out that was added by hand. Its cells are kept with the edit, and come back when it is undone.

    Raises Refused.
    """
    with transaction.atomic():
        one_at_a_time()
        _hold_accounts([partition_of(code)])
        row = rows_of_table([code]).get(code)
        if row is None:
            raise Refused(f"{code} is not in the table any more.")
        if why := why_not_removed(code):
            raise Refused(why)
        cells = [_kept(cell) for cell in Cell.objects.filter(region=code)]
        Cell.objects.filter(region=code).delete()
        return _write(actor, "remove region", [RowChange(code, row, None)], cells)


def reset_preview(codes: Iterable[str] | None = None) -> list[RowChange]:
    """What a reset to the guide would change: of some rows, or of all that Rolecall ships, lost ones included.

    Rows that were added by hand have nothing to be reset to, and stay.
    """
    rows = rows_of_table()
    wanted = SHIPPED if codes is None else [code for code in codes if code in SHIPPED]
    return changes_between(rows, {code: guide_row(code) for code in wanted})


def reset_regions(actor: str, codes: Iterable[str] | None = None, seen: str | None = None) -> RegionEdit | None:
    """Reset rows to the guide; None: they were as the guide has them.

    `seen` is the fingerprint of the preview that was looked at. Raises Refused when the table has changed since.
    """
    with transaction.atomic():
        one_at_a_time()
        changes = reset_preview(codes)
        if seen is not None and seen != fingerprint(changes):
            raise Refused("The table has changed since you looked: this is what the reset would change now.")
        return write_rows(actor, "reset region", {change.code: change.after for change in changes})


def undo(edit: RegionEdit, actor: str) -> None:
    """Put the rows back as they were before an edit. Raises Refused when one of them has been changed since."""
    with transaction.atomic():
        one_at_a_time()
        edit = RegionEdit.objects.select_for_update().get(pk=edit.pk)
        if why := why_not_undone(edit):
            raise Refused(why)
        before = {code: _row(row) for code, row in edit.before.items()}
        added = [code for code, row in before.items() if row is None]
        if added:
            _hold_accounts(map(partition_of, before))
        for code in added:
            if why := _known_there(code) or _polled_meanwhile(code):
                raise Refused(why)
        changes = changes_between(rows_of_table(before), before)
        _write(actor, _way_back(edit.action), changes, put_back=edit.cells)
        RegionEdit.objects.filter(pk=edit.pk).update(undone_at=timezone.now(), undone_by=actor[:150])


def _way_back(action: str) -> str:
    """What undoing an act is called; there and back again it gets no longer."""
    if action.startswith(UNDO):
        return f"{REDO}{action.removeprefix(UNDO)}"
    return f"{UNDO}{action.removeprefix(REDO)}"


def changes_of(edit: RegionEdit) -> list[RowChange]:
    """What an edit changed, row by row."""
    rows = ({code: _row(row) for code, row in stored.items()} for stored in (edit.before, edit.after))
    return changes_between(*rows)


def why_not_undone(edit: RegionEdit, rows: Mapping[str, Row] | None = None) -> str:
    """Why an edit cannot be taken back; empty when it can. `rows` are the table's, if the caller has them."""
    if edit.undone_at is not None:
        return f"{edit.undone_by} has undone this already."
    now = rows_of_table(edit.codes) if rows is None else rows
    changed = [code for code, row in edit.after.items() if now.get(code) != _row(row)]
    if changed:
        return f"{', '.join(sorted(changed))} was changed since: edit the row itself."
    return ""


def _polled_meanwhile(code: str) -> str:
    cells = Cell.objects.filter(region=code).count()
    return f"{code} has been polled since it was added: remove it on its own page." if cells else ""


def one_at_a_time() -> None:
    """Let one person change the table at a time; call it in a transaction, before the table is read."""
    # NO KEY: a poll that stores cells only needs the rows to stay, and does not wait for this.
    list(Region.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _hold_accounts(partitions: Iterable[str]) -> None:
    """Let no poll store a cell until the transaction is over: it would lock its account first, too.

    Of all partitions at once: one after the other would not be the order in which everybody locks accounts.
    """
    accounts = Account.objects.select_for_update().filter(partition__in=set(partitions))
    list(accounts.order_by("pk").values_list("pk"))


def write_rows(actor: str, action: str, after: Mapping[str, Row | None]) -> RegionEdit | None:
    """Write what differs; None: nothing does. Call it in a transaction, after `one_at_a_time`."""
    changes = changes_between(rows_of_table(after), after)
    return _write(actor, action, changes) if changes else None


def _write(
    actor: str, action: str, changes: list[RowChange], cells: Iterable[Any] = (), put_back: Iterable[Any] = ()
) -> RegionEdit:
    """Write changes as one edit with an audit entry per row; verdicts stand again, with the cells that come back."""
    for change in changes:
        _store(change)
        audit.note(actor, action, change.code, change.words)
    _put_back(put_back)
    edit = RegionEdit.objects.create(
        actor=actor[:150],
        action=action,
        before={change.code: change.before and asdict(change.before) for change in changes},
        after={change.code: change.after and asdict(change.after) for change in changes},
        cells=list(cells),
    )
    reasons = _reasons(changes)
    _hold_accounts(reasons)
    for partition, why in reasons.items():
        stand_again(partition, why)
    return edit


def _store(change: RowChange) -> None:
    if change.after is None:
        Region.objects.filter(pk=change.code).delete()
    else:
        # No update_or_create, which locks the row against a poll's first cell there: that poll would wait for us, and
        # we for its account.
        Region(**asdict(change.after)).save()


def _reasons(changes: Iterable[RowChange]) -> dict[str, str]:
    """Per partition why its verdicts change: what is polled, or there at all, is otherwise than before."""
    said: dict[str, list[str]] = {}
    for change in changes:
        was, now = (None if row is None else row.polled for row in (change.before, change.after))
        if was is now:
            continue
        words = {True: "polled from now on", False: "no longer polled", None: "no longer in the table"}[now]
        said.setdefault(partition_of(change.code), []).append(f"{change.code} is {words}")
    return {partition: "; ".join(reasons) for partition, reasons in said.items()}


def _row(stored: Mapping[str, Any] | None) -> Row | None:
    return None if stored is None else Row(**stored)


def _kept(cell: Cell) -> dict[str, Any]:
    kept = {name: getattr(cell, name) for name in _CELL}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in kept.items()}


def _put_back(cells: Iterable[Mapping[str, Any]]) -> None:
    """Make the cells of a removed row again, of the accounts that still exist, archived ones too."""
    known = set(Account.every.values_list("pk", flat=True))
    Cell.objects.bulk_create(
        Cell(**{**cell, **{name: cell[name] and datetime.fromisoformat(cell[name]) for name in _TIMES}})
        for cell in cells
        if cell["account_id"] in known
    )
