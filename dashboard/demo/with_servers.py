"""`python -m dashboard.demo.with_servers -- COMMAND …`: run a command beside a PostgreSQL and a Valkey of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dashboard.demo.aws_environment import NOBODY, speak_only_to
from dashboard.demo.children import Children, Program
from dashboard.demo.house import BASE_DIR, House, HouseError, take_lock
from dashboard.demo.servers import start_servers, wait_for_servers
from dashboard.demo.stopping import Stopped, raise_when_told, take_no_more

TEST_FOLDER = BASE_DIR / ".rolecall" / "test"


def main(arguments: Sequence[str]) -> int:
    """Give the command's exit code; 1 when the servers do not start."""
    if arguments[:1] != ["--"] or len(arguments) < 2:
        print("usage: python -m dashboard.demo.with_servers -- COMMAND …", file=sys.stderr)
        return 2
    raise_when_told()
    try:
        house = fresh_house()
        return _run(house, list(arguments[1:]))
    except HouseError as error:
        print(f"Rolecall: {error}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return stopped.exit_code


def _run(house: House, command: Sequence[str]) -> int:
    with take_lock(house) as lock:
        children = Children(house, keep_open=(lock.fileno(),))
        try:
            starting = start_servers(children, throwaway=True)
            wait_for_servers(children, starting)
            os.environ.update(starting.servers.environment())
            speak_only_to(NOBODY)
            program = Program("command", command, stop_signal=signal.SIGINT, logged=False)
            return children.start(program).process.wait()
        finally:
            take_no_more()
            children.stop(["command"], grace=10)  # pytest still writes its summary and tears down
            children.close()
            shutil.rmtree(house.root, ignore_errors=True)


def fresh_house() -> House:
    """A new folder for this run; folders that a killed run left behind are removed."""
    house = House(TEST_FOLDER)
    house.make()
    for left in TEST_FOLDER.glob("run-*"):
        _remove_if_left(left)
    fresh = House(Path(tempfile.mkdtemp(prefix="run-", dir=TEST_FOLDER)))
    fresh.make()
    return fresh


def _remove_if_left(folder: Path) -> None:
    try:
        with take_lock(House(folder), patience=0):
            shutil.rmtree(folder, ignore_errors=True)
    except (HouseError, OSError):
        pass  # somebody's running tests, or gone meanwhile


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
