"""Every failure has one kind, one outcome and one sentence; no secret travels in any of them."""

from __future__ import annotations

import pickle
import traceback

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
    SSLError,
    UnknownEndpointError,
)
from botocore.parsers import ResponseParserError

from accounts.aws.errors import AwsError, ErrorKind, aws_errors, classify, denied_by, kind_of, problem_of
from accounts.domain.outcomes import Outcome

TAIL = " Go to https://console.aws.amazon.com/iam/home#/access-troubleshooter with authorization id: 1-2-3"
WHO = "User: arn:aws:sts::111122223333:assumed-role/reader/mqslr-scan-1 is not authorized to perform: mq:ListBrokers "


def refusal(code: str, message: str = "", status: int = 403, action: str = "mq:ListBrokers") -> AwsError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return classify(ClientError(response, "Any"), action, "eu-west-1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("Throttling", 400, ErrorKind.THROTTLED),
        ("RequestLimitExceeded", 503, ErrorKind.THROTTLED),
        ("AccessDenied", 429, ErrorKind.THROTTLED),
        ("UnauthorizedOperation", 403, ErrorKind.ACCESS_DENIED),
        ("ExpiredToken", 400, ErrorKind.EXPIRED),
        ("RequestExpired", 400, ErrorKind.EXPIRED),
        ("InvalidClientTokenId", 403, ErrorKind.BAD_CREDENTIALS),
        ("RegionDisabledException", 403, ErrorKind.BAD_CREDENTIALS),
        ("RequestTimeTooSkewed", 403, ErrorKind.CLOCK),
        ("NoSuchEntity", 404, ErrorKind.NOT_FOUND),
        ("404", 404, ErrorKind.NOT_FOUND),
        ("MalformedPolicyDocument", 400, ErrorKind.VALIDATION),
        ("NeverHeardOf", 400, ErrorKind.VALIDATION),
        ("LimitExceeded", 409, ErrorKind.WRONG_STATE),
        ("UnmodifiableEntity", 400, ErrorKind.WRONG_STATE),
        ("ServiceFailure", 500, ErrorKind.SERVER),
        ("NeverHeardOf", 504, ErrorKind.SERVER),
    ],
)
def test_codes_and_statuses_have_a_kind(code: str, status: int, kind: ErrorKind) -> None:
    assert kind_of(code, "", status) is kind


def test_a_broker_in_the_wrong_state_is_not_a_wrong_request() -> None:
    text = "Broker [orders] can't be deleted while in state [REBOOT_IN_PROGRESS]"

    assert kind_of("BadRequestException", text, 400) is ErrorKind.WRONG_STATE


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="https://mq"), ErrorKind.UNREACHABLE),
        (ReadTimeoutError(endpoint_url="https://mq"), ErrorKind.UNREACHABLE),
        (ConnectionClosedError(endpoint_url="https://mq"), ErrorKind.UNREACHABLE),
        (SSLError(endpoint_url="https://mq", error=OSError("bad certificate")), ErrorKind.UNREACHABLE),
        (HTTPClientError(error="Invalid header value b'the-token'"), ErrorKind.UNREACHABLE),
        (ResponseParserError("b'<SecretAccessKey>the-secret'"), ErrorKind.BROKEN),
        (NoCredentialsError(), ErrorKind.NO_CREDENTIALS),
        (ProfileNotFound(profile="x"), ErrorKind.NO_CREDENTIALS),
        (ParamValidationError(report="too short"), ErrorKind.VALIDATION),
        (UnknownEndpointError(service_name="mq", region_name="x"), ErrorKind.VALIDATION),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_never_answered_has_a_kind(error: Exception, kind: ErrorKind) -> None:
    found = classify(error, "mq:ListBrokers")

    assert (found.kind, found.code) == (kind, type(error).__name__)
    assert "the-" not in str(found)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("with an explicit deny in a service control policy", "scp"),
        ("because no service control policy allows the mq:ListBrokers action", "scp"),
        ("with an explicit deny: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1", "scp"),
        ("with an explicit deny in a resource control policy", "resource control policy"),
        ("with an explicit deny in a session policy", "session policy"),
        ("because no session policy allows the mq:ListBrokers action", "session policy"),
        ("with an explicit deny in a permissions boundary", "permissions boundary"),
        ("because no permissions boundary allows the mq:ListBrokers action", "permissions boundary"),
        ("with an explicit deny in a VPC endpoint policy", "VPC endpoint policy"),
        ("with an explicit deny in an identity-based policy", "identity policy"),
        ("because no identity-based policy allows the mq:ListBrokers action", "identity policy"),
        ("with an explicit deny in the role trust policy", "role trust policy"),
        ("", ""),
    ],
)
def test_the_sentence_says_who_refused(sentence: str, name: str) -> None:
    assert denied_by(WHO + sentence + TAIL) == name


def test_a_denial_names_the_missing_permission() -> None:
    problem = problem_of(refusal("AccessDeniedException", WHO))

    assert (problem.outcome, problem.permission) == (Outcome.DENIED, "mq:ListBrokers")
    assert "mq:ListBrokers in eu-west-1" in problem.detail


def test_a_denial_by_an_scp_does_not_send_the_admin_to_the_role() -> None:
    problem = problem_of(refusal("AccessDenied", WHO + "with an explicit deny in a service control policy" + TAIL))

    assert "service control policy" in problem.detail
    assert "Add this permission" not in problem.detail


def test_an_outright_denial_is_not_cured_by_one_more_permission() -> None:
    problem = problem_of(refusal("AccessDenied", WHO + "with an explicit deny in an identity-based policy"))

    assert "outright" in problem.detail
    assert "Add this permission" not in problem.detail


def test_another_accounts_id_is_not_passed_on() -> None:
    error = AwsError(ErrorKind.WRONG_ACCOUNT, "mq:ListBrokers", "WrongAccount", "answered by 999988887777")

    assert "999988887777" not in problem_of(error).detail


def test_a_refused_role_comes_with_a_checklist() -> None:
    problem = problem_of(refusal("AccessDenied", action="sts:AssumeRole"))

    assert problem.outcome is Outcome.ASSUME_DENIED
    assert "external id" in problem.detail


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (ErrorKind.THROTTLED, Outcome.THROTTLED),
        (ErrorKind.UNREACHABLE, Outcome.UNREACHABLE),
        (ErrorKind.REGION_DISABLED, Outcome.REGION_DISABLED),
        *((kind, Outcome.FAILED) for kind in ErrorKind if kind not in
          (ErrorKind.THROTTLED, ErrorKind.UNREACHABLE, ErrorKind.REGION_DISABLED, ErrorKind.ACCESS_DENIED)),
    ],
)  # fmt: skip
def test_every_kind_has_an_outcome_and_a_sentence(kind: ErrorKind, outcome: Outcome) -> None:
    problem = problem_of(AwsError(kind, "mq:ListBrokers", "Code", "what {AWS} said", region="eu-west-1"))

    assert (problem.outcome, problem.code, problem.permission) == (outcome, "Code", "")
    assert len(problem.detail) > 20


def test_a_refused_assume_role_never_reads_as_a_disabled_region() -> None:
    assert problem_of(refusal("RegionDisabledException", action="sts:AssumeRole")).outcome is Outcome.FAILED


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_the_hubs_own_credentials_are_not_blamed_on_the_account(code: str) -> None:
    assert "Rolecall's own" in problem_of(refusal(code, action="sts:AssumeRole")).detail


def test_what_aws_quotes_of_a_signed_request_is_dropped() -> None:
    told = "Canonical String: x-amz-security-token:the-token Credential=AKIAABCDEFGHIJKLMNOP/2026"

    assert "the-token" not in str(refusal("SignatureDoesNotMatch", told))


@pytest.mark.parametrize("leak", ["AKIAABCDEFGHIJKLMNOP", "Signature=abc", "<SecretAccessKey>abc", "SessionToken: abc"])
def test_keys_and_signatures_are_cut_out_of_messages(leak: str) -> None:
    assert refusal("ValidationError", f"bad value {leak}").message == "bad value [removed]"


def test_the_traceback_does_not_quote_the_body() -> None:
    with pytest.raises(AwsError) as caught, aws_errors("sts:AssumeRole"):
        raise ResponseParserError("b'<SecretAccessKey>the-secret'")

    assert "the-secret" not in "".join(traceback.format_exception(caught.value))


def test_a_fault_of_our_own_passes_through() -> None:
    with pytest.raises(ZeroDivisionError), aws_errors("mq:ListBrokers"):
        raise ZeroDivisionError


def test_an_error_survives_the_way_between_processes() -> None:
    error = refusal("AccessDenied", WHO)

    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


def test_a_refusal_with_nul_bytes_can_be_stored() -> None:
    answer = {"Error": {"Code": "Odd\0Code", "Message": "a\0b"}, "ResponseMetadata": {"HTTPStatusCode": 400}}

    error = classify(ClientError(answer, "ListBrokers"), "mq:ListBrokers")  # type: ignore[arg-type]

    assert (error.code, error.message) == ("Odd Code", "a b")
