"""What travels: a request as it came in, an answer as it goes out, and AWS's two spellings of an error."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from xml.sax.saxutils import escape

# STS and IAM speak XML; Organizations and SSM speak JSON with a target header; the others are REST with JSON.
XML_NAMESPACE = {"sts": "https://sts.amazonaws.com/doc/2011-06-15/", "iam": "https://iam.amazonaws.com/doc/2010-05-08/"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request, read whole. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One HTTP answer. `cut` breaks the connection: before the answer (`reset`) or half-way through it (`truncate`)."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Literal["", "reset", "truncate"] = ""


class AwsError(Exception):
    """An error that AWS would answer with; rendered in the form of the service that was asked."""

    def __init__(self, status: int, code: str, message: str, **attributes: str) -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message
        self.attributes = attributes


def json_answer(value: object, status: int = 200, content_type: str = "application/json") -> HttpAnswer:
    """An answer whose body is JSON."""
    headers = {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())}
    return HttpAnswer(status, json.dumps(value).encode(), headers)


def xml_answer(service: str, action: str, result: Mapping[str, object]) -> HttpAnswer:
    """The answer of a query service: the result inside the two elements that are named after the action."""
    request_id = str(uuid.uuid4())
    # Also when there is nothing in it, as for UpdateRole: botocore cannot read an answer without it.
    inner = f"<{action}Result>{to_xml(result)}</{action}Result>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    text = f'<{action}Response xmlns="{XML_NAMESPACE[service]}">{inner}{metadata}</{action}Response>'
    return HttpAnswer(200, text.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request_id})


def to_xml(value: object) -> str:
    """Write a value as AWS's query services do: lists as `member`, None left out."""
    if isinstance(value, Mapping):
        return "".join(f"<{key}>{to_xml(item)}</{key}>" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return "".join(f"<member>{to_xml(item)}</member>" for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return timestamp(value)
    return escape(str(value))


def timestamp(moment: datetime) -> str:
    """A time as AWS writes it: ISO 8601, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def error_answer(service: str, error: AwsError) -> HttpAnswer:
    """An error in the form of the service that was asked."""
    if service in XML_NAMESPACE:
        return _xml_error(service, error)
    body = {"message": error.message, **error.attributes}
    if service in ("monitoring", "organizations", "ssm"):
        return json_answer({"__type": error.code, "Message": error.message}, error.status, "application/x-amz-json-1.1")
    answer = json_answer(body, error.status)
    return HttpAnswer(answer.status, answer.body, {**answer.headers, "x-amzn-ErrorType": error.code})


def _xml_error(service: str, error: AwsError) -> HttpAnswer:
    request_id = str(uuid.uuid4())
    kind = "Sender" if error.status < 500 else "Receiver"
    fault = to_xml({"Error": {"Type": kind, "Code": error.code, "Message": error.message}, "RequestId": request_id})
    text = f'<ErrorResponse xmlns="{XML_NAMESPACE[service]}">{fault}</ErrorResponse>'
    return HttpAnswer(error.status, text.encode(), {"Content-Type": "text/xml", "x-amzn-RequestId": request_id})
