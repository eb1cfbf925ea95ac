"""AWS Organizations, read whole or not at all: the accounts of an organization, their units and their tags."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import boto3
from botocore.config import Config

from accounts.aws.answers import answering, broken, check_owner, optional_text, text
from accounts.aws.clients import ClientSettings
from accounts.aws.errors import AwsError, ErrorKind, problem_of
from accounts.aws.hub import Hub, RoleGrant
from accounts.domain.identifiers import parse_account_id, parse_arn
from accounts.domain.organization import Member
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role_policies import ORGANIZATION_STATEMENT

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

T = TypeVar("T")
ACCOUNTS_A_PAGE: Final = 20  # the most that AWS gives
MOST_PAGES: Final = 5000  # of one listing: 100,000 accounts are ten times AWS's own limit
DEEPEST_UNIT: Final = 10  # AWS allows five
TOO_SLOW: Final = "TooSlow"
NOT_IN_USE: Final = "AWSOrganizationsNotInUseException"


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """A whole reading. `units` has every organizational unit as a path; the root's is empty and left out."""

    organization_id: str
    management_account: str
    units: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why there is no reading, for an admin; `statement` is what to add to a policy, empty where nothing helps."""

    detail: str
    code: str
    statement: Mapping[str, Any]


def organizations_client(session: boto3.Session, settings: ClientSettings, partition: str) -> OrganizationsClient:
    """A client that finds AWS's pace by itself: Organizations allows few calls a second and tells nobody how many."""
    paced = settings.config().merge(Config(retries={"mode": "adaptive", "total_max_attempts": settings.max_attempts}))
    return session.client("organizations", region_name=DEFAULT_REGION[partition], config=paced)


class OrganizationReader:
    """Reads one organization. Every method raises AwsError and nothing else.

    `tell` is called with words on how far it is; after `seconds` it gives up.
    """

    def __init__(self, client: OrganizationsClient, tell: Callable[[str], None], seconds: float) -> None:
        self._client, self._tell = client, tell
        self._until = time.monotonic() + seconds

    def read(self, *, tags: bool) -> OrganizationFacts:
        """Every account, its unit and, when asked for, its tags: all of it, or an error and nothing."""
        organization_id, management = self._organization()
        members = self._members(organization_id, management)
        places, units = self._places(len(members))
        placed = [replace(member, unit=places.get(member.account_id)) for member in members]
        if tags:
            placed = [self._with_tags(member, number, len(placed)) for number, member in enumerate(placed, start=1)]
        return OrganizationFacts(organization_id, management, units, tuple(placed))

    def _organization(self) -> tuple[str, str]:
        action = "organizations:DescribeOrganization"
        with answering(action):
            told = self._client.describe_organization()["Organization"]
            management = parse_account_id(text(told, "MasterAccountId"))
            check_owner(parse_arn(text(told, "Arn")), management, action)
            return text(told, "Id"), management

    def _members(self, organization_id: str, management: str) -> list[Member]:
        action, found = "organizations:ListAccounts", {}

        def page(token: Mapping[str, str]) -> Mapping[str, Any]:
            return self._client.list_accounts(MaxResults=ACCOUNTS_A_PAGE, **token)

        # One that is listed twice while accounts come and go is still one account.
        for account in self._items(action, page, "Accounts"):
            with answering(action):
                member = member_from(account, organization_id, management)
            found[member.account_id] = member
            self._tell(f"{len(found):,} accounts listed")
        return list(found.values())

    def _places(self, expected: int) -> tuple[dict[str, str], tuple[str, ...]]:
        """The unit of every account, and all units. An account that moves meanwhile may be in none: then it has none.

        The list of accounts alone says who is a member.
        """
        places: dict[str, str] = {}
        units: list[str] = []
        todo = [(root, "") for root in self._ids("organizations:ListRoots", self._list_roots, "Roots")]
        while todo:
            parent, path = todo.pop()
            if path.count("/") >= DEEPEST_UNIT:
                raise broken("organizations:ListOrganizationalUnitsForParent", "", "UnitsTooDeep")
            accounts = self._ids("organizations:ListAccountsForParent", self._accounts_below(parent), "Accounts")
            places.update(dict.fromkeys(accounts, path))
            below = [(unit_id, f"{path}/{name}" if path else name) for unit_id, name in self._units_below(parent)]
            units += [unit for _, unit in below]
            todo += below
            self._tell(f"{len(units):,} units, {len(places):,} of {expected:,} accounts placed")
        return places, tuple(sorted(units))

    def _list_roots(self, token: Mapping[str, str]) -> Mapping[str, Any]:
        return self._client.list_roots(MaxResults=ACCOUNTS_A_PAGE, **token)

    def _accounts_below(self, parent: str) -> Callable[[Mapping[str, str]], Mapping[str, Any]]:
        return lambda token: self._client.list_accounts_for_parent(ParentId=parent, MaxResults=ACCOUNTS_A_PAGE, **token)

    def _units_below(self, parent: str) -> list[tuple[str, str]]:
        action = "organizations:ListOrganizationalUnitsForParent"

        def page(token: Mapping[str, str]) -> Mapping[str, Any]:
            return self._client.list_organizational_units_for_parent(
                ParentId=parent, MaxResults=ACCOUNTS_A_PAGE, **token
            )

        with answering(action):
            return [(text(unit, "Id"), unit_name(unit)) for unit in self._items(action, page, "OrganizationalUnits")]

    def _ids(self, action: str, ask: Callable[[Mapping[str, str]], Mapping[str, Any]], name: str) -> list[str]:
        with answering(action):
            return [text(item, "Id") for item in self._items(action, ask, name)]

    def _with_tags(self, member: Member, number: int, total: int) -> Member:
        action = "organizations:ListTagsForResource"

        def page(token: Mapping[str, str]) -> Mapping[str, Any]:
            return self._client.list_tags_for_resource(ResourceId=member.account_id, **token)

        try:
            with answering(action):
                tags = {text(tag, "Key"): optional_text(tag, "Value") for tag in self._items(action, page, "Tags")}
        except AwsError as error:
            if error.code != "TargetNotFoundException":  # it left while the others were read: the next reading knows
                raise
            return member
        self._tell(f"tags of {number:,} of {total:,} accounts")
        return replace(member, tags=tags)

    def _items(
        self, action: str, ask: Callable[[Mapping[str, str]], Mapping[str, Any]], name: str
    ) -> Iterator[Mapping[str, Any]]:
        """All items of a listing. Only a page without a token is the last one, however empty the others are."""
        token: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            if time.monotonic() > self._until:
                raise AwsError(ErrorKind.UNREACHABLE, action, TOO_SLOW, "the reading took too long")
            with answering(action):
                answer = ask(token)
                items: Sequence[Mapping[str, Any]] = answer[name]
                following = answer.get("NextToken") or ""
            yield from items
            if not following:
                return
            if following == token.get("NextToken"):
                break
            token = {"NextToken": following}
        raise broken(action, "", "EndlessPages")


def member_from(account: Mapping[str, object], organization_id: str, management: str) -> Member:
    """Read one Account of ListAccounts: `State`, and where AWS does not tell it, the `Status` of before 2026.

    Raises AwsError when it is another organization's; ValueError, LookupError or TypeError when it is none at all.
    """
    account_id = parse_account_id(text(account, "Id"))
    arn = parse_arn(text(account, "Arn"))
    check_owner(arn, management, "organizations:ListAccounts")
    if arn.resource != f"account/{organization_id}/{account_id}":
        raise ValueError("an account of another organization")
    state = optional_text(account, "State") or text(account, "Status")
    return Member(account_id, _printable(optional_text(account, "Name")) or account_id, state)


def unit_name(unit: Mapping[str, object]) -> str:
    """A unit's name as a part of a path: a slash in it would look like another unit."""
    return _printable(text(unit, "Name")).replace("/", "∕")


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name).strip()


_AS_WHOM: Final = "the hub identity"
_NOT_A_READER: Final = (
    "The account that Rolecall asks as is in the organization, but it is neither its management account nor a "
    "delegated administrator, and no permission helps that. Name a role of the management account below, or register "
    "the account as a delegated administrator of an AWS service."
)
_NO_ORGANIZATION: Final = (
    "The account that Rolecall asks as is in no organization. Where the accounts have one, name a role of its "
    "management account below."
)
_OTHERWISE: Final = {
    ErrorKind.SERVER: "AWS itself failed at {what} ({code}), also when asked again.",
    ErrorKind.EXPIRED: "The credentials expired at {what} ({code}). Ask again.",
    ErrorKind.THROTTLED: "AWS limits the rate of {what}: it refused {tries} tries in a row ({code}). Another tool may "
    "be asking, too: try again in some minutes.",
}


def explain(error: AwsError, role_arn: str, tries: int) -> Explanation:
    """Say why an organization could not be read, and what to do about it."""
    if error.code == NOT_IN_USE:
        return Explanation(_NO_ORGANIZATION, error.code, {})
    if error.code == TOO_SLOW:
        slow = "The organization is too large to be read with its tags in the time that there is. Read it without tags."
        return Explanation(slow, error.code, {})
    if error.kind is ErrorKind.ACCESS_DENIED and error.action.startswith("organizations:"):
        return _denied(error, role_arn or _AS_WHOM)
    if error.kind in _OTHERWISE:
        return Explanation(
            _OTHERWISE[error.kind].format(what=error.action, code=error.code, tries=tries), error.code, {}
        )
    return Explanation(problem_of(error).detail, error.code, {})


def _denied(error: AwsError, whom: str) -> Explanation:
    if "is not authorized to perform" not in error.message and error.action != "organizations:DescribeOrganization":
        return Explanation(_NOT_A_READER, error.code, {})
    if error.denied_by not in ("", "identity policy") or "explicit deny" in error.message:
        return Explanation(problem_of(error).detail, error.code, {})
    detail = f"AWS denies {error.action} to {whom}. Add the statement below to its policy."
    return Explanation(detail, error.code, ORGANIZATION_STATEMENT)


def read_organization(
    hub: Hub,
    grant: RoleGrant | None,
    settings: ClientSettings,
    partition: str,
    *,
    tags: bool,
    tell: Callable[[str], None],
    seconds: float,
) -> OrganizationFacts:
    """Read an organization as the hub identity, or through a role of its management account. Raises AwsError."""
    with answering("organizations:DescribeOrganization"):
        client = organizations_client(hub.session(grant), settings, partition)
    return OrganizationReader(client, tell, seconds).read(tags=tags)
