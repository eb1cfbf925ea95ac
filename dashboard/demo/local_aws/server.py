"""The HTTP server: one thread a connection, connections kept open, and able to break one on purpose."""

from __future__ import annotations

import os
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from dashboard.demo.local_aws.app import LocalAws
from dashboard.demo.local_aws.control import control
from dashboard.demo.local_aws.wire import HttpAnswer, HttpRequest

IDLE_SECONDS = 120


class Server(ThreadingHTTPServer):
    """Serves one local AWS on one port."""

    daemon_threads = True
    # A first sweep opens some hundred connections at once.
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], aws: LocalAws) -> None:
        self.aws = aws
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away: a killed worker is everyday life."""


class Handler(BaseHTTPRequestHandler):
    """Reads requests whole and writes answers whole."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # Head and body leave in one packet, at once: otherwise each call waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def handle_any(self) -> None:
        """Answer one request."""
        http = self._read()
        local = http.path.startswith("/_local/")
        answer = control(self.server.aws, http) if local else self.server.aws.answer(http)
        if answer.cut == "reset":
            self._reset()
        else:
            self._write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def _read(self) -> HttpRequest:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return HttpRequest(self.command, unquote(url.path), url.query, headers, self.rfile.read(length))

    def _write(self, answer: HttpAnswer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        truncate = answer.cut == "truncate"
        if truncate:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if truncate else answer.body)

    def _reset(self) -> None:
        # Lingering for no time at all makes the kernel send a reset instead of a farewell; detached, because the
        # server would say farewell itself before it closes.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the log is at /_local/log."""
