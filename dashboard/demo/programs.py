"""The commands that `./run` keeps running beside the two servers."""

from __future__ import annotations

import http.client
import socket
import sys

from dashboard.demo.children import Program
from dashboard.demo.house import House, port_of

# Asked to end in this order; within a group all at once.
STOP_ORDER = (("web", "beat", "worker"), ("local-aws",), ("valkey", "postgres"))


# Greenlets, since a poll waits; alone on its Redis, a worker need not look for others.
WORKER_ARGUMENTS = ("--pool=gevent", "--without-gossip", "--without-mingle")


def local_aws(port: int) -> Program:
    """The local AWS with the demo estate."""
    command = [sys.executable, "-m", "dashboard.demo.local_aws", "--port", str(port), "--estate", "demo"]
    return Program("local-aws", command)


def web(listener: socket.socket) -> Program:
    """The web server, on a port that is already ours: no other program can take it while we start."""
    command = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--bind", f"fd://{listener.fileno()}"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"]
    command += ["--graceful-timeout", "3", "--no-control-socket"]
    return Program("web", command, pass_fds=(listener.fileno(),))


def worker() -> Program:
    """The Celery worker."""
    return Program("worker", [*_celery("worker"), *WORKER_ARGUMENTS])


def beat() -> Program:
    """Celery's clock."""
    return Program("beat", [*_celery("beat"), "--pidfile="])


def _celery(part: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "dashboard", part, "--loglevel=INFO"]


def web_answers(listener: socket.socket) -> bool:
    """Say whether the web server answers a request, and not with an error of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(listener), timeout=20)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def local_aws_answers(house: House) -> bool:
    """Say whether the local AWS has printed that it is ready."""
    log = house.log("local-aws").read_text(errors="replace")
    return any(line.startswith("ready") for line in log.splitlines())
