"""Ends every child of Rolecall once Rolecall itself is gone, however it went: even SIGKILL closes a pipe.

Run as a program of its own, with the standard library alone, so that it starts in milliseconds. Standard input is the
pipe. A line `+PID SIGNAL` names a process group and the signal that asks it to end; `-PID` says that it is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 5.0


def read_groups(lines: Iterable[str]) -> dict[int, int]:
    """Read lines until the pipe ends; give the groups still open, each with its signal."""
    groups: dict[int, int] = {}
    for line in lines:
        sign, *numbers = line[:1], *line[1:].split()
        if sign == "+" and len(numbers) == 2:
            groups[int(numbers[0])] = int(numbers[1])
        elif sign == "-" and numbers:
            groups.pop(int(numbers[0]), None)
    return groups


def send(group: int, number: int) -> bool:
    """Signal a process group (0: only look). False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers "not permitted" for a group of zombies
        return False
    return True


def end_groups(groups: dict[int, int], grace: float = GRACE_SECONDS) -> None:
    """Ask every group to end, newest first, and kill what is left after `grace` seconds."""
    for group, number in reversed(groups.items()):
        send(group, number)
    until = time.monotonic() + grace
    while any(send(group, 0) for group in groups) and time.monotonic() < until:
        time.sleep(0.05)
    for group in groups:
        send(group, signal.SIGKILL)


def main() -> None:
    """Wait for the pipe to end, then end the groups."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # a closed terminal must not take the watchdog first
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    end_groups(read_groups(sys.stdin))


if __name__ == "__main__":
    main()
