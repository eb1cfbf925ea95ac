"""From what AWS or the network does to what the cell says: every cause by real HTTP, polled, read from the tables."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Account, Broker, Cell, Region, RoleStatus
from dashboard.demo.local_aws.client import LocalAws
from tests.causes import CAUSES, Says, fits
from tests.local_aws import forget_clients
from tests.services.test_polling import calls, poll

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]

HERE, ELSEWHERE = "eu-west-1", "us-east-1"
BROKERS = [{"region": region, "name": "orders", "engine": "RabbitMQ"} for region in (HERE, ELSEWHERE)]


@pytest.fixture(autouse=True)
def _few_regions_little_patience(settings: Settings) -> None:
    """Three regions, one of them off by default; the SDK asks twice at most, or each test would sit its waits out."""
    Region.objects.exclude(code__in=[HERE, ELSEWHERE, "eu-south-1"]).update(polled=False)
    settings.AWS_MAX_ATTEMPTS = 2


def said(region: str = HERE) -> Says:
    cell = Cell.objects.get(region=region)
    return Says(cell.outcome, cell.code, cell.detail, cell.permission)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_fault_of_one_region_is_named_there_and_touches_nothing_else(
    watched: Watched, local_aws: LocalAws, cause: str
) -> None:
    rule, expected = CAUSES[cause]
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", **rule)

    assert poll(account).failing_regions == 1

    assert fits(said(), expected, HERE), said()
    assert Cell.objects.get(region=HERE).brokers is None
    assert (said(ELSEWHERE).outcome, Cell.objects.get(region=ELSEWHERE).brokers) == ("ok", 1)
    assert RoleStatus.objects.get().outcome == "ok"
    assert not Broker.objects.exclude(region=ELSEWHERE).exists()


@pytest.mark.parametrize("cause", ["a reset connection", "a truncated body", "another account's ARN", "a bare 503"])
def test_a_fault_after_a_good_look_leaves_the_good_look_standing(
    watched: Watched, local_aws: LocalAws, cause: str
) -> None:
    rule, _ = CAUSES[cause]
    account = watched(brokers=BROKERS)
    poll(account)
    before = Cell.objects.get(region=HERE)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", **rule)

    poll(account)

    after = Cell.objects.get(region=HERE)
    assert after.outcome != "ok" and after.checked_at > before.checked_at
    assert (after.brokers, after.last_ok_at) == (1, before.last_ok_at)
    assert Broker.objects.filter(region=HERE).count() == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"status": 500, "code": "InternalServerErrorException"},
        {"status": 503},
        {"status": 400, "code": "ThrottlingException"},
        {"status": 403, "code": "ExpiredTokenException"},
        {"reset": True},
        {"body": '{"brokerSummaries": [], "nextToken": "ZnJvbTow"}'},  # an empty page, with a token to the first
    ],
)
def test_a_fault_that_heals_leaves_no_trace(watched: Watched, local_aws: LocalAws, rule: dict[str, Any]) -> None:
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", times=1, **rule)

    assert poll(account).failing_regions == 0

    assert said() == Says("ok", "", "")
    assert Cell.objects.get(region=HERE).brokers == 1


def test_an_answer_later_than_the_timeout_is_unreachable(
    watched: Watched, local_aws: LocalAws, settings: Settings
) -> None:
    settings.AWS_READ_TIMEOUT, settings.AWS_MAX_ATTEMPTS = 3, 1
    forget_clients()
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", delay=5)

    poll(account)

    assert fits(said(), Says("unreachable", "ReadTimeoutError", "No answer to mq:ListBrokers in eu-west-1"))
    assert said(ELSEWHERE).outcome == "ok"


def test_what_has_not_answered_by_the_budget_costs_its_own_cell(
    watched: Watched, local_aws: LocalAws, settings: Settings
) -> None:
    account = watched(brokers=BROKERS)
    poll(account)  # clients and session are made: what is left to do takes no time, even on a busy machine
    settings.POLL_BUDGET_SECONDS = 4
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", delay=6)

    poll(account)

    assert fits(said(), Says("unreachable", "DeadlinePassed", "No answer within 4 s."))
    assert said(ELSEWHERE).outcome == "ok"


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("endpoint", ["nobody listens", "no such name"])
def test_an_endpoint_that_cannot_be_reached_is_unreachable(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    url = f"http://127.0.0.1:{closed_port()}" if endpoint == "nobody listens" else "http://mq.invalid"
    account = watched(brokers=BROKERS)
    monkeypatch.setenv("AWS_ENDPOINT_URL_MQ", url)
    forget_clients()

    poll(account)

    for region in (HERE, ELSEWHERE):
        expected = Says("unreachable", "EndpointConnectionError", f"No answer to mq:ListBrokers in {region}")
        assert fits(said(region), expected), said(region)
    assert RoleStatus.objects.get().presence == "present"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"external_id": "somebody-else"}, id="wrong external id"),
        pytest.param({"denials": [{"action": "sts:AssumeRole"}]}, id="refused by a policy"),
        pytest.param({}, id="missing role"),
    ],
)
def test_an_account_that_lets_nobody_in_says_so_in_every_cell(watched: Watched, change: dict[str, Any]) -> None:
    account = watched(brokers=BROKERS, **change)
    if not change:
        account.reader_role_arn = f"arn:aws:iam::{account.account_id}:role/NoSuchRole"
        account.save()

    assert poll(account).state == "failed"

    expected = Says("assume_denied", "AccessDenied", "it does not say why. Check in the account that", "sts:AssumeRole")
    assert all(fits(said(cell.region_id), expected) for cell in Cell.objects.all())
    status = RoleStatus.objects.get()
    assert (status.presence, status.outcome, status.verdict) == ("unknown", "assume_denied", "unknown")


def test_a_role_of_another_account_is_thrown_away(watched: Watched, local_aws: LocalAws) -> None:
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, service="iam", action="GetRole", owner="999988887777")

    poll(account)

    status = RoleStatus.objects.get()
    assert (status.presence, status.outcome, status.code, status.role_arn) == ("unknown", "failed", "WrongAccount", "")
    assert said().outcome == "ok"


def test_credentials_of_another_account_are_thrown_away(watched: Watched, local_aws: LocalAws) -> None:
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, service="sts", action="AssumeRole", owner="999988887777")

    assert poll(account).state == "failed"

    assert fits(said(), Says("failed", "WrongAccount", "was another account's or region's, and was thrown away"))
    assert calls(local_aws) == {"AssumeRole": 1}
    assert not account.credentials.exists()


OFF = {"regions": {HERE: "DISABLED"}}
NO_LIST = {"denials": [{"action": "account:ListRegions"}]}
BAD_KEY = {"status": 403, "code": "UnrecognizedClientException", "message": "The security token is invalid."}


def test_a_region_that_aws_lists_as_off_is_disabled_and_not_asked(watched: Watched, local_aws: LocalAws) -> None:
    poll(watched(**OFF))

    assert fits(said(), Says("region_disabled", "DISABLED", "AWS lists the region as DISABLED"))
    assert {call["region"] for call in local_aws.log() if call["service"] == "mq"} == {ELSEWHERE}


def test_a_disabled_region_is_told_apart_although_the_list_of_regions_is_denied(watched: Watched) -> None:
    poll(watched(**OFF, **NO_LIST))

    expected = Says("region_disabled", "UnrecognizedClientException", "The region is not enabled in this account.")
    assert fits(said(), expected)
    assert said(ELSEWHERE).outcome == "ok"


def test_bad_credentials_are_no_disabled_region(watched: Watched, local_aws: LocalAws) -> None:
    account = watched(**NO_LIST)
    local_aws.add_fault(account=account.account_id, service="mq", **BAD_KEY)
    local_aws.add_fault(account=account.account_id, action="GetCallerIdentity", status=403, code="InvalidClientTokenId")

    poll(account)

    expected = Says("failed", "UnrecognizedClientException", "AWS does not know the credentials")
    assert all(fits(said(region), expected) for region in (HERE, ELSEWHERE))


def test_a_region_that_is_on_and_does_not_know_the_session_is_not_called_off(
    watched: Watched, local_aws: LocalAws
) -> None:
    account = watched()
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", **BAD_KEY)

    poll(account)

    expected = Says("failed", "UnrecognizedClientException", "AWS lists the region as ENABLED_BY_DEFAULT, and yet")
    assert fits(said(), expected)


def test_a_doubt_that_cannot_be_settled_is_not_called_off(watched: Watched, local_aws: LocalAws) -> None:
    """Neither the list of regions nor STS answers: the region may be off, or the session bad. Nobody knows."""
    account = watched(**OFF, **NO_LIST)
    local_aws.add_fault(account=account.account_id, action="GetCallerIdentity", status=503)

    poll(account)

    assert (said().outcome, said().code) == ("failed", "503")


def many(number: int, **more: object) -> list[dict[str, object]]:
    return [{"region": HERE, "name": f"b-{one}", "engine": "RabbitMQ", **more} for one in range(number)]


@pytest.mark.parametrize("number", [100, 10_000])
def test_full_pages_end_with_an_empty_one_and_every_broker_is_counted(watched: Watched, number: int) -> None:
    poll(watched(brokers=many(number)))

    assert Cell.objects.get(region=HERE).brokers == number == Broker.objects.count()


def test_a_fault_on_a_later_page_is_no_smaller_count(watched: Watched, local_aws: LocalAws) -> None:
    account = watched(brokers=many(250))
    poll(account)
    address = {"account": account.account_id, "region": HERE, "service": "mq"}
    local_aws.put_account(account.account_id, external_id=account.external_id, role={}, brokers=many(150))
    local_aws.add_fault(**address, status=400, code="BadRequestException", message="The nextToken is not valid.")
    local_aws.add_fault(**address, delay=0.01, times=1)  # the newer rule decides: the first page is a true one

    poll(account)

    assert (said().outcome, Cell.objects.get(region=HERE).brokers, Broker.objects.count()) == ("failed", 250, 250)


def test_unknown_states_and_engines_are_counted_and_kept_as_aws_spells_them(watched: Watched) -> None:
    poll(watched(brokers=many(1, state="HIBERNATING")))
    account = watched(brokers=[{**many(1)[0], "engine": "Artemis", "engine_version": "2.0"}])

    poll(account)

    assert set(Broker.objects.values_list("engine", "state")) == {("RabbitMQ", "HIBERNATING"), ("Artemis", "RUNNING")}
    cell = Cell.objects.get(account=account, region=HERE)
    assert (cell.outcome, cell.brokers, cell.rabbitmq, cell.activemq) == ("ok", 1, 0, 0)


IAM_PARTS = {
    "iam:GetRole": ("unknown", ""),
    "iam:ListAttachedRolePolicies": ("present", "unreadable"),
    "iam:GetPolicy": ("present", "unreadable"),
    "iam:GetPolicyVersion": ("present", "unreadable"),
    "iam:ListRolePolicies": ("present", "exact"),
}


@pytest.mark.parametrize("action", IAM_PARTS)
def test_a_part_of_the_role_that_is_denied_is_unknown_alone(watched: Watched, action: str) -> None:
    account = watched(brokers=BROKERS, denials=[{"action": action}])

    poll(account)

    status = RoleStatus.objects.get()
    assert (status.presence, status.policy_grade) == IAM_PARTS[action]
    assert action in f"{status.permission} {status.policy_permission} {status.policy_detail}"
    assert {said(region).outcome for region in (HERE, ELSEWHERE)} == {"ok"}


@pytest.mark.parametrize("action", IAM_PARTS)
def test_a_part_of_the_role_that_is_denied_later_keeps_its_last_good_value(
    watched: Watched, local_aws: LocalAws, action: str
) -> None:
    account = watched(brokers=BROKERS)
    poll(account)
    local_aws.add_fault(
        account=account.account_id, action=f"^{action.removeprefix('iam:')}$", status=403, code="AccessDenied"
    )

    poll(account)

    status = RoleStatus.objects.get()
    assert (status.presence, status.policy_grade, status.policy_version) == ("present", "exact", "v1")
    assert action in f"{status.permission} {status.policy_permission} {status.policy_detail}"
