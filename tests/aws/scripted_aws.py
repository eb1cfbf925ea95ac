"""A real HTTP server on 127.0.0.1 that answers as each test scripts it, and remembers what it was asked."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from accounts.domain.role import POLICY_DOCUMENT, ROLE_NAME, ROLE_PATH, TRUST_DOCUMENT, policy_arn, role_arn

_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
_REST_ACTIONS = {"/v1/brokers": "mq:ListBrokers", "/listRegions": "account:ListRegions"}


@dataclass(frozen=True)
class Asked:
    """One request, as its signature and its parameters tell it."""

    action: str
    region: str
    key: str
    parameters: dict[str, str]
    user_agent: str

    @property
    def account(self) -> str:
        """The account whose key signed: tests make keys that begin with it."""
        return self.key[4:16]


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    reset: bool = False


Script = Callable[[Asked], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # 5 by default: eight threads that connect at once would wait a second for a retry


class ScriptedAws:
    """Actions are scripted by name; one that is not scripted answers 404 with a page of HTML."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.scripts: dict[str, Script] = {}
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        a_healthy_account(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def start_over(self) -> None:
        """Forget what was asked and scripted: again the world of a healthy account."""
        self.asked.clear()
        self.scripts.clear()
        a_healthy_account(self)

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def on(self, action: str, *replies: Reply | Script) -> None:
        """Answer the first time with the first reply, and so on; the last one stays."""
        queue = list(replies)
        lock = threading.Lock()

        def script(asked: Asked) -> Reply:
            with lock:
                reply = queue.pop(0) if len(queue) > 1 else queue[0]
            return reply if isinstance(reply, Reply) else reply(asked)

        self.scripts[action] = script

    def times(self, action: str) -> int:
        return sum(asked.action == action for asked in self.asked)

    def _answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        script = self.scripts.get(asked.action)
        reply = script(asked) if script else Reply(404, b"<html><p>not here</p></html>")
        self._closing.wait(reply.delay)  # so that no test waits for a slow answer that it gave up
        return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else every answer waits 40 ms for its own acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                reply = answer(_asked(self.path, body, self.headers))
                if reply.reset:
                    # Closing with nothing lingering sends RST.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(reply.status)
                for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
                self.close_connection = "Content-Length" in reply.headers

            do_GET = do_POST  # http.server's spelling

            def handle(self) -> None:
                with suppress(OSError):  # a client that gave up, or a connection that was reset on purpose
                    super().handle()

            def finish(self) -> None:
                with suppress(OSError, ValueError):
                    super().finish()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _asked(path: str, body: str, headers: Any) -> Asked:
    key, region, service = _SCOPE.search(headers["Authorization"]).groups()  # type: ignore[union-attr]
    where = urlsplit(path)
    if where.path in _REST_ACTIONS:
        action, parameters = _REST_ACTIONS[where.path], parse_qs(where.query)
        parameters |= {name: [str(value)] for name, value in json.loads(body or "{}").items()}
    else:
        parameters = parse_qs(body)
        action = f"{service}:{parameters['Action'][0]}"
    return Asked(action, region, key, {k: v[0] for k, v in parameters.items()}, headers["User-Agent"])


def json_reply(answer: object, status: int = 200, **more: Any) -> Reply:
    return Reply(status, json.dumps(answer).encode(), **more)


def json_error(status: int, code: str, message: str = "no") -> Reply:
    headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": "r-1"}
    return json_reply({"message": message}, status, headers=headers)


def xml_reply(action: str, inner: str) -> Reply:
    text = f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"
    return Reply(200, text.encode())


def xml_error(status: int, code: str, message: str = "no") -> Reply:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, f"<ErrorResponse>{error}<RequestId>r-2</RequestId></ErrorResponse>".encode())


def broker(account: str, region: str, name: str = "orders", **more: str) -> dict[str, str]:
    return {
        "brokerArn": f"arn:aws:mq:{region}:{account}:broker:{name}:b-{name}",
        "brokerId": f"b-{name}",
        "brokerName": name,
        "brokerState": "RUNNING",
        "created": "2026-03-01T10:00:00.000Z",
        "deploymentMode": "SINGLE_INSTANCE",
        "engineType": "RabbitMQ",
        "hostInstanceType": "mq.m5.large",
    } | more


def page_of(brokers: Sequence[dict[str, str]], token: str = "") -> Reply:
    return json_reply({"brokerSummaries": list(brokers)} | ({"nextToken": token} if token else {}))


def role_reply(account: str) -> Reply:
    trust = quote(json.dumps(TRUST_DOCUMENT))
    return xml_reply(
        "GetRole",
        f"<Role><Path>{ROLE_PATH}</Path><RoleName>{ROLE_NAME}</RoleName><RoleId>AROA1</RoleId>"
        f"<Arn>{role_arn('aws', account)}</Arn><CreateDate>2025-01-02T03:04:05Z</CreateDate>"
        f"<AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><RoleLastUsed/></Role>",
    )


def attached_reply(*arns: str, marker: str = "") -> Reply:
    members = "".join(f"<member><PolicyName>p</PolicyName><PolicyArn>{arn}</PolicyArn></member>" for arn in arns)
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    return xml_reply("ListAttachedRolePolicies", f"<AttachedPolicies>{members}</AttachedPolicies>{more}")


def a_healthy_account(aws: ScriptedAws) -> None:
    """The documented role, no broker anywhere, every region on: for whichever account asks."""
    arn = policy_arn("aws")
    document = quote(json.dumps(POLICY_DOCUMENT))
    version = f"<Document>{document}</Document><VersionId>v1</VersionId>"
    aws.on("iam:GetRole", lambda asked: role_reply(asked.account))
    aws.on("iam:ListAttachedRolePolicies", attached_reply(arn))
    aws.on(
        "iam:GetPolicy",
        xml_reply("GetPolicy", f"<Policy><Arn>{arn}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>"),
    )
    aws.on("iam:GetPolicyVersion", xml_reply("GetPolicyVersion", f"<PolicyVersion>{version}</PolicyVersion>"))
    inline = "<PolicyNames/><IsTruncated>false</IsTruncated>"
    aws.on("iam:ListRolePolicies", xml_reply("ListRolePolicies", inline))
    aws.on("account:ListRegions", json_reply({"Regions": []}))
    aws.on("mq:ListBrokers", page_of([]))
    aws.on("sts:GetCallerIdentity", lambda asked: caller_reply(asked.account))


def caller_reply(account: str) -> Reply:
    arn = f"arn:aws:sts::{account}:assumed-role/reader/mqslr-scan-1"
    return xml_reply("GetCallerIdentity", f"<UserId>u</UserId><Account>{account}</Account><Arn>{arn}</Arn>")
