"""moto, for the part of IAM that is not answered here. The only file that knows moto."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from dashboard.demo.local_aws.calls import Call
from dashboard.demo.local_aws.wire import HttpAnswer

_lock = threading.Lock()
_application: Any = None


def ask_moto(call: Call) -> HttpAnswer:
    """Let moto answer in the caller's account. The first call takes a moment: moto is loaded then."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
        started.append((status, headers))
        return lambda chunk: None

    # moto's backends are not made for many threads.
    with _lock:
        chunks: Iterable[bytes] = _load()(_environ(call), start)
        body = b"".join(chunks)
    status, headers = started[-1]
    kept = {name: value for name, value in headers if name.lower() not in ("content-length", "connection")}
    return HttpAnswer(int(status.split()[0]), body, kept)


def _load() -> Any:
    global _application
    if _application is None:
        # 1,485 managed policies an account are nobody's wish.
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        _application = DomainDispatcherApplication(create_backend_app)
    return _application


def _environ(call: Call) -> dict[str, Any]:
    http = call.http
    environ: dict[str, Any] = {
        "REQUEST_METHOD": http.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": http.path,
        "QUERY_STRING": http.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(http.body)),
        "CONTENT_TYPE": http.headers.get("content-type", ""),
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(http.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    headers = {**http.headers, "x-moto-account-id": call.account_id}
    skipped = ("content-length", "content-type")
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items() if name not in skipped}
    return {**environ, **named}
