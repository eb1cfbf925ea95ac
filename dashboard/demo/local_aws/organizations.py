"""AWS Organizations: accounts with their State, the units above them and their tags, for those who may read them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from accounts.domain.regions import partition_of
from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import Account

ORGANIZATION, ROOT = "o-rolecall0demo", "r-demo"
LARGEST_PAGE = 20
_JOINED = 1673251200.0
# What a member account hears: no word of a permission, since none would help it.
_NOT_YOURS = "You don't have permissions to access this resource."
_NOT_IN_USE = "Your account is not a member of an organization."


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit by its path; the root has none."""

    path: str

    @property
    def id(self) -> str:
        return "ou-demo-" + hashlib.sha256(self.path.encode()).hexdigest()[:8] if self.path else ROOT

    def contains(self, path: str) -> bool:
        """True for a unit right below this one."""
        return path != self.path and path.rpartition("/")[0] == self.path


def _members(context: Context) -> list[Account]:
    """The accounts of the organization in the partition that is asked, for who may list them; AWS's order is none."""
    _check_membership(context)
    rules = context.world.organization
    if context.caller.account_id not in (rules.management_account, *rules.delegated):
        raise AwsError(400, "AccessDeniedException", _NOT_YOURS)
    if context.caller.session is not None:
        context.allow("*")
    return sorted(_all(context), key=lambda account: account.account_id)


def _check_membership(context: Context) -> None:
    rules, caller = context.world.organization, context.caller.account_id
    known = {account.account_id for account in _all(context)} | {rules.management_account, *rules.delegated}
    if not rules.in_use or caller not in known or not _all(context):
        raise AwsError(400, "AWSOrganizationsNotInUseException", _NOT_IN_USE)


def _all(context: Context) -> list[Account]:
    """One organization spans one partition. Its management account stands in the root."""
    partition, management = partition_of(context.call.region), context.world.organization.management_account
    there = [a for a in context.world.accounts.values() if a.partition == partition and a.unit]
    if there and partition == "aws" and management not in {account.account_id for account in there}:
        there.append(Account(management, "management", partition))
    return there


def _places(context: Context) -> list[_Place]:
    """The root and every unit that an account is in, or below which there is one."""
    paths = {""}
    for account in _members(context):
        parts = account.unit.split("/") if account.unit else []
        paths |= {"/".join(parts[: end + 1]) for end in range(len(parts))}
    return [_Place(path) for path in sorted(paths)]


def _place(context: Context, unit_id: str) -> _Place:
    found = next((place for place in _places(context) if place.id == unit_id), None)
    if found is None:
        raise AwsError(400, "ParentNotFoundException", "You specified a parent that doesn't exist.")
    return found


def _tell(context: Context, account: Account) -> dict[str, object]:
    management = context.world.organization.management_account
    parts = account.unit.split("/") if account.unit else []
    above = [_Place("/".join(parts[: end + 1])).id for end in range(len(parts))]
    state = {"State": account.state}
    if context.world.organization.old_words:
        state = {"Status": "SUSPENDED" if account.state == "CLOSED" else account.state}
    return {
        "Id": account.account_id,
        "Arn": f"arn:{account.partition}:organizations::{management}:account/{ORGANIZATION}/{account.account_id}",
        "Email": f"aws+{account.account_id}@example.com",
        "Name": account.name[:50],
        **state,
        "Paths": ["/".join([ORGANIZATION, ROOT, *above, account.account_id]) + "/"],
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": _JOINED,
    }


def _page(context: Context, name: str, items: list[dict[str, object]]) -> dict[str, object]:
    """Some of the items, with a token as long as there may be more: also on pages that hold nothing."""
    token = context.param("NextToken")
    word, _, number = token.partition("-") if token else ("from", "", "0")
    size = int(context.call.params.get("MaxResults", LARGEST_PAGE))
    if word not in ("from", "empty") or not number.isdigit() or not 1 <= size <= LARGEST_PAGE:
        raise AwsError(400, "InvalidInputException", "You provided a NextToken or MaxResults that is not valid.")
    start, empties = int(number), context.world.organization.empty_pages
    if empties and word == "from":
        return {name: [], "NextToken": f"empty-{start}"}
    more = len(items) > start + size or (empties and len(items) > start)
    return {name: items[start : start + size], **({"NextToken": f"from-{start + size}"} if more else {})}


def list_accounts(context: Context) -> dict[str, object]:
    """Every account of the organization, twenty a page; State, and no Status, which AWS has retired."""
    return _page(context, "Accounts", [_tell(context, account) for account in _members(context)])


def list_accounts_for_parent(context: Context) -> dict[str, object]:
    """The accounts right in one unit, or in the root."""
    parent = _place(context, context.param("ParentId"))
    return _page(context, "Accounts", [_tell(context, a) for a in _members(context) if a.unit == parent.path])


def list_roots(context: Context) -> dict[str, object]:
    """The one root."""
    _members(context)
    management = context.world.organization.management_account
    arn = f"arn:{partition_of(context.call.region)}:organizations::{management}:root/{ORGANIZATION}/{ROOT}"
    return {"Roots": [{"Id": ROOT, "Arn": arn, "Name": "Root", "PolicyTypes": []}]}


def list_units(context: Context) -> dict[str, object]:
    """The units right below one, or below the root."""
    parent = _place(context, context.param("ParentId"))
    management = context.world.organization.management_account
    arn = f"arn:{partition_of(context.call.region)}:organizations::{management}:ou/{ORGANIZATION}"
    below = [place for place in _places(context) if place.path and parent.contains(place.path)]
    told = [{"Id": p.id, "Arn": f"{arn}/{p.id}", "Name": p.path.rpartition("/")[2]} for p in below]
    return _page(context, "OrganizationalUnits", [dict(unit) for unit in told])


def list_parents(context: Context) -> dict[str, object]:
    """The unit that an account is in."""
    unit = _Place(_member(context, "ChildId").unit)
    return {"Parents": [{"Id": unit.id, "Type": "ORGANIZATIONAL_UNIT" if unit.path else "ROOT"}]}


def describe_account(context: Context) -> dict[str, object]:
    """One account."""
    return {"Account": _tell(context, _member(context, "AccountId"))}


def describe_organization(context: Context) -> dict[str, object]:
    """The organization and its management account: any account in it may ask."""
    _check_membership(context)
    management = context.world.organization.management_account
    arn = f"arn:{partition_of(context.call.region)}:organizations::{management}"
    told = {"Id": ORGANIZATION, "Arn": f"{arn}:organization/{ORGANIZATION}", "FeatureSet": "ALL"}
    return {"Organization": {**told, "MasterAccountId": management}}


def list_tags(context: Context) -> dict[str, object]:
    """An account's tags; AWS has no MaxResults here."""
    tags = _member(context, "ResourceId", "TargetNotFoundException").tags
    return _page(context, "Tags", [{"Key": key, "Value": value} for key, value in sorted(tags.items())])


def _member(context: Context, name: str, code: str = "AccountNotFoundException") -> Account:
    wanted = context.param(name)
    found = next((account for account in _members(context) if account.account_id == wanted), None)
    if found is None:
        raise AwsError(400, code, "You specified an account that doesn't exist in this organization.")
    return found


ANSWERS = {
    "ListAccounts": list_accounts,
    "ListAccountsForParent": list_accounts_for_parent,
    "ListRoots": list_roots,
    "ListOrganizationalUnitsForParent": list_units,
    "ListParents": list_parents,
    "DescribeAccount": describe_account,
    "DescribeOrganization": describe_organization,
    "ListTagsForResource": list_tags,
}
