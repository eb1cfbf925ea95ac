"""Everything that the kill benchmark runs, each part killable and started again on the same port and data."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import django
import psycopg

from dashboard.demo import programs
from dashboard.demo.aws_environment import speak_only_to
from dashboard.demo.children import Child, Children, Program
from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY
from dashboard.demo.house import House, HouseError, free_port, listen
from dashboard.demo.local_aws.client import LocalAws
from dashboard.demo.servers import start_servers, wait_for_servers

VICTIMS = ("web", "worker", "worker-2", "beat", "valkey", "postgres")


class KillHouse:
    """The house and its programs by name."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.house.make()
        self.children = Children(self.house)
        self.running: dict[str, Child] = {}
        self.restarted: Counter[str] = Counter()
        self.listener = listen(0)

    def start(self) -> None:
        """Start the servers and the local AWS, and make the tables."""
        port = free_port()
        self.aws = LocalAws(f"http://127.0.0.1:{port}")
        speak_only_to(self.aws.url, HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY)
        aws = self.children.start(programs.local_aws(port))
        # A PostgreSQL that commits asynchronously is the harder case: what it said last is lost when it is killed.
        starting = start_servers(self.children, throwaway=True)
        os.environ.update(starting.servers.environment(), STATIC_ROOT=str(self.house.root / "static"))
        wait_for_servers(self.children, starting)
        self.running |= {"postgres": starting.postgres, "valkey": starting.valkey}
        self.children.wait_until(aws, lambda: programs.local_aws_answers(self.house))
        self.aws.reset("empty")
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)

    def start_programs(self) -> None:
        """Start web, two workers and beat."""
        second = programs.worker()
        workers = [programs.worker(), Program("worker-2", [*second.command, "-n", "second@%h"])]
        for program in (*workers, programs.beat(), programs.web(self.listener)):
            self.running[program.name] = self.children.start(program)

    def kill(self, name: str) -> None:
        """SIGKILL to all processes of one program, at this moment."""
        os.killpg(self.running[name].process.pid, signal.SIGKILL)

    def mend(self) -> None:
        """Start again whatever is not running, as a service manager does."""
        for name, child in list(self.running.items()):
            if child.process.poll() is None:
                continue
            if child.process.returncode != -signal.SIGKILL:
                self.restarted[f"{name} ({child.process.returncode})"] += 1
                log = self.house.log(name)
                log.rename(log.with_suffix(f".{self.restarted.total()}.log"))  # its next life begins the log anew
            self.children.stop([name], grace=0)
            self.running[name] = self.children.start(child.program)
            if name == "postgres":
                _wait_for_postgres(self.running[name])

    def stop(self) -> None:
        """End everything."""
        self.listener.close()
        self.children.close()


def _postgres_answers() -> bool:
    try:
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait_for_postgres(child: Child, seconds: float = 20) -> None:
    """Wait; one whose last life still holds its memory ends at once, and is started again by the next `mend`."""
    ends = time.monotonic() + seconds
    while not _postgres_answers() and child.process.poll() is None:
        if time.monotonic() > ends:
            raise HouseError("PostgreSQL did not come back")
        time.sleep(0.1)
