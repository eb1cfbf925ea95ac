"""The tables: PostgreSQL is the truth."""

from accounts.models.access import AccessCheck, HubIdentity
from accounts.models.account import ASKED, Account, AccountQuerySet
from accounts.models.audit import AccountEdit, AuditEntry
from accounts.models.bulk import BulkAct
from accounts.models.cell import Broker, Cell
from accounts.models.change import Change
from accounts.models.cleanup import Campaign, Cleanup, CleanupQuerySet, JournalEntry, Target
from accounts.models.credential import SealedCredential
from accounts.models.daily import DailyFigures
from accounts.models.import_draft import ImportDraft
from accounts.models.matrix_cell import MatrixCell
from accounts.models.organization import Organization, OrganizationMember, OrganizationTake
from accounts.models.pause import PollingPause
from accounts.models.region import Region
from accounts.models.region_readings import RegionEdit, RegionReading
from accounts.models.region_states import StoredRegionStates
from accounts.models.role_status import PolicyDocument, RoleStatus
from accounts.models.sweep import Poll, Sweep

__all__ = (
    "ASKED",
    "AccessCheck",
    "Account",
    "AccountEdit",
    "AccountQuerySet",
    "AuditEntry",
    "Broker",
    "BulkAct",
    "Campaign",
    "Cell",
    "Change",
    "Cleanup",
    "CleanupQuerySet",
    "DailyFigures",
    "HubIdentity",
    "ImportDraft",
    "JournalEntry",
    "MatrixCell",
    "Organization",
    "OrganizationMember",
    "OrganizationTake",
    "PolicyDocument",
    "Poll",
    "PollingPause",
    "Region",
    "RegionEdit",
    "RegionReading",
    "RoleStatus",
    "SealedCredential",
    "StoredRegionStates",
    "Sweep",
    "Target",
)
