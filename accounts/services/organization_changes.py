"""What an organization's last reading has that is not watched so, and taking it: all of it or nothing, and undone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.domain.organization import (
    RESTING,
    Change,
    Kind,
    Member,
    MemberState,
    Selection,
    Taken,
    Watched,
    changes,
    merged_tags,
)
from accounts.domain.role_policies import new_external_id
from accounts.domain.role_templates import external_id_in_stackset
from accounts.models import (
    Account,
    AuditEntry,
    HubIdentity,
    Organization,
    OrganizationMember,
    OrganizationTake,
)
from accounts.services import audit, edits
from accounts.services.edits import Edit
from accounts.services.importing import BATCH, MAX_NAME, AccountRow, add
from accounts.services.protection import check_renames, rename_unprotects

STATE_KINDS = (Kind.SUSPENDED, Kind.BACK, Kind.GONE)
OURS_TO_KEEP = {Kind.RENAMED, Kind.MOVED, Kind.TAGS}
FIELDS = ("name", "unit", "tags", "organization_state")
# By itself no more accounts stop being polled than this at once: an answer of AWS that lacks half an organization is
# likelier a mistake than the truth, and a person looks at it first.
MOST_STOPPED, MOST_STOPPED_SHARE = 5, 10
KEPT_TAKES = 50
LEFT = "leave to a person"


class WorldMoved(Exception):
    """What is there now is not what the person saw: nothing was taken."""


@dataclass(frozen=True, slots=True)
class Known:
    """A reading beside what is watched."""

    members: Mapping[str, OrganizationMember]
    accounts: Mapping[str, Account]

    def watched(self) -> dict[str, Watched]:
        """The accounts in the domain's words."""
        return {
            account_id: Watched(
                account_id, account.name, account.unit, account.tags, account.organization_state,
                self.members[account_id].last_taken,
            )
            for account_id, account in self.accounts.items()
        }  # fmt: skip


def known_of(organization: Organization, *, lock: bool = False) -> Known:
    """The members of the last whole reading, and those of them that are watched, perhaps locked.

    One that left for another organization that Rolecall reads is not gone, the same number in another partition is
    another account, and what a person has deleted with its history kept is not new: all three are left out.
    """
    listed = OrganizationMember.objects.exclude(state=MemberState.GONE).exclude(organization=organization)
    moved = organization.members.filter(state=MemberState.GONE, account_id__in=listed.values("account_id"))
    members = {member.account_id: member for member in organization.members.exclude(pk__in=moved)}
    rows = Account.every.filter(account_id__in=members).order_by("pk")
    found = list(rows.select_for_update() if lock else rows)
    mine = (a for a in found if a.partition == organization.partition and a.archived_at is None)
    here = {account.account_id: account for account in mine}
    elsewhere = {account.account_id for account in found} - set(here)
    return Known({key: member for key, member in members.items() if key not in elsewhere}, here)


def difference(
    organization: Organization, known: Known | None = None, selection: Selection | None = None
) -> list[Change]:
    """What is to be taken, by kind and name; `selection` tries other rules than the stored ones."""
    known = known or known_of(organization)
    members = [member.facts for member in known.members.values()]
    return changes(members, known.watched(), selection or organization.selection)


def count_waiting(organization: Organization) -> None:
    """Write down how many differences wait for somebody; none before anybody has said which accounts are wanted."""
    waiting = len(difference(organization)) if organization.chosen else 0
    Organization.objects.filter(pk=organization.pk).update(waiting=waiting)


def fingerprint(found: Iterable[Change]) -> str:
    """Names a difference: whoever takes it names the one that they saw."""
    told = "\n".join("\t".join(map(str, asdict(change).values())) for change in found)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def row_for(organization: Organization, member: Member, prefix: str) -> AccountRow:
    """A new account: its roles by their names, its external id by the organization's way."""
    start = f"arn:{organization.partition}:iam::{member.account_id}:role/"
    stackset = organization.external_ids == Organization.ExternalIds.STACKSET
    return AccountRow(
        account_id=member.account_id,
        name=member.name[:MAX_NAME],
        partition=organization.partition,
        reader_role_arn=start + organization.reader_role,
        cleaner_role_arn=start + organization.cleaner_role if organization.cleaner_role else "",
        external_id=external_id_in_stackset(prefix, member.account_id) if stackset else new_external_id(),
        tags=dict(member.tags or {}),
    )


def prefix_of(organization: Organization) -> str:
    """What the external ids of the partition's StackSet begin with."""
    return HubIdentity.objects.get_or_create(partition=organization.partition)[0].external_id_prefix


def take(
    organization: Organization,
    kinds: Collection[Kind],
    actor: str,
    *,
    leave: Collection[str] = (),
    seen: str = "",
    may_unprotect: bool = True,
) -> OrganizationTake | None:
    """Take the changes of these kinds but for those whose key is to be left; None when there are none.

    `seen` is the fingerprint of the difference that the person looked at. Raises WorldMoved when it is another by now,
    and EndsProtection when names that protect would go and that `may_unprotect` not be.
    """
    try:
        with transaction.atomic():
            locked = Organization.objects.select_for_update().get(pk=organization.pk)
            known = known_of(locked, lock=True)
            chosen = _chosen(difference(locked, known), kinds, leave, seen)
            renames = ((change.before, change.after) for change in chosen if change.kind is Kind.RENAMED)
            check_renames(renames, may_unprotect=may_unprotect)
            taken = _apply(locked, known, chosen, actor) if chosen else None
            count_waiting(locked)
            return taken
    except IntegrityError as error:  # an account that was new is there by now
        raise WorldMoved from error


def _chosen(found: list[Change], kinds: Collection[Kind], leave: Collection[str], seen: str) -> list[Change]:
    if seen and fingerprint(found) != seen:
        raise WorldMoved
    return [change for change in found if change.kind in kinds and change.key not in leave]


def keep_ours(
    organization: Organization, kinds: Collection[Kind], actor: str, *, leave: Collection[str] = (), seen: str = ""
) -> int:
    """Leave names, units and tags as they are here until AWS has newer ones; says how many. Raises WorldMoved."""
    now = timezone.now()
    with transaction.atomic():
        locked = Organization.objects.select_for_update().get(pk=organization.pk)
        known = known_of(locked, lock=True)
        chosen = _chosen(difference(locked, known), set(kinds) & OURS_TO_KEEP, leave, seen)
        for account_id, mine in _kinds_by_account(chosen).items():
            _take_one(
                known.accounts[account_id], known.members[account_id], mine, now
            )  # of which the account is not saved
        _keep_taken(known, chosen)
        entries = (_entry(locked, change, actor, "keep ours") for change in chosen)
        AuditEntry.objects.bulk_create(entries, batch_size=BATCH)
        count_waiting(locked)
    return len(chosen)


def take_by_itself(organization: Organization) -> OrganizationTake | None:
    """Take everything, but leave to a person what keeps suspiciously many accounts from being polled.

    And a new name that would end the protection which the old one gives.
    """
    known = known_of(organization)
    found = difference(organization, known)
    stopped = [c for c in found if c.kind in STATE_KINDS and c.after in RESTING]
    kinds = set(Kind)
    if len(stopped) > max(MOST_STOPPED, len(known.accounts) * MOST_STOPPED_SHARE // 100):
        kinds -= {Kind.SUSPENDED, Kind.GONE}
        _ask_a_person(organization, len(stopped))
    try:
        return take(organization, kinds, audit.ROLECALL, leave=[c.key for c in found if _unprotects(c)])
    except WorldMoved:  # somebody adds one of the accounts at this moment: the reading stands, the next one takes
        count_waiting(organization)
        return None


def _unprotects(change: Change) -> bool:
    return change.kind is Kind.RENAMED and rename_unprotects(change.before, change.after)


def _ask_a_person(organization: Organization, stopped: int) -> None:
    """Say it once, not with every reading."""
    said = f"{stopped} accounts are suspended, closed or gone: too many to be taken by itself"
    before = AuditEntry.objects.filter(subject=str(organization), at__gte=timezone.now() - timedelta(days=1))
    if not before.filter(action=LEFT, detail=said).exists():
        audit.note(audit.ROLECALL, LEFT, str(organization), said)


def _apply(organization: Organization, known: Known, chosen: list[Change], actor: str) -> OrganizationTake:
    now = timezone.now()
    new = _take_new(organization, known, [change for change in chosen if change.kind is Kind.NEW], now)
    items: list[dict[str, Any]] = [{"account_id": account_id, "new": True} for account_id in new]
    items += _take_news(known, [change for change in chosen if change.kind is not Kind.NEW], now)
    _keep_taken(known, chosen)
    _note(organization, chosen, actor, new, {item["account_id"]: item for item in items})
    counts = Counter(change.kind.value for change in chosen)
    _forget_old_takes(organization)
    return OrganizationTake.objects.create(organization=organization, actor=actor[:150], counts=counts, items=items)


def _note(
    organization: Organization,
    chosen: list[Change],
    actor: str,
    new: Mapping[str, Edit | None],
    items: Mapping[str, dict[str, Any]],
) -> None:
    """One audit entry for each change, with what it changed of the account."""
    made = AuditEntry.objects.bulk_create((_entry(organization, change, actor) for change in chosen), batch_size=BATCH)
    told = (new.get(change.account_id) or _edit_of(change, items[change.account_id]) for change in chosen)
    edits.keep_each(zip(made, told, strict=True))


def _edit_of(change: Change, item: dict[str, Any]) -> Edit | None:
    """The field that a change is about; a state is AWS's, and no field that people set."""
    field = {Kind.RENAMED: "name", Kind.MOVED: "unit", Kind.TAGS: "tags"}.get(change.kind)
    if field is None or field not in item["after"]:
        return None
    return Edit(change.account_id, {field: item["before"][field]}, {field: item["after"][field]})


def _forget_old_takes(organization: Organization) -> None:
    """Only the last can be undone; what was done stands in the audit record for ever."""
    old = list(organization.takes.values_list("pk", flat=True)[KEPT_TAKES:])
    OrganizationTake.objects.filter(pk__in=old).delete()


def _keep_taken(known: Known, chosen: list[Change]) -> None:
    touched = {change.account_id: known.members[change.account_id] for change in chosen}
    OrganizationMember.objects.bulk_update(touched.values(), ["taken"], batch_size=BATCH)


def _kinds_by_account(chosen: list[Change]) -> dict[str, set[Kind]]:
    kinds: dict[str, set[Kind]] = {}
    for change in chosen:
        kinds.setdefault(change.account_id, set()).add(change.kind)
    return kinds


def _entry(organization: Organization, change: Change, actor: str, verb: str = "take") -> AuditEntry:
    action = "add account" if change.kind is Kind.NEW else f"{verb}: {change.kind.value} in AWS"
    told = f"{change.before or '–'} → {change.after or '–'}" if change.before else change.after
    subject = f"{change.name} ({change.account_id})"
    return AuditEntry(
        actor=actor[:150], action=action, subject=subject[:200], detail=f"{told}; {organization}",
        account_number=change.account_id,
    )  # fmt: skip


def _take_new(organization: Organization, known: Known, new: list[Change], now: datetime) -> dict[str, Edit | None]:
    prefix = prefix_of(organization)
    members = [known.members[change.account_id] for change in new]
    rows = [row_for(organization, member.facts, prefix) for member in members]
    added = add(rows)
    units = {member.account_id: member.unit or "" for member in members}
    made = list(Account.objects.filter(account_id__in=units).order_by("pk"))
    for account in made:
        account.unit, account.organization_state = units[account.account_id], MemberState.ACTIVE
        account.organization_state_since = now
    Account.objects.bulk_update(made, ["unit", "organization_state", "organization_state_since"], batch_size=BATCH)
    for member in members:
        member.taken = asdict(Taken(member.name, member.unit or "", dict(member.tags or {})))
    return {row.account_id: edit for row, edit in zip(rows, added, strict=True)}


def _take_news(known: Known, news: list[Change], now: datetime) -> list[dict[str, Any]]:
    kinds = _kinds_by_account(news)
    items = [_take_one(known.accounts[key], known.members[key], mine, now) for key, mine in kinds.items()]
    changed = [known.accounts[key] for key in kinds]
    for account in changed:
        account.updated_at = now
    fields = [*FIELDS, "organization_state_since", "next_poll_at", "failed_polls", "updated_at"]
    Account.objects.bulk_update(changed, fields, batch_size=BATCH)
    return items


def _take_one(account: Account, member: OrganizationMember, kinds: set[Kind], now: datetime) -> dict[str, Any]:
    before, taken_before = {name: getattr(account, name) for name in FIELDS}, member.taken
    taken = member.last_taken or Taken(account.name, account.unit, {})
    if Kind.RENAMED in kinds:
        account.name, taken = member.name[:MAX_NAME], replace(taken, name=member.name)
    if Kind.MOVED in kinds:
        account.unit, taken = member.unit or "", replace(taken, unit=member.unit or "")
    if Kind.TAGS in kinds:
        now_tags = dict(member.tags or {})
        account.tags, taken = merged_tags(account.tags, taken.tags, now_tags), replace(taken, tags=now_tags)
    if kinds & set(STATE_KINDS):
        _set_state(account, member.state, now)
    member.taken = asdict(taken)
    after = {name: getattr(account, name) for name in FIELDS}
    changed = [name for name in FIELDS if before[name] != after[name]]
    told = {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}
    return {"account_id": account.account_id, "new": False, "taken": taken_before, **told}


def _set_state(account: Account, state: str, now: datetime) -> None:
    """From a state in which nobody gets in to one in which Rolecall may: it is due at once."""
    rested = account.rests
    account.organization_state, account.organization_state_since = state, now
    if rested and not account.rests:
        account.next_poll_at, account.failed_polls = now, 0
