"""Every way in which AWS can fail to answer, as one exception with one list of kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from botocore.exceptions import (
    BaseEndpointResolverError,
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    ConnectionError,
    CredentialRetrievalError,
    EndpointProviderError,
    HTTPClientError,
    IncompleteReadError,
    LoginError,
    MetadataRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ResponseStreamingError,
    SSOError,
    TokenRetrievalError,
    ValidationError,
)
from botocore.parsers import ResponseParserError

from accounts.domain.outcomes import Outcome
from accounts.domain.readings import Problem


class ErrorKind(StrEnum):
    """What went wrong, as far as the reader of a page or the writer of a retry must tell it apart."""

    THROTTLED = "throttled"
    ACCESS_DENIED = "access_denied"
    EXPIRED = "expired"
    BAD_CREDENTIALS = "bad_credentials"
    REGION_DISABLED = "region_disabled"
    CLOCK = "clock"
    UNREACHABLE = "unreachable"
    NOT_FOUND = "not_found"
    VALIDATION = "validation"
    WRONG_STATE = "wrong_state"
    SERVER = "server"
    NO_CREDENTIALS = "no_credentials"
    WRONG_ACCOUNT = "wrong_account"
    BROKEN = "broken"


class AwsError(Exception):
    """AWS did not answer `action`. `message` holds no credential, session token or signature."""

    def __init__(
        self,
        kind: ErrorKind,
        action: str,
        code: str,
        message: str,
        status: int = 0,
        request_id: str = "",
        denied_by: str = "",
        region: str = "",
    ) -> None:
        # All of it goes to Exception, so that the error survives pickling between processes.
        super().__init__(kind, action, code, message, status, request_id, denied_by, region)
        self.kind: Final = kind
        self.action: Final = action
        self.code: Final = code
        self.message: Final = message
        self.status: Final = status
        self.request_id: Final = request_id
        self.denied_by: Final = denied_by
        self.region: Final = region

    def __str__(self) -> str:
        place = f" in {self.region}" if self.region else ""
        return f"{self.action}{place}: {self.code}: {self.message}"


# The codes by which botocore's standard mode knows a throttled call, and IAM's LimitExceeded is none of them.
_CODES: Final[dict[ErrorKind, str]] = {
    ErrorKind.THROTTLED: "Throttling ThrottlingException ThrottledException RequestThrottledException RequestThrottled "
    "TooManyRequestsException ProvisionedThroughputExceededException TransactionInProgressException SlowDown "
    "RequestLimitExceeded BandwidthLimitExceeded LimitExceededException PriorRequestNotComplete "
    "EC2ThrottledException",
    ErrorKind.ACCESS_DENIED: "AccessDenied AccessDeniedException ForbiddenException UnauthorizedOperation "
    "UnauthorizedException NotAuthorized",
    ErrorKind.EXPIRED: "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired",
    ErrorKind.BAD_CREDENTIALS: "InvalidClientTokenId UnrecognizedClientException AuthFailure OptInRequired "
    "RegionDisabledException",
    ErrorKind.CLOCK: "SignatureDoesNotMatch InvalidSignatureException RequestTimeTooSkewed IncompleteSignature "
    "IncompleteSignatureException",
    ErrorKind.NOT_FOUND: "NoSuchEntity NotFoundException",
    ErrorKind.VALIDATION: "ValidationError ValidationException BadRequestException InvalidInput InvalidInputException "
    "InvalidParameterValue MalformedPolicyDocument PackedPolicyTooLarge",
    ErrorKind.WRONG_STATE: "ConflictException ConcurrentModification DeleteConflict UnmodifiableEntity LimitExceeded",
    ErrorKind.SERVER: "ServiceFailure InternalServerErrorException InternalFailure InternalServerException "
    "ServiceException ServiceUnavailable RequestTimeout RequestTimeoutException",
}
_KIND_OF_CODE: Final = {code: kind for kind, codes in _CODES.items() for code in codes.split()}

# Substrings: the text around them has changed over the years and may end in a policy ARN or an authorization id.
_DENIED_BY: Final = (
    ("service control polic", "scp"),
    ("service_control_policy", "scp"),
    ("resource control polic", "resource control policy"),
    ("resource_control_policy", "resource control policy"),
    ("permissions boundary", "permissions boundary"),
    ("session polic", "session policy"),
    ("trust polic", "role trust policy"),
    ("vpc endpoint polic", "VPC endpoint policy"),
    ("resource-based polic", "resource-based policy"),
    ("identity-based polic", "identity policy"),
)

_HUB_SETUP = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    MetadataRetrievalError,
    SSOError,
    LoginError,
    ProfileNotFound,
    ConfigNotFound,
    ConfigParseError,
)
_WRONG_CALL = (ParamValidationError, ValidationError, BaseEndpointResolverError, EndpointProviderError)
_GARBLED = (ResponseStreamingError, IncompleteReadError, ResponseParserError)
_NO_LINE = (ConnectionError, HTTPClientError)
# These name only an endpoint. Others may quote a header, a body or a helper program's output, so they are not quoted.
_QUOTABLE = (ConnectionError, *_WRONG_CALL)

_SECRETS: Final = re.compile(
    r"(?i)\b(?:A[KS]IA[A-Z0-9]{12,})|<?(?:signature|credential|security-token|sessiontoken|secretaccesskey)[\"'>]*\s*[=:>]\s*\S+"
)
MAX_MESSAGE: Final = 500


def kind_of(code: str, message: str, status: int) -> ErrorKind:
    """Put an answer of AWS into its class: by status 429, then by its code, then by its status."""
    if status == 429:
        return ErrorKind.THROTTLED
    if code == "BadRequestException" and "while in state [" in message:
        return ErrorKind.WRONG_STATE
    if known := _KIND_OF_CODE.get(code):
        return known
    if status >= 500:
        return ErrorKind.SERVER
    return ErrorKind.NOT_FOUND if status == 404 else ErrorKind.VALIDATION


def denied_by(message: str) -> str:
    """Say which sort of policy refused, as far as AWS's sentence tells; empty when it does not."""
    text = message.lower()
    return next((name for part, name in _DENIED_BY if part in text), "")


def scrub(message: str) -> str:
    """Cut a message to a readable length and take out whatever looks like a key, a token or a signature."""
    return _SECRETS.sub("[removed]", " ".join(message.replace("\0", " ").split()))[:MAX_MESSAGE]


def classify(error: Exception, action: str, region: str = "") -> AwsError:
    """Turn an exception of botocore into the one error that the rest of Rolecall knows."""
    if isinstance(error, ClientError):
        return _refused(error, action, region)
    kind, message = _unanswered(error)
    return AwsError(kind, action, type(error).__name__, message, region=region)


def _refused(error: ClientError, action: str, region: str) -> AwsError:
    facts = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    code, message = scrub(str(facts.get("Code", ""))), str(facts.get("Message", ""))
    status = int(about.get("HTTPStatusCode", 0))
    kind = kind_of(code, message, status)
    blame = denied_by(message) if kind is ErrorKind.ACCESS_DENIED else ""
    # AWS quotes the signed request, session token included, when a signature does not fit.
    text = "the signature was not accepted" if kind is ErrorKind.CLOCK else scrub(message)
    return AwsError(kind, action, code or f"HTTP {status}", text, status, about.get("RequestId", ""), blame, region)


def _unanswered(error: Exception) -> tuple[ErrorKind, str]:
    quoted = scrub(str(error)) if isinstance(error, _QUOTABLE) else ""
    if isinstance(error, _GARBLED):
        return ErrorKind.BROKEN, "the answer could not be read"
    if isinstance(error, _NO_LINE):
        return ErrorKind.UNREACHABLE, quoted or "the connection broke before an answer came"
    if isinstance(error, _HUB_SETUP):
        return ErrorKind.NO_CREDENTIALS, "Rolecall found no usable AWS credentials of its own"
    if isinstance(error, _WRONG_CALL):
        return ErrorKind.VALIDATION, quoted
    return ErrorKind.BROKEN, "the call failed inside the AWS SDK"


def refused_as_open() -> AwsError:
    """Rolecall's refusal of a role that was found to let it in without the right external id."""
    return AwsError(ErrorKind.ACCESS_DENIED, ASSUME_ROLE, OPEN_ROLE, "found by a check of its access")


@contextmanager
def aws_errors(action: str, region: str = "") -> Iterator[None]:
    """Let no exception of botocore out but as an AwsError that names `action`; any other exception passes."""
    try:
        yield
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        # From None: a parser's message quotes the body, and AssumeRole's body holds the secrets.
        raise classify(error, action, region) from None


# What an admin reads: one outcome, one code, one sentence that says what to do.

ASSUME_ROLE: Final = "sts:AssumeRole"

_WHO_REFUSED: Final = {
    "scp": "A service control policy of the organization refuses {what}. Only its keepers can lift it.",
    "resource control policy": "A resource control policy of the organization refuses {what}. Only its "
    "keepers can lift it.",
    "permissions boundary": "The permissions boundary of the assumed role refuses {what}. Add the permission to the "
    "boundary.",
    "session policy": "The session policy refuses {what}: Rolecall narrowed this session itself. Please report it.",
    "VPC endpoint policy": "The policy of a VPC endpoint refuses {what}. Allow it in that endpoint's policy.",
}
_EXPLICIT_DENY: Final = (
    "A policy of the assumed role denies {what} outright. Take that statement out: no permission outweighs it."
)
_WHO_REFUSED_UNKNOWN: Final = "The assumed role may not call {what}. Add this permission to its policy."

_ASSUME_CHECKLIST: Final = (
    "AWS refused to let Rolecall assume the account's role; it does not say why. Check in the account that the role "
    "exists under exactly this ARN, that its trust policy names Rolecall's own identity, that the external id is the "
    "one entered here, and that the trust policy accepts session names that begin with mqslr-."
)
_ASSUME_SCP: Final = " AWS names a service control policy: start there."

# Rolecall's own refusal, told apart from AWS's by its code.
OPEN_ROLE: Final = "OpenWithoutExternalId"
_OPEN_ROLE: Final = (
    "Rolecall refuses this role: AWS hands out its session without the right external id, so whoever can make Rolecall "
    "ask for it gets in. Put the condition on sts:ExternalId into its trust policy, then check the access again."
)

_FAILED: Final = {
    ErrorKind.EXPIRED: "The session ended, and so did its renewal. It will be tried again with the next poll.",
    ErrorKind.BAD_CREDENTIALS: "AWS does not know the credentials that signed {what}, not even in the default region.",
    ErrorKind.CLOCK: "AWS rejects the signature of {what}. Check the clock of the machine that runs Rolecall.",
    ErrorKind.SERVER: "AWS itself failed at {what}, also when asked again. It will be tried again with the next poll.",
    ErrorKind.NO_CREDENTIALS: "Rolecall found no AWS credentials of its own. Check AWS_PROFILE or its role.",
    ErrorKind.WRONG_ACCOUNT: "The answer to {what} was another account's or region's, and was thrown away. "
    "Rolecall's log names both.",
    ErrorKind.BROKEN: "The answer to {what} could not be read, so nothing is known. Is a proxy in the way?",
}
_HUB_FAILED: Final = {
    ErrorKind.EXPIRED: "Rolecall's own AWS credentials have expired ({code}). No account can be read until "
    "they are renewed.",
    ErrorKind.BAD_CREDENTIALS: "AWS does not accept Rolecall's own credentials ({code}). Check what it runs with.",
}
_FAILED_OTHERWISE: Final = "AWS refused {what} with {code}: {message}"


def problem_of(error: AwsError) -> Problem:
    """Say why a question has no answer, for the cell and for the admin who reads it."""
    outcome = _outcome(error)
    what = f"{error.action} in {error.region}" if error.region else error.action
    detail = _sentence(outcome, error).format(what=what, code=error.code, message=error.message)
    permission = error.action if error.kind is ErrorKind.ACCESS_DENIED else ""
    return Problem(outcome, error.code, detail, permission)


def _outcome(error: AwsError) -> Outcome:
    if error.kind is ErrorKind.ACCESS_DENIED:
        return Outcome.ASSUME_DENIED if error.action == ASSUME_ROLE else Outcome.DENIED
    plain = {
        ErrorKind.THROTTLED: Outcome.THROTTLED,
        ErrorKind.UNREACHABLE: Outcome.UNREACHABLE,
        ErrorKind.REGION_DISABLED: Outcome.REGION_DISABLED,
    }
    return plain.get(error.kind, Outcome.FAILED)


def _sentence(outcome: Outcome, error: AwsError) -> str:
    if error.code == OPEN_ROLE:
        return _OPEN_ROLE
    if outcome is Outcome.ASSUME_DENIED:
        return _ASSUME_CHECKLIST + (_ASSUME_SCP if error.denied_by == "scp" else "")
    if outcome is Outcome.DENIED and error.denied_by == "identity policy" and "explicit deny" in error.message:
        return _EXPLICIT_DENY
    if outcome is Outcome.DENIED:
        return _WHO_REFUSED.get(error.denied_by, _WHO_REFUSED_UNKNOWN)
    if outcome is Outcome.THROTTLED:
        return "AWS limits the rate of {what} ({code}). It will be tried again with the next poll."
    if outcome is Outcome.UNREACHABLE:
        return "No answer to {what} ({code}): {message}"
    if outcome is Outcome.REGION_DISABLED:
        return "The region is not enabled in this account."
    if error.action == ASSUME_ROLE and error.kind in _HUB_FAILED:
        return _HUB_FAILED[error.kind]
    return _FAILED.get(error.kind, _FAILED_OTHERWISE)
