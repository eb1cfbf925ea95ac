"""An AWS call as it was meant: service, region, action and parameters, read from the signature's scope and the body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from dashboard.demo.local_aws.wire import AwsError, HttpRequest

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([\w-]+)/([\w.-]+)/aws4_request")
_ROLE_ARN_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")


@dataclass(slots=True)
class Call:
    """One call. `account_id` is the account that is asked: for AssumeRole the one whose role is wanted."""

    service: str
    region: str
    action: str
    params: dict[str, Any]
    key_id: str
    token: str
    http: HttpRequest
    account_id: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def read_call(http: HttpRequest) -> Call:
    """Read a signed request. Raises AwsError when it carries no signature; signatures themselves are not checked."""
    found = _CREDENTIAL.search(http.headers.get("authorization", ""))
    if found is None:
        raise AwsError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    key_id, region, service = found.groups()
    action, params = _READERS.get(service, _unknown)(http)
    token = http.headers.get("x-amz-security-token", "")
    return Call(service, region, action, params, key_id, token, http)


def asked_account(call: Call) -> str:
    """The account in an AssumeRole's role ARN; empty for every other call."""
    found = _ROLE_ARN_ACCOUNT.match(call.params.get("RoleArn", "")) if call.action == "AssumeRole" else None
    return found.group(1) if found else ""


def _form(http: HttpRequest) -> tuple[str, dict[str, Any]]:
    values = parse_qs(http.body.decode("utf-8", "replace"), keep_blank_values=True)
    params = {name: found[-1] for name, found in values.items()}
    return params.pop("Action", ""), params


def _targeted(http: HttpRequest) -> tuple[str, dict[str, Any]]:
    return http.headers.get("x-amz-target", "").rpartition(".")[2], _json_body(http)


def _json_body(http: HttpRequest) -> dict[str, Any]:
    try:
        value = json.loads(http.body or b"{}")
    except ValueError:
        raise AwsError(400, "SerializationException", "The body is not JSON") from None
    return value if isinstance(value, dict) else {}


_MQ_ROUTES: tuple[tuple[str, re.Pattern[str], str, str], ...] = (
    ("GET", re.compile(r"/v1/brokers"), "ListBrokers", ""),
    ("POST", re.compile(r"/v1/brokers"), "CreateBroker", ""),
    ("GET", re.compile(r"/v1/brokers/([^/]+)"), "DescribeBroker", "broker-id"),
    ("DELETE", re.compile(r"/v1/brokers/([^/]+)"), "DeleteBroker", "broker-id"),
    ("POST", re.compile(r"/v1/brokers/([^/]+)/reboot"), "RebootBroker", "broker-id"),
    ("GET", re.compile(r"/v1/tags/(.+)"), "ListTags", "resource-arn"),
)


def _mq(http: HttpRequest) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {name: found[-1] for name, found in parse_qs(http.query).items()}
    for method, pattern, action, name in _MQ_ROUTES:
        found = pattern.fullmatch(http.path)
        if found and http.method == method:
            params.update(_json_body(http) if method == "POST" else {})
            params.update({name: unquote(found.group(1))} if name else {})
            return action, params
    return "", params


def _account(http: HttpRequest) -> tuple[str, dict[str, Any]]:
    return "ListRegions" if http.path == "/listRegions" else "", _json_body(http)


def _unknown(http: HttpRequest) -> tuple[str, dict[str, Any]]:
    return "", {}


_READERS: dict[str, Callable[[HttpRequest], tuple[str, dict[str, Any]]]] = {
    "sts": _form,
    "iam": _form,
    "mq": _mq,
    "account": _account,
    "monitoring": _targeted,
    "organizations": _targeted,
    "ssm": _targeted,
}
