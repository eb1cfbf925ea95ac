"""A canned AWS for benchmarks: asynchronous, one process, a settable latency, the same answer for every account.

It knows nothing and checks nothing: what is measured is the caller. The account is carried in the access key.
Run: python -m tests.benchmarks.standin --latency-ms 80
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

from accounts.domain.regions import BEYOND_GUIDE_ROWS, GUIDE_ROWS
from accounts.domain.role import POLICY_DOCUMENT, ROLE_NAME, ROLE_PATH, TRUST_DOCUMENT, policy_arn, role_arn

SCOPE = re.compile(rb"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/")
BROKERS_IN = "eu-west-1"
LISTED_REGIONS = json.dumps(
    {"Regions": [{"RegionName": row.code, "RegionOptStatus": "ENABLED"} for row in (*GUIDE_ROWS, *BEYOND_GUIDE_ROWS)]}
).encode()


def key_of(account_id: str) -> str:
    """The access key that stands for an account."""
    return f"ASIA{account_id}"


def _xml(action: str, inner: str) -> bytes:
    result = f"<{action}Result>{inner}</{action}Result>"
    request = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    return f"<{action}Response>{result}{request}</{action}Response>".encode()


def _assume(form: dict[str, list[str]]) -> str:
    found = ROLE_ARN.match(form["RoleArn"][0])
    account_id = found[1] if found else "000000000000"
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<Credentials><AccessKeyId>{key_of(account_id)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>{'t' * 400}</SessionToken><Expiration>{until}</Expiration></Credentials>"
        f"<AssumedRoleUser><Arn>arn:aws:sts::{account_id}:assumed-role/R/s</Arn>"
        "<AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>"
    )


def _role(account_id: str, tag: str = "Role") -> str:
    trust = quote(json.dumps(TRUST_DOCUMENT))
    return (
        f"<{tag}><Path>{ROLE_PATH}</Path><RoleName>{ROLE_NAME}</RoleName><RoleId>AROA{account_id}</RoleId>"
        f"<Arn>{role_arn('aws', account_id)}</Arn><CreateDate>2024-01-01T00:00:00Z</CreateDate>"
        f"<AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><RoleLastUsed/></{tag}>"
    )


def query_answer(action: str, account_id: str, form: dict[str, list[str]]) -> bytes:
    """The answer of IAM or STS."""
    arn = policy_arn("aws")
    answers: dict[str, Callable[[], str]] = {
        "AssumeRole": lambda: _assume(form),
        "GetCallerIdentity": lambda: (
            f"<Arn>arn:aws:sts::{account_id}:assumed-role/R/s</Arn><UserId>u</UserId><Account>{account_id}</Account>"
        ),
        "GetRole": lambda: _role(account_id),
        "ListRoles": lambda: f"<IsTruncated>false</IsTruncated><Roles>{_role(account_id, 'member')}</Roles>",
        "ListAccountAliases": lambda: "<IsTruncated>false</IsTruncated><AccountAliases/>",
        "ListAttachedRolePolicies": lambda: (
            "<IsTruncated>false</IsTruncated><AttachedPolicies><member>"
            f"<PolicyName>p</PolicyName><PolicyArn>{arn}</PolicyArn></member></AttachedPolicies>"
        ),
        "GetPolicy": lambda: f"<Policy><Arn>{arn}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>",
        "GetPolicyVersion": lambda: (
            f"<PolicyVersion><Document>{quote(json.dumps(POLICY_DOCUMENT))}</Document>"
            "<VersionId>v1</VersionId><IsDefaultVersion>true</IsDefaultVersion></PolicyVersion>"
        ),
        "ListRolePolicies": lambda: "<IsTruncated>false</IsTruncated><PolicyNames/>",
    }
    return _xml(action, answers[action]())


def json_answer(service: str, region: str, account_id: str) -> bytes:
    """The answer of Amazon MQ or of account:ListRegions."""
    if service == "account":
        return LISTED_REGIONS
    if service == "tagging":
        return json.dumps({"ResourceTagMappingList": []}).encode()
    broker = {
        "brokerArn": f"arn:aws:mq:{region}:{account_id}:broker:orders:b-1",
        "brokerId": "b-1",
        "brokerName": "orders",
        "brokerState": "RUNNING",
        "created": "2024-01-01T00:00:00Z",
        "deploymentMode": "SINGLE_INSTANCE",
        "engineType": "RabbitMQ",
        "hostInstanceType": "mq.t3.micro",
    }
    return json.dumps({"brokerSummaries": [broker] if region == BROKERS_IN else []}).encode()


class StandIn:
    """Answers after `latency` seconds and counts."""

    def __init__(self, latency: float) -> None:
        self.latency, self.calls = latency, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One kept-alive connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                found = LENGTH.search(head)
                body = await reader.readexactly(int(found[1])) if found else b""
                writer.write(await self.answer(head, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, head: bytes, body: bytes) -> bytes:
        """One request's answer, after the latency."""
        if head.startswith(b"GET /_calls"):
            return _http(str(self.calls).encode(), "text/plain")
        scope = SCOPE.search(head)
        assert scope, head
        key, region, service = (part.decode() for part in scope.groups())
        account_id = key.removeprefix("ASIA")
        self.calls += 1
        await asyncio.sleep(self.latency)
        if service == "organizations":  # botocove asks first, and goes on without
            return _http(b'{"__type":"AccessDeniedException"}', "application/x-amz-json-1.1", "400 Bad Request")
        if service in ("iam", "sts"):
            form = parse_qs(body.decode())
            return _http(query_answer(form["Action"][0], account_id, form), "text/xml")
        return _http(json_answer(service, region, account_id), "application/json")


def _http(content: bytes, kind: str, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\nx-amzn-requestid: r\r\n\r\n"
    return head.encode() + content


async def main() -> None:
    """Listen on a free port of loopback and say which."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=80)
    options = parser.parse_args()
    standin = StandIn(options.latency_ms / 1000)
    server = await asyncio.start_server(standin.serve, "127.0.0.1", 0, backlog=1024)
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
