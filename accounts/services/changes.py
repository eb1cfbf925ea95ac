"""History: a row for everything that is not as it was at the last look, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from accounts.models import Account, Cell, Change, RoleStatus

Kind = Change.Kind


def changes_between(
    account: Account,
    before: RoleStatus | None,
    after: RoleStatus,
    old_cells: Mapping[str, Cell],
    new_cells: Iterable[Cell],
    now: datetime,
) -> None:
    """Store what changed. The first look is where history starts: it is one row, not one per cell."""
    change = partial(Change, account=account, at=now)
    found = [*_role_changes(before, after, change), *_cell_changes(old_cells, new_cells, change)]
    Change.objects.bulk_create(found)


def _role_changes(before: RoleStatus | None, after: RoleStatus, change: partial[Change]) -> Iterator[Change]:
    if before is None:
        yield change(kind=Kind.VERDICT, new=after.verdict, detail="First look")
        return
    watched = (
        (Kind.ROLE, before.presence, after.presence, after.detail),
        (Kind.OUTCOME, before.outcome, after.outcome, after.detail),
        (Kind.POLICY, before.policy_grade, after.policy_grade or "none", after.policy_detail),
        (Kind.TRUST, before.trust_grade, after.trust_grade or "none", ""),
        (Kind.VERDICT, before.verdict, after.verdict, ""),
    )
    for kind, old, new, detail in watched:
        if (old or "none") != new:
            yield change(kind=kind, old=old, new=new, detail=detail)
    if before.role_id and after.role_id and before.role_id != after.role_id:
        yield change(
            kind=Kind.ROLE, old=before.role_id, new=after.role_id, detail="The role was deleted and re-created"
        )
    yield from _document_change(before, after, change)


def _document_change(before: RoleStatus, after: RoleStatus, change: partial[Change]) -> Iterator[Change]:
    old, new = before.policy_document_id, after.policy_document_id
    if old and new and old != new and before.policy_grade == after.policy_grade:
        detail = f"The document changed, version {before.policy_version} → {after.policy_version}; its grade did not"
        yield change(kind=Kind.POLICY, old=old[:12], new=new[:12], detail=detail)


def _cell_changes(
    old_cells: Mapping[str, Cell], new_cells: Iterable[Cell], change: partial[Change]
) -> Iterator[Change]:
    for cell in new_cells:
        old = old_cells.get(cell.region_id)
        if old is None:
            continue
        here = partial(change, region_code=cell.region_id)
        if old.outcome != cell.outcome:
            yield here(kind=Kind.OUTCOME, old=old.outcome, new=cell.outcome, detail=cell.detail)
        if cell.brokers is not None and _counts(old) != _counts(cell):
            yield here(kind=Kind.BROKERS, old=_counts(old), new=_counts(cell))


def _counts(cell: Cell) -> str:
    if cell.brokers is None:
        return ""
    other = cell.brokers - (cell.rabbitmq or 0) - (cell.activemq or 0)
    text = f"{cell.rabbitmq} RabbitMQ, {cell.activemq} ActiveMQ"
    return f"{text}, {other} other" if other else text
