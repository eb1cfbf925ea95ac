"""Real processes for tests: Celery workers against the test database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from dashboard.demo.programs import WORKER_ARGUMENTS

ROOT = Path(__file__).resolve().parent.parent


def wait_until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Look every tenth of a second; fail with a sentence when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.1)


def child_environment(**more: str) -> dict[str, str]:
    """The environment of a process that works on the test's own database."""
    database = connection.settings_dict
    credentials = f"{database['USER']}:{database['PASSWORD']}"
    url = f"postgres://{credentials}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def celery(program: str, *arguments: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `celery -A dashboard worker` or `beat` until the block ends."""
    command = [sys.executable, "-m", "celery", "-A", "dashboard", program, *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=child_environment(**environment),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


@contextmanager
def worker(log: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker like that of `./run`, ready to take polls."""
    start = ("worker", *WORKER_ARGUMENTS, "--loglevel=INFO", "--concurrency=2")
    with celery(*start, *arguments, log=log, **environment) as process:
        wait_until(lambda: b"ready." in log.read_bytes() or process.poll() is not None, 30, f"worker ready, see {log}")
        assert process.poll() is None, log.read_text()
        yield process
