"""From what AWS or the network does to what the cell says: every cause by real HTTP, polled, read from the tables."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Account, Broker, Cell, Region, RoleStatus
from dashboard.demo.local_aws.client import LocalAws
from tests.local_aws import forget_clients
from tests.services.test_polling import calls, poll

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]

HERE, ELSEWHERE = "eu-west-1", "us-east-1"
BROKERS = [{"region": region, "name": "orders", "engine": "RabbitMQ"} for region in (HERE, ELSEWHERE)]
NOT_AUTHORIZED = "User: arn:aws:sts::1:assumed-role/R/s is not authorized to perform: mq:ListBrokers on resource: * "


class Says(NamedTuple):
    """What a cell is expected to say."""

    outcome: str
    code: str
    detail: str
    permission: str = ""


@pytest.fixture(autouse=True)
def _few_regions_little_patience(settings: Settings) -> None:
    """Three regions, one of them off by default; the SDK asks twice at most, or each test would sit its waits out."""
    Region.objects.exclude(code__in=[HERE, ELSEWHERE, "eu-south-1"]).update(polled=False)
    settings.AWS_MAX_ATTEMPTS = 2


def said(region: str = HERE) -> Says:
    cell = Cell.objects.get(region=region)
    return Says(cell.outcome, cell.code, cell.detail, cell.permission)


def fits(actual: Says, expected: Says) -> bool:
    """The same, but for the detail, which must hold the expected words."""
    return actual._replace(detail="") == expected._replace(detail="") and expected.detail in actual.detail


def denied(detail: str, code: str = "AccessDeniedException") -> Says:
    return Says("denied", code, detail, "mq:ListBrokers")


def access_denied(why: str) -> dict[str, Any]:
    return {"status": 403, "code": "AccessDeniedException", "message": NOT_AUTHORIZED + why}


LIMITS = "AWS limits the rate of mq:ListBrokers in eu-west-1"
RETRIED = "AWS itself failed at mq:ListBrokers in eu-west-1, also when asked again"
UNREADABLE = "could not be read, so nothing is known"
ONE_REGION: dict[str, tuple[dict[str, Any], Says]] = {
    "throttled as 400": ({"status": 400, "code": "Throttling", "message": "Rate exceeded"},
                         Says("throttled", "Throttling", LIMITS)),
    "throttled as 429 by a known code": ({"status": 429, "code": "TooManyRequestsException"},
                                         Says("throttled", "TooManyRequestsException", LIMITS)),
    "throttled as 429 by an unknown code": ({"status": 429, "code": "SlowerPlease"},
                                            Says("throttled", "SlowerPlease", LIMITS)),
    "throttled as a bare 429": ({"status": 429}, Says("throttled", "429", LIMITS)),
    "denied plainly": (access_denied("because no identity-based policy allows the mq:ListBrokers action"),
                       denied("The assumed role may not call mq:ListBrokers in eu-west-1. Add this permission")),
    "denied without a reason": ({"status": 403, "code": "AccessDeniedException"}, denied("Add this permission")),
    "denied outright": (access_denied("with an explicit deny in an identity-based policy"),
                        denied("A policy of the assumed role denies mq:ListBrokers in eu-west-1 outright")),
    "denied by an SCP": (access_denied("with an explicit deny in a service control policy: arn:aws:organizations::1:p"),
                         denied("A service control policy of the organization refuses mq:ListBrokers")),
    "denied by an SCP that allows nothing": (
        access_denied("because no service control policy allows the mq:ListBrokers action"),
        denied("A service control policy of the organization refuses")),
    "denied by the session policy": (access_denied("because no session policy allows the mq:ListBrokers action"),
                                     denied("The session policy refuses mq:ListBrokers")),
    "denied by a boundary": (access_denied("with an explicit deny in a permissions boundary"),
                             denied("The permissions boundary of the assumed role refuses")),
    "a session that expires again": ({"status": 403, "code": "ExpiredTokenException"},
                                     Says("failed", "ExpiredTokenException", "The session ended, and so did")),
    "a wrong clock": ({"status": 403, "code": "InvalidSignatureException", "message": "The signature 1a2b3c ..."},
                      Says("failed", "InvalidSignatureException", "Check the clock")),
    "a reset connection": ({"reset": True}, Says("unreachable", "ConnectionClosedError", "No answer to mq")),
    "a truncated body": ({"truncate": True}, Says("failed", "UnreadableAnswer", UNREADABLE)),
    "HTML with status 200": ({"html": True, "status": 200}, Says("failed", "UnreadableAnswer", UNREADABLE)),
    "HTML with status 502": ({"html": True, "status": 502}, Says("failed", "502", RETRIED)),
    "an empty body": ({"body": " "}, Says("failed", "UnreadableAnswer", UNREADABLE)),
    "JSON of another kind": ({"body": '{"brokerSummaries": {"a": 1}}'}, Says("failed", "UnreadableAnswer", UNREADABLE)),
    "a 5xx that does not heal": ({"status": 500, "code": "InternalServerErrorException"},
                                 Says("failed", "InternalServerErrorException", RETRIED)),
    "a bare 503": ({"status": 503}, Says("failed", "503", RETRIED)),
    "another account's ARN": ({"owner": "999988887777"},
                              Says("failed", "WrongAccount", "was another account's or region's, and was thrown away")),
    "pages without end": ({"body": '{"brokerSummaries": [], "nextToken": "again"}'},
                          Says("failed", "RepeatedToken", UNREADABLE)),
    "an unknown refusal": ({"status": 400, "code": "Novelty", "message": "Not today."},
                           Says("failed", "Novelty", "AWS refused mq:ListBrokers in eu-west-1 with Novelty: Not")),
}  # fmt: skip


@pytest.mark.parametrize("cause", ONE_REGION)
def test_a_fault_of_one_region_is_named_there_and_touches_nothing_else(
    watched: Watched, local_aws: LocalAws, cause: str
) -> None:
    rule, expected = ONE_REGION[cause]
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", **rule)

    assert poll(account).failing_regions == 1

    assert fits(said(), expected), said()
    assert Cell.objects.get(region=HERE).brokers is None
    assert (said(ELSEWHERE).outcome, Cell.objects.get(region=ELSEWHERE).brokers) == ("ok", 1)
    assert RoleStatus.objects.get().outcome == "ok"
    assert not Broker.objects.exclude(region=ELSEWHERE).exists()


@pytest.mark.parametrize("cause", ["a reset connection", "a truncated body", "another account's ARN", "a bare 503"])
def test_a_fault_after_a_good_look_leaves_the_good_look_standing(
    watched: Watched, local_aws: LocalAws, cause: str
) -> None:
    rule, _ = ONE_REGION[cause]
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
    settings.AWS_READ_TIMEOUT, settings.AWS_MAX_ATTEMPTS = 2, 1
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", delay=3)

    poll(account)

    assert fits(said(), Says("unreachable", "ReadTimeoutError", "No answer to mq:ListBrokers in eu-west-1"))
    assert said(ELSEWHERE).outcome == "ok"


def test_what_has_not_answered_by_the_budget_costs_its_own_cell(
    watched: Watched, local_aws: LocalAws, settings: Settings
) -> None:
    settings.POLL_BUDGET_SECONDS = 2
    account = watched(brokers=BROKERS)
    local_aws.add_fault(account=account.account_id, region=HERE, service="mq", delay=4)

    poll(account)

    assert fits(said(), Says("unreachable", "DeadlinePassed", "No answer within 2 s."))
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
