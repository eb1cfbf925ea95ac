"""AWS's public list comes whole over HTTP or not at all, and nothing of it is taken that nobody ticked."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.domain.region_table import fingerprint
from accounts.models import AuditEntry, Region, RegionEdit, RegionReading, StoredRegionStates
from accounts.services.region_readings import (
    answer_reading,
    asked_partition,
    differences_of,
    read_regions,
    request_reading,
    stored_reading,
    take_differences,
)
from accounts.services.regions import Refused, rows_of_table
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.factories import make_account
from tests.local_aws import forget_clients

pytestmark = pytest.mark.django_db
PAGES = 4  # of ten, for the 38 regions that have Amazon MQ


def keys(reading: RegionReading) -> list[str]:
    return [one.key for one in differences_of(reading)]


def asked(aws: LocalAws) -> list[tuple[str, int]]:
    return [(call["action"], call["status"]) for call in aws.log() if call["service"] == "ssm"]


def test_the_list_is_read_page_by_page(local_aws: LocalAws) -> None:
    reading = read_regions("aws")

    assert reading.problem == ""
    assert set(reading.names or {}) == set(rows_of_table())
    assert asked(local_aws) == [("GetParametersByPath", 200)] * PAGES + [("GetParameters", 200)] * PAGES


def test_the_shipped_table_differs_from_aws_in_two_names_and_govcloud(local_aws: LocalAws) -> None:
    assert keys(read_regions("aws")) == [
        *("support:us-gov-west-1", "name:ap-northeast-3", "name:us-gov-west-1"),
    ]


def test_nothing_is_changed_by_looking(local_aws: LocalAws) -> None:
    before = rows_of_table()

    read_regions("aws")

    assert rows_of_table() == before


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            {"status": 400, "code": "AccessDeniedException"},
            "AWS denies ssm:GetParametersByPath to Rolecall’s own identity",
        ),
        ({"status": 400, "code": "ThrottlingException"}, "limits the rate of ssm:GetParametersByPath"),
        ({"status": 500, "code": "InternalServerError"}, "AWS itself failed at ssm:GetParametersByPath"),
        ({"reset": True}, "No answer to ssm:GetParametersByPath (ConnectionClosedError)"),
        ({"html": True, "status": 200}, "could not be read"),
        ({"body": '{"Parameters": []}'}, "(EmptyList), so the list is not known to be whole"),
        ({"body": '{"Parameters": [{"Name": "x"}]}'}, "could not be read (UnreadableAnswer)"),
        ({"status": 400, "code": "ValidationException", "message": "Bad path"}, "ValidationException: Bad path"),
        ({"status": 403, "code": "UnrecognizedClientException"}, "does not accept the workers' credentials"),
    ],
)
def test_a_look_that_fails_says_why_and_changes_nothing(local_aws: LocalAws, fault: dict[str, Any], said: str) -> None:
    good = read_regions("aws")
    local_aws.add_fault(service="ssm", action="^GetParametersByPath$", **fault)

    reading = read_regions("aws")

    assert said in reading.problem
    assert reading.problem.endswith("Nothing was changed.")
    assert (reading.names, reading.read_at) == (good.names, good.read_at)


@pytest.mark.parametrize("fault", [{"status": 400, "code": "ThrottlingException"}, {"truncate": True}, {"reset": True}])
def test_half_a_list_is_no_list(local_aws: LocalAws, fault: dict[str, Any]) -> None:
    local_aws.add_fault(service="ssm", action="^GetParametersByPath$", **fault)
    local_aws.add_fault(service="ssm", action="^GetParametersByPath$", times=2)  # newer: the first two pages come

    reading = read_regions("aws")

    assert asked(local_aws)[:2] == [("GetParametersByPath", 200)] * 2
    assert reading.names is None
    assert keys(reading) == []
    assert reading.problem


def test_a_throttled_page_is_asked_again_by_itself(local_aws: LocalAws) -> None:
    local_aws.add_fault(service="ssm", status=400, code="ThrottlingException", times=1)

    assert read_regions("aws").problem == ""


def test_a_token_that_comes_twice_ends_the_reading(local_aws: LocalAws) -> None:
    body = json.dumps({"Parameters": [{"Name": "a", "Value": "eu-west-1"}], "NextToken": "again"})
    local_aws.add_fault(service="ssm", action="^GetParametersByPath$", body=body)

    assert "RepeatedToken" in read_regions("aws").problem


def test_an_empty_page_with_a_token_is_not_the_end(local_aws: LocalAws) -> None:
    body = json.dumps({"Parameters": [], "NextToken": "from-0"})
    local_aws.add_fault(service="ssm", action="^GetParametersByPath$", body=body, times=1)

    assert len(read_regions("aws").names or {}) == 38


def test_names_that_are_denied_are_told_with_their_own_action(local_aws: LocalAws) -> None:
    local_aws.add_fault(service="ssm", action="^GetParameters$", status=400, code="AccessDeniedException")

    reading = read_regions("aws")

    assert (reading.denied_action, reading.names) == ("ssm:GetParameters", None)


def test_a_region_that_aws_does_not_name_keeps_its_row_and_loses_its_poll(local_aws: LocalAws) -> None:
    Region.objects.create(code="eu-gone-1", name="Gone", supported=True, beyond_guide=True)
    reading = read_regions("aws")
    assert keys(reading)[1] == "gone:eu-gone-1"

    take_differences("aws", ["gone:eu-gone-1"], fingerprint(differences_of(reading)), "olga")

    region = Region.objects.get(code="eu-gone-1")
    assert (region.supported, region.polled) == (False, False)


def test_a_new_region_is_taken_with_its_name_and_audited(local_aws: LocalAws) -> None:
    Region.objects.filter(code="ap-east-2").delete()

    take_differences("aws", [keys(read_regions("aws"))[0]], None, "olga")

    region = Region.objects.get(code="ap-east-2")
    assert (region.name, region.polled, region.opt_in) == ("Asia Pacific (Taipei)", True, True)
    assert AuditEntry.objects.get(action="take AWS's word on region").subject == "ap-east-2"
    assert RegionEdit.objects.get().before == {"ap-east-2": None}


def test_only_what_is_ticked_is_taken(local_aws: LocalAws) -> None:
    reading = read_regions("aws")

    take_differences("aws", ["name:ap-northeast-3"], None, "olga")

    assert Region.objects.get(code="ap-northeast-3").name == "Asia Pacific (Osaka)"
    assert keys(reading) == ["support:us-gov-west-1", "name:us-gov-west-1"]


def test_two_differences_of_one_row_are_taken_together(local_aws: LocalAws) -> None:
    read_regions("aws")

    take_differences("aws", ["support:us-gov-west-1", "name:us-gov-west-1"], None, "olga")

    region = Region.objects.get(code="us-gov-west-1")
    assert (region.supported, region.polled, region.name) == (True, True, "AWS GovCloud (US-West)")


def test_other_differences_than_were_looked_at_are_not_taken(local_aws: LocalAws) -> None:
    seen = fingerprint(differences_of(read_regions("aws")))
    Region.objects.filter(code="ap-east-2").delete()

    with pytest.raises(Refused, match="has changed since you looked"):
        take_differences("aws", ["name:ap-northeast-3"], seen, "olga")


def test_what_accounts_were_told_of_their_regions_is_aws_word_on_opt_in(local_aws: LocalAws) -> None:
    states = {"eu-west-1": "DISABLED", "ap-east-1": "ENABLED"}
    StoredRegionStates.objects.create(account=make_account(), by_code=states, read_at=timezone.now())

    assert "opt-in:eu-west-1" in keys(read_regions("aws"))
    assert "opt-in:ap-east-1" not in keys(RegionReading.objects.get())


def test_asking_is_audited_and_rung_for_after_the_commit(
    local_aws: LocalAws, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as rung:
        request_reading("aws", "olga")

    reading = RegionReading.objects.get()
    assert (reading.waits, reading.requested_by, len(rung)) == (True, "olga", 1)
    assert AuditEntry.objects.get().action == "ask AWS for its regions"


def test_a_second_ring_asks_nothing(local_aws: LocalAws) -> None:
    request_reading("aws", "olga")
    answer_reading("aws")
    calls = len(asked(local_aws))

    answer_reading("aws")

    assert len(asked(local_aws)) == calls > 0


def test_a_message_that_seems_lost_is_sent_again_once(
    local_aws: LocalAws, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    request_reading("aws", "olga")
    RegionReading.objects.update(requested_at=timezone.now() - timedelta(minutes=1))

    with django_capture_on_commit_callbacks() as rung:
        for _ in range(3):
            stored_reading("aws")

    assert len(rung) == 1


def test_the_hub_without_credentials_is_told_what_to_do(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    forget_clients()

    assert "find no AWS credentials for aws" in read_regions("aws").problem


def test_whoever_watches_china_alone_asks_china() -> None:
    assert asked_partition() == "aws"
    make_account(partition="aws-cn")
    assert asked_partition() == "aws-cn"
    make_account(2)
    assert asked_partition() == "aws"


def told(*arguments: str) -> Any:
    said = StringIO()
    call_command("regions", *arguments, "--format", "json", stdout=said)
    return json.loads(said.getvalue())


def test_the_command_shows_takes_resets_and_undoes(local_aws: LocalAws) -> None:
    assert len(told()["regions"]) == 38
    assert len(told("--refresh")["differences"]) == 3
    assert rows_of_table()["ap-northeast-3"].name == "Asia Pacific (Osaka-Local)"

    taken = told("--refresh", "--take", "all")
    assert rows_of_table()["us-gov-west-1"].polled
    assert len(told("--reset", "--dry-run")["changes"]) == 2
    assert told("--reset", "us-gov-west-1")["changes"][0]["code"] == "us-gov-west-1"
    assert len(told("--reset")["changes"]) == 1

    with pytest.raises(CommandError, match="was changed since"):
        told("--undo", str(taken["edit"]))


def test_the_command_names_the_statement_to_add(local_aws: LocalAws) -> None:
    local_aws.add_fault(service="ssm", status=400, code="AccessDeniedException")

    with pytest.raises(CommandError, match="ReadAwsListOfRegions"):
        told("--refresh")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--refresh", "--reset"], "one of --refresh, --reset and --undo"),
        (["--take", "all"], "goes with --refresh"),
        (["--dry-run"], "goes with --reset"),
        (["--reset", "mars-1"], "mars-1: not in the region table"),
        (["--undo", "77"], "no edit 77"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        told(*arguments)
