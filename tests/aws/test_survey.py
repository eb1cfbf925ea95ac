"""One poll of an account: parts fail alone, nothing is swallowed, and time is bounded."""

from __future__ import annotations

import logging
from time import monotonic

import pytest

from accounts.aws.clients import Clients, ClientSettings
from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.errors import AwsError, ErrorKind
from accounts.aws.gateway import Gateway
from accounts.aws.survey import survey
from accounts.domain.outcomes import Outcome
from accounts.domain.readings import AccountReading, Failed, Known
from tests.aws.conftest import ACCOUNT, Sessions
from tests.aws.scripted_aws import (
    Asked,
    Reply,
    ScriptedAws,
    attached_reply,
    broker,
    json_error,
    json_reply,
    page_of,
    xml_error,
)

PATIENT = ClientSettings(read_timeout=9, max_attempts=1)
REGIONS = ("eu-west-1", "eu-west-2", "af-south-1")


def poll(gateway: Gateway, deadline: float = 10) -> AccountReading:
    return survey(gateway, REGIONS, threads=4, deadline=deadline)


def outcomes(reading: AccountReading) -> list[Outcome]:
    return [a.problem.outcome if isinstance(a, Failed) else Outcome.OK for a in reading.brokers.values()]


def states(**names: str) -> Reply:
    rows = [{"RegionName": name.replace("_", "-"), "RegionOptStatus": state} for name, state in names.items()]
    return json_reply({"Regions": rows})


def test_a_healthy_account_is_read_whole(aws: ScriptedAws, gateway: Gateway) -> None:
    reading = poll(gateway)

    assert outcomes(reading) == [Outcome.OK] * 3
    assert isinstance(reading.role.role, Known)
    assert isinstance(reading.role.policy, Known)
    assert reading.role.inline_policy_names == Known(())
    assert reading.started_at <= reading.finished_at


def test_a_region_fails_alone(aws: ScriptedAws, gateway: Gateway) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.region == "eu-west-2":
            return json_error(429, "TooManyRequestsException")
        return page_of([broker(ACCOUNT, asked.region)])

    aws.on("mq:ListBrokers", answer)

    reading = poll(gateway)

    assert outcomes(reading) == [Outcome.OK, Outcome.THROTTLED, Outcome.OK]
    assert isinstance(reading.role.role, Known)


def test_a_part_of_the_role_fails_alone(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("iam:GetPolicyVersion", xml_error(403, "AccessDenied"))

    role = poll(gateway).role

    assert isinstance(role.policy, Failed)
    assert role.policy.problem.permission == "iam:GetPolicyVersion"
    assert isinstance(role.inline_policy_names, Known)


def test_an_absent_role_is_asked_nothing_more(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("iam:GetRole", xml_error(404, "NoSuchEntity"))

    role = poll(gateway).role

    assert (role.role, role.attached_policy_arns, role.policy, role.inline_policy_names) == (Known(None), *[None] * 3)
    assert aws.times("iam:ListRolePolicies") == 0


def test_a_policy_that_is_not_attached_is_not_asked_for(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("iam:ListAttachedRolePolicies", attached_reply())

    assert poll(gateway).role.policy is None
    assert aws.times("iam:GetPolicy") == 0


def test_a_region_that_aws_lists_as_off_is_not_asked(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("account:ListRegions", states(af_south_1="DISABLED", eu_west_2="DISABLING"))

    assert outcomes(poll(gateway)) == [Outcome.OK, Outcome.REGION_DISABLED, Outcome.REGION_DISABLED]
    assert aws.times("mq:ListBrokers") == 1


def test_without_a_list_of_regions_each_answers_for_itself(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("account:ListRegions", json_error(403, "AccessDeniedException"))
    off = json_error(403, "UnrecognizedClientException")
    aws.on("mq:ListBrokers", lambda asked: off if asked.region == "af-south-1" else page_of([]))

    assert outcomes(poll(gateway)) == [Outcome.OK, Outcome.OK, Outcome.REGION_DISABLED]


def test_a_region_is_not_disabled_while_aws_lists_it_as_on(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("account:ListRegions", states(eu_west_1="ENABLED_BY_DEFAULT", eu_west_2="ENABLED", af_south_1="ENABLING"))
    aws.on("mq:ListBrokers", json_error(403, "UnrecognizedClientException"))

    assert outcomes(poll(gateway)) == [Outcome.FAILED, Outcome.FAILED, Outcome.REGION_DISABLED]


def test_a_hanging_region_does_not_hold_the_account_back(own_aws: ScriptedAws, sessions: Sessions) -> None:
    own_aws.on("mq:ListBrokers", lambda asked: Reply(delay=8) if asked.region == "eu-west-2" else page_of([]))
    patient = Clients(PATIENT)
    started = monotonic()

    reading = poll(Gateway(patient, ACCOUNT, "aws", sessions), deadline=4)

    assert monotonic() - started < 7
    assert outcomes(reading) == [Outcome.OK, Outcome.UNREACHABLE, Outcome.OK]
    assert isinstance(reading.role.inline_policy_names, Known)


def test_what_was_read_of_the_role_before_the_deadline_is_kept(own_aws: ScriptedAws, sessions: Sessions) -> None:
    own_aws.on("iam:ListRolePolicies", Reply(delay=8))
    patient = Clients(PATIENT)

    role = poll(Gateway(patient, ACCOUNT, "aws", sessions), deadline=3).role

    assert isinstance(role.policy, Known)
    assert isinstance(role.inline_policy_names, Failed)
    assert role.inline_policy_names.problem.detail == "No answer within 3 s."


class Refusing(Sessions):
    """A source whose role was refused."""

    asked = 0

    def current(self) -> TemporaryCredentials:
        self.asked += 1
        raise AwsError(ErrorKind.ACCESS_DENIED, "sts:AssumeRole", "AccessDenied", "no")


def test_without_a_session_every_part_has_the_same_problem(aws: ScriptedAws, clients: Clients) -> None:
    source = Refusing(ACCOUNT)

    reading = poll(Gateway(clients, ACCOUNT, "aws", source))

    assert outcomes(reading) == [Outcome.ASSUME_DENIED] * 3
    assert isinstance(reading.role.role, Failed)
    assert (source.asked, aws.asked) == (1, [])


class Stumbling(Gateway):
    """A gateway with a fault of Rolecall's own in it."""

    def inline_policy_names(self) -> tuple[str, ...]:
        raise ZeroDivisionError


def test_a_fault_of_our_own_is_shown_and_logged(
    aws: ScriptedAws, clients: Clients, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    reading = poll(Stumbling(clients, ACCOUNT, "aws", sessions))

    assert isinstance(reading.role.inline_policy_names, Failed)
    assert reading.role.inline_policy_names.problem.code == "ZeroDivisionError"
    assert [r.levelno for r in caplog.records if r.name.startswith("accounts")] == [logging.ERROR]
