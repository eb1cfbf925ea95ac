"""The processes that Rolecall starts: each in a session of its own, logged, known to the watchdog, ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dashboard.demo import watchdog
from dashboard.demo.house import BASE_DIR, House, HouseError

TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: a name for people and the log, the command, and the signal that asks it to end."""

    name: str
    command: Sequence[str]
    stop_signal: signal.Signals = signal.SIGTERM
    pass_fds: tuple[int, ...] = ()
    user: str | None = None
    logged: bool = True


@dataclass(frozen=True, slots=True)
class Child:
    """A program that was started."""

    program: Program
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        """Its name for people."""
        return self.program.name


class ChildEndedError(HouseError):
    """A child ended that nobody asked to end."""


class Children:
    """All children of one house, and the watchdog that outlives us to end them."""

    def __init__(self, house: House, keep_open: tuple[int, ...] = ()) -> None:
        """Start the watchdog, which also keeps the given file descriptors open until all children are gone."""
        self.house = house
        self._children: list[Child] = []
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(watchdog.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=keep_open,
        )
        if self._watchdog.stdin is None:
            raise AssertionError("the watchdog was started with a pipe")
        self._pipe: IO[bytes] = self._watchdog.stdin

    def start(self, program: Program) -> Child:
        """Start a program. Its output goes to its log, which is begun anew."""
        output: IO[bytes] | None = self.house.log(program.name).open("wb") if program.logged else None
        try:
            process = subprocess.Popen(
                program.command,
                cwd=BASE_DIR,
                stdin=subprocess.DEVNULL if program.logged else None,
                stdout=output,
                stderr=subprocess.STDOUT if program.logged else None,
                start_new_session=True,
                pass_fds=program.pass_fds,
                preexec_fn=self._announcement(program),  # safe: no thread is running
                **_as_user(program.user),
            )
        finally:
            if output:
                output.close()
        child = Child(program, process)
        self._children.append(child)
        return child

    def _announcement(self, program: Program) -> Callable[[], None]:
        """The child names itself to the watchdog before it becomes the program: we may be killed at any instruction."""
        pipe, number = self._pipe.fileno(), int(program.stop_signal)

        def announce() -> None:
            os.write(pipe, b"+%d %d\n" % (os.getpid(), number))

        return announce

    def check(self) -> None:
        """Raise ChildEndedError, with the end of its log, when a child has ended by itself."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise ChildEndedError(f"{child.name} ended by itself ({_how(code)}).{self._tail(child.name)}")
        if self._watchdog.poll() is not None:
            raise ChildEndedError("the watchdog ended by itself.")

    def wait_until(self, child: Child, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until `ready` says yes. Raises HouseError when a child dies or the time is over."""
        until = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > until:
                raise HouseError(f"{child.name} did not get ready in {seconds:.0f} s.{self._tail(child.name)}")
            time.sleep(0.05)

    def _tail(self, name: str) -> str:
        log = self.house.log(name)
        try:
            with log.open(errors="replace") as file:
                lines = deque(file, maxlen=TAIL_LINES)
        except OSError:
            return ""
        return f" The end of {log}:\n" + "".join(f"    {line.rstrip()}\n" for line in lines).rstrip()

    def stop(self, names: Sequence[str] | None = None, grace: float = 4.0) -> None:
        """End the named children (all when None) at once: ask, wait up to `grace` seconds, kill."""
        going = [child for child in self._children if names is None or child.name in names]
        groups = {child.process.pid: int(child.program.stop_signal) for child in going}
        for group, number in groups.items():
            watchdog.send(group, number)
        until = time.monotonic() + grace
        while time.monotonic() < until and not all(_gone(child) for child in going):
            time.sleep(0.03)
        for child in going:
            watchdog.send(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._children.remove(child)
            self._forget(child.process.pid)

    def _forget(self, group: int) -> None:
        with suppress(BrokenPipeError):  # the watchdog was killed: nothing to tell it
            self._pipe.write(b"-%d\n" % group)
            self._pipe.flush()

    def close(self) -> None:
        """End all children and the watchdog."""
        self.stop()
        with suppress(BrokenPipeError):
            self._pipe.close()
        self._watchdog.wait()


def _gone(child: Child) -> bool:
    return child.process.poll() is not None and not watchdog.send(child.process.pid, 0)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _as_user(user: str | None) -> dict[str, Any]:
    return {"user": user, "group": user, "extra_groups": []} if user else {}
