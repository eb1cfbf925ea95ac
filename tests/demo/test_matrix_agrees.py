"""The exported matrix agrees, cell by cell, with the local AWS's own account of its world."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fnmatch import fnmatchcase
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from accounts.domain.outcomes import Outcome, PolicyGrade, Presence, TrustGrade, Verdict
from accounts.domain.policy import compare_policy
from accounts.domain.role import policy_arn
from accounts.domain.trust import grade_trust
from accounts.models import RoleStatus
from accounts.services.account_files import read_accounts
from accounts.services.importing import import_accounts
from dashboard.demo.estate import ACCOUNTS, estate_csv
from dashboard.demo.local_aws.client import LocalAws
from tests.local_aws import hub_of_this_process
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db

# What a fault of the estate makes of the cell it hits.
FAULT_OUTCOME = {429: "throttled", 500: "failed", 0: "unreachable"}


@pytest.fixture(scope="module")
def world(
    local_aws_process: LocalAws, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """The demo estate, imported and polled once for all tests: they only look at what came of it."""
    local_aws_process.reset("demo")
    with shared_rows(django_db_blocker):
        with hub_of_this_process(local_aws_process):
            poll_the_estate()
        yield {"accounts": local_aws_process.world()["accounts"], "faults": local_aws_process.faults()}


def poll_the_estate() -> None:
    import_accounts(read_accounts(estate_csv().encode()), "test")
    awake = [account.account_id for account in ACCOUNTS if not account.paused]
    named = [word for account_id in awake for word in ("--account", account_id)]
    with pytest.raises(SystemExit):  # some accounts refuse, and the command says so
        call_command("poll", "--inline", *named, stdout=StringIO(), stderr=StringIO())


def exported() -> list[dict[str, str]]:
    text = StringIO()
    call_command("export", "matrix", stdout=text)
    return list(csv.DictReader(StringIO(text.getvalue())))


def test_every_cell_says_what_the_world_says(world: dict[str, Any]) -> None:
    rows = exported()

    watched = [world["accounts"][account.account_id] for account in ACCOUNTS]
    assert len(rows) == sum(len(account["regions"]) for account in watched)
    wrong = [(row, expected) for row in rows if (expected := expected_cell(world, row)) != actual_cell(row)]
    assert wrong == []


def actual_cell(row: dict[str, str]) -> tuple[str, str, str, str]:
    return (row["outcome"], row["brokers"], row["rabbitmq"], row["activemq"])


def expected_cell(world: dict[str, Any], row: dict[str, str]) -> tuple[str, str, str, str]:
    outcome = expected_outcome(world, row)
    if outcome != Outcome.OK:
        return (outcome, "", "", "")
    engines = [broker["engine"] for broker in region_of(world, row)["brokers"]]
    counts = (len(engines), engines.count("RabbitMQ"), engines.count("ActiveMQ"))
    return (outcome, *map(str, counts))  # type: ignore[return-value]


def expected_outcome(world: dict[str, Any], row: dict[str, str]) -> str:
    account_id, region = row["account_id"], row["region"]
    if region == "us-gov-west-1":
        return Outcome.UNSUPPORTED
    if world["accounts"][account_id]["paused"]:
        return Outcome.NEVER
    if account_id in refusing(world):
        return Outcome.ASSUME_DENIED
    if not region_of(world, row)["enabled"] or region_of(world, row)["state"] == "DISABLING":
        return Outcome.REGION_DISABLED
    if denied(world, account_id, "mq:ListBrokers", region):
        return Outcome.DENIED
    hits = [rule for rule in world["faults"] if (rule["account"], rule["region"]) == (account_id, region)]
    return FAULT_OUTCOME[hits[0]["status"]] if hits else Outcome.OK


def refusing(world: dict[str, Any]) -> set[str]:
    """The accounts that do not let the hub in: their external id is another one than was imported."""
    return {account.account_id for account in ACCOUNTS if account.name in ("acquired-shop", "break-glass")}


def region_of(world: dict[str, Any], row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = world["accounts"][row["account_id"]]["regions"][row["region"]]
    return found


def denied(world: dict[str, Any], account_id: str, action: str, region: str = "") -> bool:
    denials = world["accounts"][account_id]["denials"]
    return any(fnmatchcase(action, one["action"]) and one["region"] in ("", region) for one in denials)


def test_every_role_says_what_the_world_says(world: dict[str, Any]) -> None:
    rows = {row["account_id"]: row for row in exported()}

    said = {key: (row["role"], row["policy"], row["trust"]) for key, row in rows.items()}

    assert said == {key: expected_role(world, key) for key in rows}


def expected_role(world: dict[str, Any], account_id: str) -> tuple[str, str, str]:
    account = world["accounts"][account_id]
    if account["paused"] or account_id in refusing(world) or denied(world, account_id, "iam:GetRole"):
        return (Presence.UNKNOWN, "", "")
    if not account["role_present"]:
        return (Presence.ABSENT, "", "")
    return (Presence.PRESENT, expected_policy(world, account_id), grade_trust(account["trust"]).grade)


def expected_policy(world: dict[str, Any], account_id: str) -> str:
    account = world["accounts"][account_id]
    asked = ("iam:ListAttachedRolePolicies", "iam:GetPolicy", "iam:GetPolicyVersion")
    if any(denied(world, account_id, action) for action in asked):
        return PolicyGrade.UNREADABLE
    if policy_arn(account["partition"]) not in account["attached_policies"]:
        return PolicyGrade.NOT_ATTACHED
    return compare_policy(account["policy_document"], account["partition"]).grade


def test_the_estate_shows_every_word_of_the_design(world: dict[str, Any]) -> None:
    rows = exported()

    assert words_in(rows, "outcome") == set(map(str, Outcome))
    assert words_in(rows, "role") == set(map(str, Presence))
    assert words_in(rows, "policy") - {""} == set(map(str, PolicyGrade))
    assert words_in(rows, "trust") - {""} == set(map(str, TrustGrade))
    assert set(RoleStatus.objects.values_list("verdict", flat=True)) == set(map(str, Verdict))


def words_in(rows: list[dict[str, str]], column: str) -> set[str]:
    return {row[column] for row in rows}


def test_the_estate_is_what_the_issue_asks_for() -> None:
    names = [account.name for account in ACCOUNTS]

    assert len(set(names)) == 40
    assert {account.tags["unit"] for account in ACCOUNTS} == {"Commerce", "Platform", "Data"}
    assert {account.partition for account in ACCOUNTS} == {"aws", "aws-us-gov"}


def test_a_region_with_137_brokers_is_counted_over_its_pages(world: dict[str, Any]) -> None:
    (row,) = [row for row in exported() if (row["account_name"], row["region"]) == ("legacy-billing", "eu-central-1")]

    assert row["brokers"] == "137"
