"""A PostgreSQL and a Valkey of a test's own: to be killed, and started again on the same port and the same data."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dashboard.demo.children import Child, Children
from dashboard.demo.house import House, take_lock
from dashboard.demo.servers import Servers, Starting, start_servers, wait_for_servers
from dashboard.demo.with_servers import fresh_house
from tests.processes import ROOT, child_environment


@dataclass
class OwnServers:
    """Two servers that nobody else uses."""

    children: Children
    starting: Starting

    @property
    def servers(self) -> Servers:
        """How to reach them."""
        return self.starting.servers

    @property
    def house(self) -> House:
        """Their folder."""
        return self.children.house

    def crash_postgres(self) -> None:
        """What `pg_ctl stop -m immediate` does: every connection breaks, nothing is tidied up."""
        self._end(self.starting.postgres, signal.SIGQUIT)

    def start_postgres(self) -> None:
        """Start it again; it recovers from its log."""
        self.starting = replace(self.starting, postgres=self.children.start(self.starting.postgres.program))
        wait_for_servers(self.children, self.starting)

    def crash_valkey(self) -> None:
        """Kill it: it keeps nothing."""
        self._end(self.starting.valkey, signal.SIGKILL)

    def start_valkey(self) -> None:
        """Start it again, empty."""
        self.starting = replace(self.starting, valkey=self.children.start(self.starting.valkey.program))
        wait_for_servers(self.children, self.starting)

    def _end(self, child: Child, number: signal.Signals) -> None:
        child.process.send_signal(number)
        child.process.wait(20)
        self.children.stop([child.name], grace=0)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        with psycopg.connect(self.servers.database_url, autocommit=True) as database:
            answer = database.execute(query.encode())
            return answer.fetchall() if answer.description else []

    def manage(self, *arguments: str, **environment: str) -> None:
        """Run `manage.py` beside them for at most a minute. Fails the test when it fails."""
        command = [sys.executable, "manage.py", *arguments]
        everything = child_environment(**self.servers.environment(), **environment)
        done = subprocess.run(command, cwd=ROOT, env=everything, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, f"{arguments}: {(done.stdout + done.stderr).decode()}"


@contextmanager
def own_servers() -> Iterator[OwnServers]:
    """Both, up and migrated, until the block ends. They write to the disk as a real installation's do."""
    house = fresh_house()
    with take_lock(house) as lock:
        children = Children(house, keep_open=(lock.fileno(),))
        try:
            own = OwnServers(children, start_servers(children))
            wait_for_servers(children, own.starting)
            own.manage("migrate", "--verbosity=0")
            yield own
        finally:
            children.close()
            shutil.rmtree(house.root, ignore_errors=True)
