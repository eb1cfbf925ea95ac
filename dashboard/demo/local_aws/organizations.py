"""AWS Organizations, as the management account sees it: accounts with their State, and the units above them."""

from __future__ import annotations

import hashlib

from dashboard.demo.local_aws.authorize import Context, refusal
from dashboard.demo.local_aws.sessions import HUB_ACCOUNT_ID
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import Account

ORGANIZATION, ROOT = "o-rolecall0demo", "r-demo"
LARGEST_PAGE = 20
_JOINED = 1673251200.0


def _members(context: Context) -> list[Account]:
    """The accounts of the organization in the partition that is asked: one organization spans one partition."""
    if context.caller.account_id != HUB_ACCOUNT_ID:
        if not context.account.unit:
            raise AwsError(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
        raise refusal(context, f"organizations:{context.call.action}", "*")
    partition = "aws-us-gov" if context.call.region.startswith("us-gov-") else "aws"
    accounts = context.world.accounts.values()
    members = [account for account in accounts if account.partition == partition and account.unit]
    if not members:
        raise AwsError(400, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    return sorted(members, key=lambda account: account.account_id)


def _unit_id(unit: str) -> str:
    return "ou-demo-" + hashlib.sha256(unit.encode()).hexdigest()[:8]


def _tell(account: Account) -> dict[str, object]:
    prefix = f"arn:{account.partition}:organizations::{HUB_ACCOUNT_ID}"
    return {
        "Id": account.account_id,
        "Arn": f"{prefix}:account/{ORGANIZATION}/{account.account_id}",
        "Email": f"aws+{account.account_id}@example.com",
        "Name": account.name[:50],
        "State": account.state,
        "Paths": [f"{ORGANIZATION}/{ROOT}/{_unit_id(account.unit)}/{account.account_id}/"],
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": _JOINED,
    }


def _page(context: Context, name: str, items: list[dict[str, object]]) -> dict[str, object]:
    token = context.param("NextToken").removeprefix("from-") or "0"
    size = int(context.call.params.get("MaxResults", LARGEST_PAGE))
    if not token.isdigit() or not 1 <= size <= LARGEST_PAGE:
        raise AwsError(400, "InvalidInputException", "You provided a NextToken or MaxResults that is not valid.")
    start = int(token)
    more = len(items) > start + size
    return {name: items[start : start + size], **({"NextToken": f"from-{start + size}"} if more else {})}


def list_accounts(context: Context) -> dict[str, object]:
    """Every account of the organization, twenty a page; State, and no Status, which AWS has retired."""
    return _page(context, "Accounts", [_tell(account) for account in _members(context)])


def list_accounts_for_parent(context: Context) -> dict[str, object]:
    """The accounts of one unit."""
    parent = context.param("ParentId")
    return _page(context, "Accounts", [_tell(a) for a in _members(context) if _unit_id(a.unit) == parent])


def list_roots(context: Context) -> dict[str, object]:
    """The one root."""
    _members(context)
    arn = f"arn:aws:organizations::{HUB_ACCOUNT_ID}:root/{ORGANIZATION}/{ROOT}"
    return {"Roots": [{"Id": ROOT, "Arn": arn, "Name": "Root", "PolicyTypes": []}]}


def list_units(context: Context) -> dict[str, object]:
    """The units below the root; units have none below them."""
    units = sorted({account.unit for account in _members(context)}) if context.param("ParentId") == ROOT else []
    arn = f"arn:aws:organizations::{HUB_ACCOUNT_ID}:ou/{ORGANIZATION}"
    told = [{"Id": _unit_id(unit), "Arn": f"{arn}/{_unit_id(unit)}", "Name": unit} for unit in units]
    return _page(context, "OrganizationalUnits", [dict(unit) for unit in told])


def list_parents(context: Context) -> dict[str, object]:
    """The unit that an account is in."""
    unit = _unit_id(_member(context, "ChildId").unit)
    return {"Parents": [{"Id": unit, "Type": "ORGANIZATIONAL_UNIT"}]}


def describe_account(context: Context) -> dict[str, object]:
    """One account."""
    return {"Account": _tell(_member(context, "AccountId"))}


def describe_organization(context: Context) -> dict[str, object]:
    """The organization and its management account."""
    _members(context)
    arn = f"arn:aws:organizations::{HUB_ACCOUNT_ID}"
    told = {"Id": ORGANIZATION, "Arn": f"{arn}:organization/{ORGANIZATION}", "FeatureSet": "ALL"}
    return {"Organization": {**told, "MasterAccountId": HUB_ACCOUNT_ID}}


def list_tags(context: Context) -> dict[str, object]:
    """An account's tags."""
    tags = _member(context, "ResourceId").tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


def _member(context: Context, name: str) -> Account:
    wanted = context.param(name)
    found = next((account for account in _members(context) if account.account_id == wanted), None)
    if found is None:
        text = "You specified an account that doesn't exist in this organization."
        raise AwsError(400, "AccountNotFoundException", text)
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
