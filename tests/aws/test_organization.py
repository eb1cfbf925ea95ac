"""Reading an organization over real HTTP: whole, or not at all and with the reason."""

from __future__ import annotations

import pytest

from accounts.aws.clients import ClientSettings
from accounts.aws.errors import AwsError
from accounts.aws.hub import Hub, RoleGrant
from accounts.aws.organization import OrganizationFacts, explain, read_organization
from accounts.domain.organization import Member
from accounts.domain.role_policies import organization_permissions
from dashboard.demo.local_aws.client import LocalAws

HUB_ACCOUNT = "999900001111"
MANAGEMENT = "888800001111"
ROLE = f"arn:aws:iam::{MANAGEMENT}:role/RolecallOrganization"
TRIES = 3
NOT_AUTHORIZED = (
    f"User: arn:aws:iam::{HUB_ACCOUNT}:user/rolecall is not authorized to perform: organizations:ListAccounts on "
    "resource: * because no identity-based policy allows the organizations:ListAccounts action"
)


def read(grant: RoleGrant | None = None, *, tags: bool = True, seconds: float = 60) -> OrganizationFacts:
    settings = ClientSettings(max_attempts=TRIES)
    said: list[str] = []
    facts = read_organization(
        Hub(settings), grant, settings, "aws", tags=tags, tell=said.append, seconds=seconds
    )  # fmt: skip
    assert said
    return facts


def why_not(grant: RoleGrant | None = None, seconds: float = 60) -> AwsError:
    with pytest.raises(AwsError) as caught:
        read(grant, seconds=seconds)
    return caught.value


def through_the_role() -> RoleGrant:
    return RoleGrant(MANAGEMENT, "aws", ROLE, "ext-1", "organization", "mqslr-org-test")


def put(aws: LocalAws, count: int, **fields: object) -> list[str]:
    ids = [f"2222333{number:05d}" for number in range(count)]
    for number, account_id in enumerate(ids):
        aws.put_account(account_id, **{"name": f"account-{number}", "unit": "Workloads/Prod", **fields})
    return ids


def test_accounts_come_with_their_unit_and_tags(local_aws: LocalAws) -> None:
    local_aws.put_account("222233334444", name="orders", unit="Workloads/Prod", tags={"env": "prod", "empty": ""})

    facts = read()

    assert facts.members[0] == Member(
        "222233334444", "orders", "ACTIVE", "Workloads/Prod", {"env": "prod", "empty": ""}
    )
    assert facts.members[1] == Member(HUB_ACCOUNT, "management", "ACTIVE", "", {})
    assert (facts.organization_id, facts.management_account) == ("o-rolecall0demo", HUB_ACCOUNT)
    assert facts.units == ("Workloads", "Workloads/Prod")


def test_every_page_is_read_also_behind_empty_ones(local_aws: LocalAws) -> None:
    ids = put(local_aws, 40, tags={"env": "prod"})
    local_aws.organization(empty_pages=True)

    facts = read()

    assert [member.account_id for member in facts.members] == [*ids, HUB_ACCOUNT]
    assert {member.unit for member in facts.members[:-1]} == {"Workloads/Prod"}
    assert all(member.tags == {"env": "prod"} for member in facts.members[:-1])


def test_without_tags_nothing_is_said_of_them(local_aws: LocalAws) -> None:
    put(local_aws, 1, tags={"env": "prod"})

    assert read(tags=False).members[0].tags is None
    assert "ListTagsForResource" not in {call["action"] for call in local_aws.log()}


@pytest.mark.parametrize("old_words", [False, True])
def test_state_is_read_and_status_where_there_is_none(local_aws: LocalAws, old_words: bool) -> None:
    put(local_aws, 1, state="SUSPENDED")
    local_aws.organization(old_words=old_words)

    assert read().members[0].state == "SUSPENDED"


def test_a_thousand_accounts_are_read(local_aws: LocalAws) -> None:
    ids = put(local_aws, 1000)

    facts = read(tags=False)

    assert {member.account_id for member in facts.members} == {*ids, HUB_ACCOUNT}


@pytest.mark.parametrize("action", ["ListAccounts", "ListAccountsForParent", "ListTagsForResource"])
def test_throttled_in_mid_paging_it_waits_and_goes_on(local_aws: LocalAws, action: str) -> None:
    ids = put(local_aws, 25)
    local_aws.add_fault(
        service="organizations", action=f"^{action}$", after=1, times=2, code="TooManyRequestsException", status=400
    )

    facts = read()

    assert len(facts.members) == len(ids) + 1


def test_throttled_for_good_it_gives_up_and_says_after_how_many_tries(local_aws: LocalAws) -> None:
    put(local_aws, 25)
    local_aws.add_fault(service="organizations", action="^ListAccounts$", after=1, code="TooManyRequestsException")

    told = explain(why_not(), "", TRIES)

    assert "refused 3 tries in a row" in told.detail
    assert [call["action"] for call in local_aws.log()].count("ListAccounts") == 1 + TRIES


def test_denied_in_mid_paging_it_names_the_permission_and_the_statement(local_aws: LocalAws) -> None:
    put(local_aws, 25)
    local_aws.add_fault(
        service="organizations", action="^ListAccounts$", after=1, code="AccessDeniedException", message=NOT_AUTHORIZED
    )

    told = explain(why_not(), "", TRIES)

    assert told.detail.startswith("AWS denies organizations:ListAccounts to the hub identity.")
    assert "organizations:ListAccounts" in told.statement["Action"]


def test_a_member_account_is_told_that_no_permission_helps(local_aws: LocalAws) -> None:
    put(local_aws, 1)
    local_aws.put_account(HUB_ACCOUNT, unit="Shared")
    local_aws.organization(management_account=MANAGEMENT)

    told = explain(why_not(), "", TRIES)

    assert "neither its management account nor a delegated administrator" in told.detail
    assert told.statement == {}


def test_a_delegated_administrator_may_read(local_aws: LocalAws) -> None:
    ids = put(local_aws, 1)
    local_aws.organization(management_account=MANAGEMENT, delegated=[HUB_ACCOUNT])

    facts = read()

    assert [member.account_id for member in facts.members] == [*ids, MANAGEMENT]
    assert facts.management_account == MANAGEMENT


def test_an_account_without_an_organization_says_so(local_aws: LocalAws) -> None:
    assert "is in no organization" in explain(why_not(), "", TRIES).detail


def test_a_role_of_the_management_account_reads_with_no_more_than_its_permissions(local_aws: LocalAws) -> None:
    ids = put(local_aws, 1)
    access = {"name": "RolecallOrganization", "external_id": "ext-1", "session_name_like": "mqslr-org-*"}
    role = {**access, "permissions": organization_permissions()}
    local_aws.put_account(MANAGEMENT, name="payer", access=[role])
    local_aws.organization(management_account=MANAGEMENT)

    facts = read(through_the_role())

    assert [member.account_id for member in facts.members] == [*ids, MANAGEMENT]


def test_a_role_that_may_not_is_named(local_aws: LocalAws) -> None:
    put(local_aws, 1)
    nothing = {"Version": "2012-10-17", "Statement": []}
    access = {"name": "RolecallOrganization", "external_id": "ext-1", "permissions": {**nothing, "Id": "x"}}
    local_aws.put_account(MANAGEMENT, name="payer", access=[access])
    local_aws.organization(management_account=MANAGEMENT)

    told = explain(why_not(through_the_role()), ROLE, TRIES)

    assert told.detail == f"AWS denies organizations:ListAccounts to {ROLE}. Add the statement below to its policy."


def test_a_role_that_cannot_be_assumed_is_no_organization(local_aws: LocalAws) -> None:
    put(local_aws, 1)

    error = why_not(through_the_role())

    assert error.action == "sts:AssumeRole"
    assert "session names that begin with mqslr-" in explain(error, ROLE, TRIES).detail


def test_an_answer_of_another_organization_is_thrown_away(local_aws: LocalAws) -> None:
    put(local_aws, 1)
    local_aws.add_fault(service="organizations", action="^ListAccounts$", owner="777700001111")

    assert why_not().code in ("WrongAccount", "UnreadableAnswer")


def test_it_gives_up_when_its_time_is_over(local_aws: LocalAws) -> None:
    put(local_aws, 1)

    told = explain(why_not(seconds=-1), "", TRIES)

    assert "Read it without tags" in told.detail


def test_a_broken_answer_is_no_reading(local_aws: LocalAws) -> None:
    put(local_aws, 1)
    local_aws.add_fault(service="organizations", action="^ListRoots$", body="{}")

    assert why_not().kind == "broken"
