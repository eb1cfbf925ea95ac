"""The local AWS's organization: who may read it, its units, its pages, its words."""

from __future__ import annotations

from typing import Any

from dashboard.demo.local_aws.client import LocalAws
from tests.demo.conftest import ACCOUNT, Cloud, refused

HUB = "999900001111"


def all_of(client: Any, action: str, name: str, **params: Any) -> list[Any]:
    """Every item of a listing, page by page."""
    found, token = [], None
    for _ in range(100):
        page = getattr(client, action)(**params, **({"NextToken": token} if token else {}))
        found += page[name]
        token = page.get("NextToken")
        if not token:
            return found
    raise AssertionError("the pages have no end")


def test_units_stand_below_one_another(local: LocalAws, cloud: Cloud) -> None:
    local.put_account("222233334444", unit="Workloads/Prod", tags={"env": "prod"})
    organizations = cloud.client("organizations")

    (root,) = organizations.list_roots()["Roots"]
    top = {unit["Name"]: unit["Id"] for unit in all_of(
        organizations, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=root["Id"]
    )}  # fmt: skip
    (prod,) = organizations.list_organizational_units_for_parent(ParentId=top["Workloads"])["OrganizationalUnits"]

    assert set(top) == {"Tests", "Workloads"}
    assert prod["Name"] == "Prod"
    assert ids(organizations, prod["Id"]) == ["222233334444"]
    assert ids(organizations, top["Workloads"]) == []
    assert ids(organizations, root["Id"]) == [HUB]
    assert organizations.list_tags_for_resource(ResourceId="222233334444")["Tags"] == [{"Key": "env", "Value": "prod"}]


def ids(organizations: Any, parent: str) -> list[str]:
    found = all_of(organizations, "list_accounts_for_parent", "Accounts", ParentId=parent)
    return [account["Id"] for account in found]


def test_what_is_not_there_is_named_as_aws_names_it(cloud: Cloud) -> None:
    organizations = cloud.client("organizations")

    assert refused(organizations.list_accounts_for_parent, ParentId="ou-demo-00000000")[0] == "ParentNotFoundException"
    assert refused(organizations.list_tags_for_resource, ResourceId="000000000000")[0] == "TargetNotFoundException"
    assert refused(organizations.describe_account, AccountId="000000000000")[0] == "AccountNotFoundException"
    assert refused(organizations.list_accounts, NextToken="nonsense")[0] == "InvalidInputException"


def test_a_member_account_may_ask_for_its_organization_and_nothing_else(local: LocalAws, cloud: Cloud) -> None:
    member = cloud.admin("organizations")

    told = member.describe_organization()["Organization"]

    assert told["MasterAccountId"] == HUB
    assert refused(member.list_accounts)[:2] == (
        "AccessDeniedException", "You don't have permissions to access this resource."
    )  # fmt: skip


def test_a_delegated_administrator_reads_what_its_permissions_allow(local: LocalAws, cloud: Cloud) -> None:
    local.organization(management_account="888800001111", delegated=[HUB, ACCOUNT])

    assert len(cloud.client("organizations").list_accounts()["Accounts"]) == 2
    assert len(cloud.admin("organizations").list_accounts()["Accounts"]) == 2
    code, message, status = refused(cloud.reader("organizations").list_accounts)
    assert (code, status) == ("AccessDeniedException", 400)
    assert "is not authorized to perform: organizations:ListAccounts" in message


def test_no_organization_says_so(local: LocalAws, cloud: Cloud) -> None:
    local.organization(in_use=False)

    assert refused(cloud.client("organizations").list_accounts)[0] == "AWSOrganizationsNotInUseException"
    assert refused(cloud.client("organizations").describe_organization)[0] == "AWSOrganizationsNotInUseException"


def test_empty_pages_carry_tokens(local: LocalAws, cloud: Cloud) -> None:
    for number in range(20):
        local.put_account(f"2222333344{number:02d}", unit="Tests")
    local.organization(empty_pages=True)
    pages = list(cloud.client("organizations").get_paginator("list_accounts").paginate())

    assert [len(page["Accounts"]) for page in pages] == [0, 20, 0, 2, 0, 0]
    assert [bool(page.get("NextToken")) for page in pages] == [True] * 5 + [False]


def test_a_state_has_its_old_word_when_asked_for(local: LocalAws, cloud: Cloud) -> None:
    local.put_account("222233334444", unit="Tests", state="CLOSED")
    local.organization(old_words=True)

    (account,) = [a for a in cloud.client("organizations").list_accounts()["Accounts"] if a["Id"] == "222233334444"]

    assert (account["Status"], "State" in account) == ("SUSPENDED", False)


def test_a_fault_waits_for_the_middle(local: LocalAws, cloud: Cloud) -> None:
    for number in range(30):
        local.put_account(f"2222333344{number:02d}", unit="Tests")
    local.add_fault(service="organizations", action="^ListAccounts$", after=1, times=1, code="AccessDeniedException")
    organizations = cloud.client("organizations")

    first = organizations.list_accounts()

    assert refused(organizations.list_accounts, NextToken=first["NextToken"])[0] == "AccessDeniedException"
    assert len(organizations.list_accounts(NextToken=first["NextToken"])["Accounts"]) == 12


def test_a_reset_puts_the_organization_back(local: LocalAws) -> None:
    local.organization(in_use=False, delegated=[ACCOUNT])

    local.reset("empty")

    assert local.organization() == {
        "management_account": HUB, "delegated": [], "in_use": True, "empty_pages": False, "old_words": False
    }  # fmt: skip
