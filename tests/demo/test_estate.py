"""The demo estate shows every word of Rolecall, and what the local AWS makes of it agrees."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import pytest

from accounts.domain.identifiers import check_external_id, parse_account_id, parse_role_arn
from accounts.domain.outcomes import TrustGrade
from accounts.domain.policy import compare_policy
from accounts.domain.trust import grade_trust
from dashboard.demo.estate import ACCOUNTS, FAULTS, descriptions, estate_csv
from dashboard.demo.estate_documents import DRIFTED, MISTRUSTED, UNREADABLE_TRUST
from dashboard.demo.local_aws.client import LocalAws
from tests.demo.conftest import Cloud

STATES = {
    *("CREATION_IN_PROGRESS", "CREATION_FAILED", "DELETION_IN_PROGRESS", "RUNNING", "REBOOT_IN_PROGRESS"),
    *("CRITICAL_ACTION_REQUIRED", "REPLICA"),
}


@pytest.fixture
def world(local: LocalAws) -> dict[str, Any]:
    """The local AWS's own account of the demo estate."""
    local.reset("demo")
    return dict(local.world()["accounts"])


def brokers(account: dict[str, Any]) -> list[dict[str, Any]]:
    """All brokers of an account."""
    return [broker for region in account["regions"].values() for broker in region["brokers"]]


def test_there_are_forty_accounts_in_three_units_and_two_partitions(world: dict[str, Any]) -> None:
    assert len(ACCOUNTS) == 40
    assert {account.tags["unit"] for account in ACCOUNTS} == {"Commerce", "Platform", "Data"}
    assert Counter(account["partition"] for account in world.values())["aws-us-gov"] == 2


def test_the_organization_has_units_newcomers_and_suspended_accounts(world: dict[str, Any]) -> None:
    watched = {account.account_id for account in ACCOUNTS}
    newcomers = {account["name"]: account["state"] for key, account in world.items() if key not in watched}

    assert {account["unit"] for account in world.values()} == {"Workloads/Prod", "Workloads/Dev", "Sandbox", "Security"}
    assert Counter(newcomers.values()) == {"ACTIVE": 5, "SUSPENDED": 1}
    assert [a["name"] for key, a in world.items() if key in watched and a["state"] != "ACTIVE"] == ["dormant-poc"]


def test_most_roles_are_in_use_and_every_state_appears(world: dict[str, Any]) -> None:
    used = [a for a in world.values() if a["role_present"] and any(b["engine"] == "RabbitMQ" for b in brokers(a))]

    assert 22 <= len(used) <= 28
    assert {broker["state"] for account in world.values() for broker in brokers(account)} == STATES


def test_one_region_has_more_brokers_than_a_page(world: dict[str, Any]) -> None:
    billing = next(account for account in world.values() if account["name"] == "legacy-billing")

    assert len({broker["name"] for broker in billing["regions"]["eu-central-1"]["brokers"]}) == 137


def test_no_broker_is_where_it_could_never_be_seen(world: dict[str, Any]) -> None:
    hidden = [a["name"] for a in world.values() for r in a["regions"].values() if r["brokers"] and not r["enabled"]]

    assert hidden == []


def test_every_difference_and_every_fault_is_shown(world: dict[str, Any]) -> None:
    versions = {account["policy_version"] for account in world.values()}
    denials = [denial for account in world.values() for denial in account["denials"]]

    assert versions == {"v1", *(drift["version"] for drift in DRIFTED.values())}
    assert {"sts:AssumeRole", "iam:GetRole", "iam:GetPolicyVersion", "mq:*"} == {d["action"] for d in denials}
    assert any(denial["by"] == "scp" for denial in denials)
    assert {rule["id"] for rule in FAULTS} == {"estate-throttled", "estate-unreachable", "estate-failed"}
    assert any(account["paused"] for account in world.values())


def test_the_import_file_is_right(world: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(estate_csv())))

    assert {parse_account_id(row["account_id"]) for row in rows} < set(world)
    assert all(parse_role_arn(row["reader_role_arn"]).account_id == row["account_id"] for row in rows)
    assert all(check_external_id(row["external_id"]) for row in rows)
    assert rows[0]["tags"] == "unit=Commerce;env=prod;owner=payments"


def test_only_one_account_knows_another_external_id() -> None:
    told = {account.account_id: account.external_id for account in ACCOUNTS}

    known = [given for given in descriptions() if given["account_id"] in told]
    wrong = [given["name"] for given in known if given["external_id"] != told[given["account_id"]]]

    assert wrong == ["acquired-shop"]


def test_every_reader_role_lets_rolecall_in_or_is_meant_not_to(cloud: Cloud, world: dict[str, Any]) -> None:
    refused = []
    for account in ACCOUNTS:
        region = "us-gov-west-1" if account.partition == "aws-us-gov" else "us-east-1"
        try:
            cloud.assume(account=account.account_id, region=region, ExternalId=account.external_id)
        except Exception as error:
            assert "AccessDenied" in str(error)
            refused.append(account.name)

    assert refused == ["acquired-shop", "break-glass", "dormant-poc"]


def test_the_estate_is_the_same_at_every_start(local: LocalAws, world: dict[str, Any]) -> None:
    local.reset("demo")

    assert local.world()["accounts"] == world


@pytest.mark.parametrize("name", DRIFTED)
def test_each_different_policy_gets_the_grade_it_is_named_after(name: str) -> None:
    grade = compare_policy(DRIFTED[name]["document"], "aws").grade

    assert grade == ("exact" if name == "same" else name)


def test_both_odd_trust_policies_get_their_grade() -> None:
    assert grade_trust(MISTRUSTED).grade is TrustGrade.TRUST_MISMATCH
    assert grade_trust(UNREADABLE_TRUST).grade is TrustGrade.UNREADABLE
