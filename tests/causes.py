"""What AWS or the network may do to one region, as rules of the local AWS, and what the cell must then say."""

from __future__ import annotations

from typing import Any, NamedTuple

NOT_AUTHORIZED = "User: arn:aws:sts::1:assumed-role/R/s is not authorized to perform: mq:ListBrokers on resource: * "


class Says(NamedTuple):
    """What a cell is expected to say."""

    outcome: str
    code: str
    detail: str
    permission: str = ""


def fits(actual: Says, expected: Says, region: str = "") -> bool:
    """The same, but for the detail, which must hold the expected words; `{region}` in them stands for the region."""
    return (
        actual._replace(detail="") == expected._replace(detail="")
        and expected.detail.format(region=region) in actual.detail
    )


def denied(detail: str, code: str = "AccessDeniedException") -> Says:
    return Says("denied", code, detail, "mq:ListBrokers")


def access_denied(why: str) -> dict[str, Any]:
    return {"status": 403, "code": "AccessDeniedException", "message": NOT_AUTHORIZED + why}


LIMITS = "AWS limits the rate of mq:ListBrokers in {region}"
RETRIED = "AWS itself failed at mq:ListBrokers in {region}, also when asked again"
UNREADABLE = "could not be read, so nothing is known"
CAUSES: dict[str, tuple[dict[str, Any], Says]] = {
    "throttled as 400": ({"status": 400, "code": "Throttling", "message": "Rate exceeded"},
                         Says("throttled", "Throttling", LIMITS)),
    "throttled as 429 by a known code": ({"status": 429, "code": "TooManyRequestsException"},
                                         Says("throttled", "TooManyRequestsException", LIMITS)),
    "throttled as 429 by an unknown code": ({"status": 429, "code": "SlowerPlease"},
                                            Says("throttled", "SlowerPlease", LIMITS)),
    "throttled as a bare 429": ({"status": 429}, Says("throttled", "429", LIMITS)),
    "denied plainly": (access_denied("because no identity-based policy allows the mq:ListBrokers action"),
                       denied("The assumed role may not call mq:ListBrokers in {region}. Add this permission")),
    "denied without a reason": ({"status": 403, "code": "AccessDeniedException"}, denied("Add this permission")),
    "denied outright": (access_denied("with an explicit deny in an identity-based policy"),
                        denied("A policy of the assumed role denies mq:ListBrokers in {region} outright")),
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
                           Says("failed", "Novelty", "AWS refused mq:ListBrokers in {region} with Novelty: Not")),
}  # fmt: skip
