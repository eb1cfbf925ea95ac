"""The folder that everything lives in, the lock on it, and what is checked before anything starts."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

BASE_DIR = Path(__file__).resolve().parent.parent.parent
LEAST_FREE_BYTES = 300 * 1024 * 1024


class HouseError(Exception):
    """Something that the person who typed the command can put right; its text is the one line they read."""


@dataclass(frozen=True, slots=True)
class House:
    """One data folder and the places in it."""

    root: Path

    @property
    def logs(self) -> Path:
        """A log file per child."""
        return self.root / "logs"

    def log(self, name: str) -> Path:
        """The log of one child."""
        return self.logs / f"{name}.log"

    def make(self, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        """Make the folders. Raises HouseError when they cannot be written to, or the disk is nearly full."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            probe = self.root / ".writable"
            probe.write_text("yes")
            probe.unlink()
        except OSError as error:
            raise HouseError(f"cannot write in {self.root}: {error.strerror}. Give the folder to this user.") from error
        free = shutil.disk_usage(self.root).free
        if free < least_free_bytes:
            least = least_free_bytes >> 20
            raise HouseError(
                f"the disk of {self.root} has {free >> 20} MB free; {least} MB are needed. Make room first."
            )


def take_lock(house: House, patience: float = 10.0) -> TextIO:
    """Give the locked file; it stays locked while anybody holds it open. Raises HouseError when another holds it.

    The watchdog holds it too, so a lock whose owner is dead means: its children are still being ended. Then wait.
    """
    file = (house.root / "lock").open("a+")
    until = time.monotonic() + patience
    while not _try_lock(file):
        file.seek(0)
        pid, _, address = file.read().strip().partition(" ")
        if _alive(pid) or time.monotonic() > until:
            file.close()
            where = f" at {address}" if address else ""
            raise HouseError(f"already running{where} (process {pid or 'unknown'}). Stop that one first.")
        time.sleep(0.2)
    return file


def sign_lock(file: TextIO, address: str) -> None:
    """Write down who holds the lock and where it answers."""
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()} {address}\n")
    file.flush()


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: str) -> bool:
    if not pid.isdigit():
        return True  # locked and not signed yet: somebody is just starting
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def free_port() -> int:
    """Give a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listen(port: int) -> socket.socket:
    """Take a port of 127.0.0.1 (0: any free one) before anything is started. Raises HouseError when it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        why = "needs root" if isinstance(error, PermissionError) else "is in use by another program"
        raise HouseError(f"port {port} {why}. Choose another: ./run --port {port + 1}") from error
    return listener


def port_of(listener: socket.socket) -> int:
    """The port that a listener has."""
    port: int = listener.getsockname()[1]
    return port
