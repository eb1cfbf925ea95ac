"""For tests that start a house of their own: start it, wait for a line, and count what is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.demo.house import BASE_DIR

MARK = "HOUSE_UNDER_TEST"
RUN = [sys.executable, "-m", "dashboard.demo.run"]
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="counts processes in /proc")


def start(command: list[str], mark: Path, output: Path) -> subprocess.Popen[bytes]:
    """Start a command whose every process carries the mark; its output goes to a file."""
    environment = {**os.environ, MARK: str(mark)}
    with output.open("wb") as file:
        return subprocess.Popen(command, cwd=BASE_DIR, env=environment, stdout=file, stderr=file)


def say(command: list[str], mark: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    environment = {**os.environ, MARK: str(mark)}
    return subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def rolecall(folder: Path, *arguments: str, line: str = "No accounts yet") -> Iterator[subprocess.Popen[bytes]]:
    """A running Rolecall, as far as the given line of its output; killed at the end if it still runs."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output.txt"
    process = start([*RUN, "--port", "0", "--data", str(folder), *arguments], folder, output)
    try:
        wait_until(lambda: line in output.read_text() or process.poll() is not None, 120)
        assert process.poll() is None, output.read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def processes(mark: Path) -> list[str]:
    """The command lines of all living processes that carry the mark or name its folder."""
    return [found for path in Path("/proc").glob("[0-9]*") if (found := _command_if_marked(path, str(mark).encode()))]


def _command_if_marked(process: Path, mark: bytes) -> str:
    try:
        command = (process / "cmdline").read_bytes()
        environment = (process / "environ").read_bytes()  # PostgreSQL writes its title over its environment
    except OSError:
        return ""
    return command.replace(b"\0", b" ").decode(errors="replace") if mark in environment + command else ""


def wait_until(true: Callable[[], object], seconds: float) -> None:
    """Wait until something is true. Fails the test when the time is over."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not true within {seconds} s"
        time.sleep(0.05)
