"""The gateway against a real HTTP server: what comes out of good answers, and of every bad one."""

from __future__ import annotations

import logging

import pytest

from accounts.aws.clients import Clients, ClientSettings
from accounts.aws.errors import AwsError, ErrorKind
from accounts.aws.gateway import MAX_PAGES, Gateway
from accounts.domain.role import POLICY_DOCUMENT, TRUST_DOCUMENT, policy_arn
from tests.aws.conftest import ACCOUNT, QUICK, Sessions
from tests.aws.scripted_aws import (
    Asked,
    Reply,
    ScriptedAws,
    attached_reply,
    broker,
    caller_reply,
    json_error,
    json_reply,
    page_of,
    role_reply,
    xml_error,
    xml_reply,
)

OTHER = "999988887777"
UNKNOWN_TOKEN = json_error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")


def failure(gateway: Gateway, region: str = "eu-west-1") -> AwsError:
    with pytest.raises(AwsError) as caught:
        gateway.brokers(region)
    return caught.value


def test_the_role_is_read(aws: ScriptedAws, gateway: Gateway) -> None:
    role = gateway.role()

    assert role is not None
    assert (role.role_id, role.trust_document, role.last_used_at) == ("AROA1", TRUST_DOCUMENT, None)


def test_no_such_entity_is_an_answer(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("iam:GetRole", xml_error(404, "NoSuchEntity", "The role with name X cannot be found."))

    assert gateway.role() is None


@pytest.mark.parametrize("page", [Reply(404, b"<html><p>no"), xml_error(404, "NotFound")], ids=["html", "xml"])
def test_any_other_404_does_not_make_the_role_vanish(aws: ScriptedAws, gateway: Gateway, page: Reply) -> None:
    aws.on("iam:GetRole", page)

    with pytest.raises(AwsError):
        gateway.role()


def test_the_policy_is_its_default_version(aws: ScriptedAws, gateway: Gateway) -> None:
    policy = gateway.policy(policy_arn("aws"))

    assert (policy.version_id, policy.document) == ("v1", POLICY_DOCUMENT)


def test_attached_policies_are_read_to_the_last_page(aws: ScriptedAws, gateway: Gateway) -> None:
    own = f"arn:aws:iam::{ACCOUNT}:policy/extra"
    aws.on("iam:ListAttachedRolePolicies", attached_reply(policy_arn("aws"), marker="m"), attached_reply(own))

    assert gateway.attached_policy_arns() == (policy_arn("aws"), own)


def test_inline_policies_are_named(aws: ScriptedAws, gateway: Gateway) -> None:
    names = "<PolicyNames><member>mine</member></PolicyNames><IsTruncated>false</IsTruncated>"
    aws.on("iam:ListRolePolicies", xml_reply("ListRolePolicies", names))

    assert gateway.inline_policy_names() == ("mine",)


def test_unknown_words_of_aws_are_kept(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", page_of([broker(ACCOUNT, "eu-west-1", brokerState="NAPPING", engineType="KafkaMQ")]))

    (found,) = gateway.brokers("eu-west-1")

    assert (found.state, found.engine, found.engine_key) == ("NAPPING", "KafkaMQ", "kafkamq")


def test_ten_thousand_brokers_and_an_empty_last_page(aws: ScriptedAws, gateway: Gateway) -> None:
    def pages(asked: Asked) -> Reply:
        start = int(asked.parameters.get("nextToken", 0))
        names = range(start, min(start + 100, 10_000))
        return page_of([broker(ACCOUNT, "eu-west-1", f"n{n}") for n in names], str(start + 100) if names else "")

    aws.on("mq:ListBrokers", pages)

    assert len(gateway.brokers("eu-west-1")) == 10_000
    assert aws.times("mq:ListBrokers") == 101


def test_an_empty_page_with_a_token_is_not_the_end(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", page_of([], "t"), page_of([broker(ACCOUNT, "eu-west-1")]))

    assert len(gateway.brokers("eu-west-1")) == 1


def test_a_repeated_token_is_a_broken_answer(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", page_of([broker(ACCOUNT, "eu-west-1")], "again"))

    error = failure(gateway)

    assert (error.kind, error.code) == (ErrorKind.BROKEN, "RepeatedToken")
    assert aws.times("mq:ListBrokers") == 2


def test_a_list_without_end_is_a_broken_answer(aws: ScriptedAws, gateway: Gateway) -> None:
    def page(asked: Asked) -> Reply:
        marker = int(asked.parameters.get("Marker", 0)) + 1
        more = f"<PolicyNames/><IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"
        return xml_reply("ListRolePolicies", more)

    aws.on("iam:ListRolePolicies", page)  # IAM, since Amazon MQ's pace would make this last half a minute

    with pytest.raises(AwsError) as caught:
        gateway.inline_policy_names()

    assert caught.value.code == "EndlessPages"
    assert aws.times("iam:ListRolePolicies") == MAX_PAGES


def test_a_hundred_brokers_are_asked_for_at_once(aws: ScriptedAws, gateway: Gateway) -> None:
    gateway.brokers("eu-west-1")

    assert aws.asked[0].parameters == {"maxResults": "100"}
    assert aws.asked[0].region == "eu-west-1"
    assert "rolecall/test" in aws.asked[0].user_agent


BAD_ANSWERS = [
    pytest.param(json_error(429, "TooManyRequestsException"), ErrorKind.THROTTLED, id="429 known"),
    pytest.param(json_error(429, "PleaseSlowDown"), ErrorKind.THROTTLED, id="429 unknown code"),
    pytest.param(Reply(429), ErrorKind.THROTTLED, id="429 bare"),
    pytest.param(json_error(403, "AccessDeniedException"), ErrorKind.ACCESS_DENIED, id="denied"),
    pytest.param(json_error(403, "ForbiddenException"), ErrorKind.ACCESS_DENIED, id="forbidden"),
    pytest.param(Reply(reset=True), ErrorKind.UNREACHABLE, id="reset"),
    pytest.param(Reply(delay=1.5, body=b"{}"), ErrorKind.UNREACHABLE, id="slow"),
    pytest.param(Reply(body=b'{"brokerSumm'), ErrorKind.BROKEN, id="cut JSON"),
    pytest.param(Reply(body=b'{"brokerSumm', headers={"Content-Length": "400"}), ErrorKind.BROKEN, id="cut body"),
    pytest.param(Reply(body=b"<html><p>hello</p></html>"), ErrorKind.BROKEN, id="HTML"),
    pytest.param(Reply(), ErrorKind.BROKEN, id="empty body"),
    pytest.param(json_reply({}), ErrorKind.BROKEN, id="no list"),
    pytest.param(json_reply({"brokerSummaries": None}), ErrorKind.BROKEN, id="null list"),
    pytest.param(json_reply({"brokerSummaries": 5}), ErrorKind.BROKEN, id="a number"),
    pytest.param(json_reply({"brokerSummaries": [{"brokerArn": 7}]}), ErrorKind.BROKEN, id="ARN is a number"),
    pytest.param(json_reply([1]), ErrorKind.BROKEN, id="a list"),
    pytest.param(page_of([broker(ACCOUNT, "eu-west-1", brokerArn="nonsense")]), ErrorKind.BROKEN, id="no ARN"),
    pytest.param(page_of([broker(ACCOUNT, "eu-west-1", engineType="")]), ErrorKind.BROKEN, id="no engine"),
    pytest.param(page_of([broker(ACCOUNT, "eu-west-1", brokerName="a\0b")]), ErrorKind.BROKEN, id="NUL in a name"),
    pytest.param(page_of([broker(ACCOUNT, "eu-west-1", created="once")]), ErrorKind.BROKEN, id="no time"),
    pytest.param(Reply(body=b'{"brokerSummaries": [{"created": 1e300}]}'), ErrorKind.BROKEN, id="beyond time"),
    pytest.param(Reply(body=b"\xff\xfe\x00"), ErrorKind.BROKEN, id="no text"),
    pytest.param(page_of([broker(OTHER, "eu-west-1")]), ErrorKind.WRONG_ACCOUNT, id="another account"),
    pytest.param(page_of([broker(ACCOUNT, "eu-west-2")]), ErrorKind.WRONG_ACCOUNT, id="another region"),
    pytest.param(json_error(503, "ServiceUnavailable"), ErrorKind.SERVER, id="503"),
    pytest.param(Reply(502, b"<html>bad gateway</html>"), ErrorKind.SERVER, id="502 HTML"),
    pytest.param(json_error(403, "InvalidSignatureException"), ErrorKind.CLOCK, id="clock"),
    pytest.param(json_error(400, "BadRequestException"), ErrorKind.VALIDATION, id="bad request"),
]


@pytest.mark.parametrize(("reply", "kind"), BAD_ANSWERS)
def test_no_bad_answer_is_an_empty_region(aws: ScriptedAws, gateway: Gateway, reply: Reply, kind: ErrorKind) -> None:
    aws.on("mq:ListBrokers", reply)

    error = failure(gateway)

    assert (error.kind, error.action, error.region) == (kind, "mq:ListBrokers", "eu-west-1")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(xml_error(400, "Throttling", "Rate exceeded"), ErrorKind.THROTTLED, id="throttled"),
        pytest.param(xml_error(403, "AccessDenied"), ErrorKind.ACCESS_DENIED, id="denied"),
        pytest.param(Reply(body=b"<html><p>hello</p></html>"), ErrorKind.BROKEN, id="well-formed HTML"),
        pytest.param(Reply(body=b"<html><p>hello"), ErrorKind.BROKEN, id="HTML"),
        pytest.param(Reply(body=b"<GetRoleResponse><GetRoleRes"), ErrorKind.BROKEN, id="cut"),
        pytest.param(Reply(), ErrorKind.BROKEN, id="empty"),
        pytest.param(xml_reply("GetRole", "<Role/>"), ErrorKind.BROKEN, id="empty role"),
        pytest.param(role_reply(OTHER), ErrorKind.WRONG_ACCOUNT, id="another account"),
    ],
)
def test_no_bad_answer_is_an_absent_role(aws: ScriptedAws, gateway: Gateway, reply: Reply, kind: ErrorKind) -> None:
    aws.on("iam:GetRole", reply)

    with pytest.raises(AwsError) as caught:
        gateway.role()

    assert caught.value.kind is kind


def test_nobody_listening_is_unreachable(sessions: Sessions) -> None:
    error = failure(Gateway(Clients(QUICK), ACCOUNT, "aws", sessions))

    assert (error.kind, error.code) == (ErrorKind.UNREACHABLE, "EndpointConnectionError")


def test_a_server_error_that_heals_is_an_answer(aws: ScriptedAws, sessions: Sessions) -> None:
    patient = Gateway(Clients(ClientSettings(max_attempts=2)), ACCOUNT, "aws", sessions)
    aws.on("mq:ListBrokers", json_error(503, "ServiceUnavailable"), page_of([broker(ACCOUNT, "eu-west-1")]))

    assert len(patient.brokers("eu-west-1")) == 1


def test_another_accounts_answer_is_loud(aws: ScriptedAws, gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    aws.on("mq:ListBrokers", page_of([broker(OTHER, "eu-west-1")]))

    failure(gateway)

    assert [record.levelno for record in caplog.records if record.name.startswith("accounts")] == [logging.ERROR]


def test_another_accounts_policy_is_refused(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("iam:ListAttachedRolePolicies", attached_reply(f"arn:aws:iam::{OTHER}:policy/p"))

    with pytest.raises(AwsError) as caught:
        gateway.attached_policy_arns()

    assert caught.value.kind is ErrorKind.WRONG_ACCOUNT


def test_an_expired_session_is_renewed_once_between_pages(
    aws: ScriptedAws, gateway: Gateway, sessions: Sessions
) -> None:
    first, second = broker(ACCOUNT, "eu-west-1", "a"), broker(ACCOUNT, "eu-west-1", "b")
    aws.on("mq:ListBrokers", page_of([first], "t"), json_error(403, "ExpiredTokenException"), page_of([second]))

    found = gateway.brokers("eu-west-1")

    assert [one.name for one in found] == ["a", "b"]
    assert sessions.renewals == 1
    assert aws.asked[-1].key.endswith("0001")


def test_a_session_that_stays_expired_is_renewed_once_only(
    aws: ScriptedAws, gateway: Gateway, sessions: Sessions
) -> None:
    aws.on("mq:ListBrokers", json_error(403, "ExpiredTokenException"))

    assert failure(gateway).kind is ErrorKind.EXPIRED
    assert sessions.renewals == 1


def test_a_token_unknown_in_one_region_only_means_a_disabled_region(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", UNKNOWN_TOKEN)

    kinds = [failure(gateway, region).kind for region in ("af-south-1", "eu-south-1")]

    assert kinds == [ErrorKind.REGION_DISABLED] * 2
    assert aws.times("sts:GetCallerIdentity") == 1


def test_a_token_unknown_everywhere_means_bad_credentials(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", UNKNOWN_TOKEN)
    aws.on("sts:GetCallerIdentity", xml_error(403, "InvalidClientTokenId"))

    error = failure(gateway, "af-south-1")

    assert (error.kind, error.action) == (ErrorKind.BAD_CREDENTIALS, "mq:ListBrokers")


def test_the_default_region_is_never_called_disabled(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", UNKNOWN_TOKEN)

    assert failure(gateway, "us-east-1").kind is ErrorKind.BAD_CREDENTIALS


def test_a_session_of_another_account_proves_nothing_about_a_region(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", UNKNOWN_TOKEN)
    aws.on("sts:GetCallerIdentity", caller_reply(OTHER))

    assert failure(gateway, "af-south-1").kind is ErrorKind.WRONG_ACCOUNT


def test_region_states_are_read_to_the_last_page(aws: ScriptedAws, gateway: Gateway) -> None:
    rows = [{"RegionName": name, "RegionOptStatus": state} for name, state in (("a", "ENABLED"), ("b", "DISABLED"))]
    aws.on(
        "account:ListRegions",
        json_reply({"Regions": rows[:1], "NextToken": "t"}),
        json_reply({"Regions": rows[1:]}),
    )

    assert gateway.region_states() == {"a": "ENABLED", "b": "DISABLED"}
    assert "AccountId" not in aws.asked[0].parameters


def test_govcloud_is_not_asked_for_its_regions(aws: ScriptedAws, clients: Clients, sessions: Sessions) -> None:
    assert Gateway(clients, ACCOUNT, "aws-us-gov", sessions).region_states() == {}
    assert aws.asked == []
