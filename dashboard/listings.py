"""The lists that can be looked at, saved as a view, and exported: one entry each, for pages, reports and the shell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django.http import QueryDict
from django.utils.functional import SimpleLazyObject

from accounts.models import AuditEntry
from accounts.services.publications import publications
from dashboard.access import Person, Role, visible_accounts
from dashboard.addresses import several
from dashboard.arrange import arrange, chosen_columns, strangers
from dashboard.cell_filter import cell_filter
from dashboard.chips import ChipFilterSet
from dashboard.cleanup_filters import cleanup_filter
from dashboard.exports import Export, NoSuchExport, matrix_export, table_export
from dashboard.filters import account_filter, broker_filter
from dashboard.grouping import GROUP_NAMES, grouping_of, groups_of
from dashboard.layout import LAYOUT_NAMES, layout_of
from dashboard.region_filter import RegionFilter
from dashboard.shown_matrix import shown_matrix_export
from dashboard.tables.accounts import AccountTable
from dashboard.tables.brokers import BrokerTable
from dashboard.tables.campaigns import CampaignTable, campaigns_of
from dashboard.tables.cleanups import CleanupTable
from dashboard.tables.matrix import MatrixTable, matrix_table
from dashboard.tables.matrix_cells import MatrixCellTable
from dashboard.tables.regions import RegionTable, regions_with_counts
from dashboard.tables.sweeps import AuditTable, SweepTable, sweeps_with_counts
from dashboard.tallies import Published

ALL = ["all"]  # what `_columns` says when every column is wanted
Narrowed = tuple[Any, ChipFilterSet | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as an address shows it: its table, its filters, and what of the address fits nothing any more."""

    table: Any
    filter: ChipFilterSet | None
    dropped: list[str]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list. Its name is that of its address and of its export."""

    name: str
    title: str
    role: Role
    build: Callable[[QueryDict, Person], Narrowed]
    export: Callable[[Any, bool], Export] | None = None  # told whether everything is wanted
    understands: frozenset[str] = field(default_factory=frozenset)
    shapes: Mapping[str, Callable[[Any], Export]] = field(default_factory=dict)  # further exports, by `_as`

    def shown(self, data: QueryDict, person: Person) -> Shown:
        """The list as a person sees it under this query."""
        table, narrowed = self.build(data, person)
        dropped = [*strangers(data, narrowed, self.understands | {"_as"}), *arrange(table, data)]
        return Shown(table, narrowed, [*dropped, *getattr(table, "dropped", ())])

    def export_of(self, shown: Shown, data: QueryDict) -> Export:
        """All rows that are shown, in their order: of the columns that `_columns` or else `columns` names, or of all.

        Raises NoSuchExport.
        """
        if shape := data.get("_as", ""):
            whole = self._shaped(shape)(shown.table)
        elif self.export:
            whole = self.export(shown.table, wants_all(data))
        else:
            whole = table_export(self.name, shown.table)
        return narrowed_export(whole, shown.table, data)

    def _shaped(self, shape: str) -> Callable[[Any], Export]:
        if shape not in self.shapes:
            have = f"use {', '.join(self.shapes)}, or none" if self.shapes else "this list has but one"
            raise NoSuchExport(f"There is no export as “{shape}”: {have}.")
        return self.shapes[shape]

    def leaves_out(self, shown: Shown, data: QueryDict) -> bool:
        """True when the export lacks something that is no matter of the filters: regions that are not shown."""
        return bool(getattr(shown.table, "leaves_out", False)) and (bool(data.get("_as")) or not wants_all(data))


def wants_all(data: QueryDict) -> bool:
    """True when an export shall have every column, whatever the page shows."""
    return several(data, "_columns") == ALL


def narrowed_export(whole: Export, table: Any, data: QueryDict) -> Export:
    """An export of the columns that the URL names. Raises UnknownColumn."""
    if wants_all(data):
        return whole
    follows = not getattr(table, "chooses_columns", False)
    names = several(data, "_columns") or (chosen_columns(table, data) if follows else [])
    return whole.only(names) if names else whole


def _matrix(data: QueryDict, person: Person) -> Narrowed:
    narrowed = account_filter(data, person)
    accounts, (by, dropped) = narrowed.accounts, grouping_of(data)
    # Judged over all accounts that the person may see, as the filter judges it; a file never asks.
    published = cast(Published, SimpleLazyObject(lambda: publications(visible_accounts(person))))
    groups = groups_of(accounts, by, data, published) if by else None
    table = matrix_table(accounts, layout_of(data, accounts), groups, published)
    table.dropped = (*table.dropped, *dropped)
    return table, narrowed


def _matrix_rows(table: MatrixTable, everything: bool) -> Export:
    some = table.leaves_out and not everything
    return matrix_export(table.all_rows, [region.code for region in table.regions] if some else None)


def _accounts(data: QueryDict, person: Person) -> Narrowed:
    narrowed = account_filter(data, person)
    return AccountTable(narrowed.accounts.select_related("role_status")), narrowed


def _brokers(data: QueryDict, person: Person) -> Narrowed:
    narrowed = broker_filter(data, person)
    return BrokerTable(narrowed.qs), narrowed


def _cells(data: QueryDict, person: Person) -> Narrowed:
    narrowed = cell_filter(data, person)
    return MatrixCellTable(narrowed.qs), narrowed


def _cleanups(data: QueryDict, person: Person) -> Narrowed:
    narrowed = cleanup_filter(data, person)
    return CleanupTable(narrowed.qs), narrowed


def _campaigns(data: QueryDict, person: Person) -> Narrowed:
    return CampaignTable(campaigns_of(visible_accounts(person))), None


def _regions(data: QueryDict, person: Person) -> Narrowed:
    narrowed = RegionFilter(data, queryset=regions_with_counts(visible_accounts(person)))
    return RegionTable(narrowed.qs), narrowed


def _sweeps(data: QueryDict, person: Person) -> Narrowed:
    return SweepTable(sweeps_with_counts(visible_accounts(person))), None


def _audit(data: QueryDict, person: Person) -> Narrowed:
    return AuditTable(AuditEntry.objects.all()), None


MATRIX_SHAPES: dict[str, Callable[[Any], Export]] = {"shown": shown_matrix_export}
LISTINGS: dict[str, Listing] = {
    listing.name: listing
    for listing in (
        Listing("matrix", "Matrix", Role.VIEWER, _matrix, _matrix_rows, LAYOUT_NAMES | GROUP_NAMES, MATRIX_SHAPES),
        Listing("accounts", "Accounts", Role.VIEWER, _accounts),
        Listing("cells", "Cells", Role.VIEWER, _cells),
        Listing("brokers", "Brokers", Role.VIEWER, _brokers),
        Listing("cleanups", "Clean-ups", Role.VIEWER, _cleanups),
        Listing("campaigns", "Campaigns", Role.VIEWER, _campaigns),
        Listing("regions", "Regions", Role.VIEWER, _regions),
        Listing("sweeps", "Sweeps", Role.VIEWER, _sweeps),
        Listing("audit", "Audit", Role.OPERATOR, _audit),
    )
}
