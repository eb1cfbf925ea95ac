"""One estate with something of everything, so that every address has objects in every state behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.domain.role_policies import Purpose
from accounts.models import (
    AccessCheck,
    Account,
    AuditEntry,
    Broker,
    BulkAct,
    Campaign,
    Cell,
    Change,
    Cleanup,
    HubIdentity,
    JournalEntry,
    Organization,
    OrganizationMember,
    OrganizationTake,
    Poll,
    PollingPause,
    RegionEdit,
    RoleStatus,
    Sweep,
)
from accounts.services.account_files import write_accounts
from accounts.services.import_drafts import draft_import
from accounts.services.importing import AccountRow, ExternalIds
from dashboard.bulk import DEEDS
from dashboard.manual import names
from dashboard.models import Report, SavedView
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, planned, waiting_cleanup
from tests.dashboard.every_url import Objects
from tests.dashboard.factories import make_account, make_status, seed, seed_sweep

HUB = "arn:aws:iam::999900001111:role/rolecall-hub"
WHOLE_LOOKS = (0, 1, 3, 5, 12)  # of the seeded estate: in use, unused, absent, drifted, shut


def make_world(person: User, count: int = 14, name: str = "") -> Objects:
    """An estate of `count` accounts and of everything else that has a page, all called `name` if it is given."""
    accounts = _accounts(count, name)
    sweeps = [seed_sweep(accounts[:14], timezone.now()), seed_sweep(accounts[:14], timezone.now(), running=True)]
    _checks(accounts[:3])
    HubIdentity.objects.create(
        partition="aws", caller_arn=HUB, principal_arn=HUB, caller_account="999900001111", checked_at=timezone.now()
    )
    view = SavedView.objects.create(owner=person, name=name[:80] or "Unused", page="accounts", query="verdict=unused")
    SavedView.objects.create(owner=person, name="Old", page="matrix", deleted_at=timezone.now())
    report = Report.objects.create(owner=person, name=name[:80] or "Idle roles", view=view, format="csv")
    AuditEntry.objects.create(actor=name[:150] or "olga", action="poll", subject=name or "42 accounts", detail=name)
    PollingPause.objects.create(by=name[:150] or "olga")
    return {
        "account_id": [
            *(accounts[index].account_id for index in WHOLE_LOOKS if index < len(accounts)),
            make_account(990, name, archived_at=timezone.now(), archived_by="olga").account_id,
        ],
        "cleanup number": [cleanup.pk for cleanup in make_cleanups(name)],
        "campaign number": [campaign.pk for campaign in make_campaigns(person, name)],
        "code": ["us-east-1", "eu-west-2"],
        "sweep_id": [sweep.pk for sweep in sweeps],
        "view_id": [view.pk],
        "report_id": [report.pk],
        "partition": ["aws"],
        "page": [*names()],
        "act_id": _acts(person, accounts[0]),
        "entry_id": [AuditEntry.objects.latest("pk").pk],
        "onboarding number": [_draft(person, name)],
        "region number": [RegionEdit.objects.create(actor="olga", action="edit region", before={}, after={}).pk],
        **_organization(accounts, name),
    }


def _draft(person: User, name: str) -> int:
    """A file that waits for its import: one account is new, one is another than what is watched."""
    ids = ("111122223333", Account.objects.order_by("pk")[0].account_id)
    rows = [AccountRow(one, name or "x", "aws", f"arn:aws:iam::{one}:role/R", "", "ext-1", {}) for one in ids]
    return draft_import(person, name[:80] or "a.csv", b"".join(write_accounts(rows)), ExternalIds.RANDOM).pk


def _organization(accounts: Sequence[Account], name: str) -> Objects:
    """An organization that was read, with a new account and a renamed one, and something taken of it before."""
    now = timezone.now()
    read = {"chosen": True, "read_at": now, "answered_at": now, "organization_id": "o-abcdefghij", "waiting": 2}
    one = Organization.objects.create(partition="aws", management_account="999900001111", **read)
    for account_id in ("444455556666", accounts[0].account_id):
        OrganizationMember.objects.create(
            organization=one, account_id=account_id, name=name or "renamed", state="ACTIVE", unit="Workloads", tags={}
        )
    taken = OrganizationTake.objects.create(organization=one, actor=name[:150] or "olga", counts={"new": 1}, items=[])
    return {"organization_pk": [one.pk], "take_id": [taken.pk]}


def add_rows(person: User, count: int) -> None:
    """So many further rows on every list, and of everything that a page lists of one thing."""
    account, now = Account.objects.order_by("pk")[0], timezone.now()
    cleanup, campaign = Cleanup.objects.order_by("pk")[0], Campaign.objects.order_by("pk")[0]
    numbers = range(count)
    _add_accounts(count)
    Change.objects.bulk_create(Change(account=account, at=now, kind="verdict", new="in_use") for _ in numbers)
    AuditEntry.objects.bulk_create(AuditEntry(actor="olga", action="poll", subject=str(n)) for n in numbers)
    Sweep.objects.bulk_create(Sweep(reason="schedule", state="done", finished_at=now) for _ in numbers)
    Campaign.objects.bulk_create(Campaign(name=str(n), requested_by="olga", state="done") for n in numbers)
    gone = {"state": State.CANCELLED, "finished_at": now, "requested_by": "olga"}
    Cleanup.objects.bulk_create(Cleanup(account=account, campaign=campaign, **gone) for _ in numbers)
    JournalEntry.objects.bulk_create(
        JournalEntry(cleanup=cleanup, step=State.VERIFYING, action="iam:GetRole", intent="Look", at=now)
        for _ in numbers
    )
    views = SavedView.objects.bulk_create(
        SavedView(owner=person, name=f"{count}-{n}", page="accounts") for n in numbers
    )
    Report.objects.bulk_create(Report(owner=person, name=view.name, view=view, format="csv") for view in views)


def _acts(person: User, account: Account) -> list[object]:
    """Everything that can be done to many accounts, about to be done to one."""
    about = {"person": person.get_username(), "page": "accounts", "ticked": [account.account_id], "counted": 1}
    return [BulkAct.objects.create(act=key, **about).pk for key in DEEDS]


def _add_accounts(count: int) -> None:
    """Accounts with a role, a cell and a broker each, and a poll in the first sweep."""
    first, now, sweep = 800_000_000_000 + Account.objects.count(), timezone.now(), Sweep.objects.order_by("pk")[0]
    ids = [str(first + number) for number in range(count)]
    accounts = Account.objects.bulk_create(
        Account(account_id=one, name=f"many-{one}", partition="aws", reader_role_arn=f"arn:aws:iam::{one}:role/reader")
        for one in ids
    )
    RoleStatus.objects.bulk_create(
        RoleStatus(account=account, verdict="unused", checked_at=now) for account in accounts
    )
    looked = {"region_id": "eu-west-1", "outcome": "ok", "checked_at": now, "last_ok_at": now}
    Cell.objects.bulk_create(Cell(account=account, brokers=1, rabbitmq=1, activemq=0, **looked) for account in accounts)
    Broker.objects.bulk_create(
        Broker(account=account, region_id="eu-west-1", arn=f"arn:aws:mq:eu-west-1:{account.account_id}:broker:b:b-1",
               broker_id="b-1", name="b", engine="RabbitMQ", state="RUNNING", seen_at=now)
        for account in accounts
    )  # fmt: skip
    Poll.objects.bulk_create(Poll(sweep=sweep, account=account, state="done", finished_at=now) for account in accounts)


def make_cleanups(name: str = "") -> list[Cleanup]:
    """One clean-up in every state, with brokers and without, waiting with AWS's word for it, and one still looking."""
    made = []
    for number, state in enumerate(State, start=900):
        account = cleanable(number, name)
        plan = make_plan(account, planned(account, name[:50] or "orders"), keeps=(planned(account, "legacy"),))
        waiting = state is State.WAITING
        made.append(waiting_cleanup(account) if waiting else make_cleanup(account, plan, state, reason=name))
    bare, looking = cleanable(930, name), cleanable(931, name)
    return [*made, make_cleanup(bare, make_plan(bare)), make_cleanup(looking)]


def make_campaigns(person: User, name: str = "") -> list[Campaign]:
    """Campaigns that wait for a phrase, for a second person, that stopped, and that are over."""
    made = []
    for number, state in enumerate(("drafted", "awaiting_approval", "stopped", "done")):
        who = {"requested_by": "olga", "confirmed_by": "" if state == "drafted" else "olga"}
        campaign = Campaign.objects.create(name=name or "Autumn", state=state, reason=name, **who)
        for child, at in enumerate((State.DRAFTED, State.FAILED, State.DONE)):
            account = cleanable(940 + number * 10 + child, name)
            wanted = State.AWAITING_APPROVAL if (at, state) == (State.DRAFTED, "awaiting_approval") else at
            make_cleanup(account, make_plan(account, planned(account)), wanted, campaign=campaign)
        made.append(campaign)
    return made


def cleanable(number: int, name: str = "") -> Account:
    """An account with a role that nothing uses, and a role to delete it with."""
    account = make_account(
        number, name and f"{name} {number}", cleaner_role_arn=f"arn:aws:iam::1:role/cleaner-{number}"
    )
    make_status(account, verdict="unused")
    return account


def _accounts(count: int, name: str) -> list[Account]:
    accounts = seed(count, sweep=False)
    for index, account in enumerate(accounts):
        account.cleaner_role_arn = account.reader_role_arn.replace("reader", "cleaner")
        account.external_id = f"rolecall-{account.account_id}"
        if name:
            account.name, account.tags, account.owner = f"{name} {index}", {name[:60]: name, "env": name}, name[:254]
            account.notes = account.unit = name
    Account.objects.bulk_update(accounts, ["cleaner_role_arn", "external_id", "name", "tags", "owner", "notes", "unit"])
    return accounts


def _checks(accounts: list[Account]) -> None:
    """A ready role, one that lacks a permission, and one that opens for everybody."""
    denied = {"action": "mq:ListTags", "result": "denied", "denied_by": "identity policy", "detail": "No.", "add": True}
    allowed = {"action": "iam:GetRole", "result": "allowed", "denied_by": "", "detail": "", "add": False}
    now = timezone.now()
    doors: tuple[tuple[str, list[dict[str, object]]], ...] = (
        ("ready", [allowed]),
        ("incomplete", [allowed, denied]),
        ("open", []),
    )
    for account, (door, calls) in zip(accounts, doors, strict=False):
        AccessCheck.objects.create(
            account=account, requested_at=now - timedelta(minutes=1), requested_by="olga", sent_at=now, checked_at=now,
            reader=door, reader_role_arn=account.reader_role_arn, cleaner="shut",
            cleaner_role_arn=account.cleaner_role_arn,
            results={Purpose.READER.value: {"detail": "", "calls": calls}},
        )  # fmt: skip
