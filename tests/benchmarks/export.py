"""How fast do 340,000 cells leave the web server, beside PostgreSQL's own COPY, and what memory does it take?

Run inside servers of its own: python -m dashboard.demo.with_servers -- .venv/bin/python -m tests.benchmarks.export
It makes and empties its database, so never point it at one that holds anything.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.request import Request, urlopen

from tests.benchmarks import big_estate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
LEAST, MOST_MB = 0.25, 50
# The rows of `manage.py export matrix`, in its order, as PostgreSQL itself would write them.
COPY = """COPY (
    SELECT a.account_id, a.name, a.partition, r.code, coalesce(s.presence, 'unknown'), s.policy_grade, s.trust_grade,
        coalesce(c.outcome, 'never'), c.brokers, c.rabbitmq, c.activemq, c.checked_at, c.last_ok_at,
        concat_ws(': ', nullif(c.code, ''), nullif(c.permission, ''), nullif(c.detail, ''))
    FROM accounts_account a JOIN accounts_region r ON r.partition = a.partition
    LEFT JOIN accounts_cell c ON c.account_id = a.id AND c.region_id = r.code
    LEFT JOIN accounts_rolestatus s ON s.account_id = a.id
    ORDER BY a.name, a.account_id, r.code
) TO STDOUT WITH (FORMAT csv, HEADER)"""


def main() -> None:
    """Measure COPY and each format in turn, some times, and print the best of each."""
    options = _options()
    if options.filled:
        import django

        django.setup()
    else:
        big_estate.empty_database()
        print(f"{big_estate.fill(options.accounts):,} cells")  # noqa: T201
    with web_server() as (pid, site):
        cookie = _session()
        read(f"{site}/brokers/?_export=csv&q=nobody", cookie)  # what the first request loads stays loaded
        for form in ("csv", "json", "xlsx", "csv&_as=shown"):  # the last one has as many cells, 34 of them to a line
            rounds = [(copy(), fetched(pid, f"{site}/matrix/?_export={form}", cookie)) for _ in range(options.times)]
            rows = rounds[0][0][0]
            yardstick = max(rows / seconds for (_, seconds), _ in rounds)
            ours = max(rows / seconds for _, (seconds, _, _) in rounds)
            grown, size = max(mb for _, (_, mb, _) in rounds), rounds[0][1][2]
            kept = ours >= LEAST * yardstick and grown <= MOST_MB
            print(  # noqa: T201
                f"{form:13} {rows:,} cells, {size / 1e6:.0f} MB: {ours:,.0f} rows/s, COPY {yardstick:,.0f} rows/s"
                f" = {ours / yardstick:.2f} ×; the web process grew {grown:.0f} MB{'' if kept else '  MISSED'}"
            )


def copy() -> tuple[int, float]:
    """COPY the rows to this process; gives their number and the seconds."""
    from django.db import connection

    started, lines = time.monotonic(), 0
    with connection.cursor() as cursor, cursor.copy(COPY) as blocks:
        for block in blocks:
            lines += bytes(block).count(b"\n")
    return lines - 1, time.monotonic() - started


def fetched(pid: int, address: str, cookie: str) -> tuple[float, float, int]:
    """Download; gives the seconds, by how many MB the web process grew meanwhile, and the bytes."""
    before, most, over = resident(pid), [0.0], Event()

    def watch() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], resident(pid))

    watching = Thread(target=watch)
    watching.start()
    started = time.monotonic()
    try:
        size = read(address, cookie)
    finally:
        seconds = time.monotonic() - started
        over.set()
        watching.join()
    return seconds, most[0] - before, size


def read(address: str, cookie: str) -> int:
    """Read an answer to its end; gives its length."""
    with urlopen(Request(address, headers={"Cookie": cookie})) as answer:
        return sum(iter(lambda: len(answer.read(1 << 20)), 0))


def resident(pid: int) -> float:
    """The memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@contextmanager
def web_server() -> Iterator[tuple[int, str]]:
    """The production web server with one worker; yields the worker's process id and the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--bind", f"127.0.0.1:{port}"]
    options = ["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket"]
    process = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        yield _worker_of(process.pid, port), f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _worker_of(pid: int, port: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                if children:
                    return int(children[0])
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError("gunicorn did not start within a minute")


def _session() -> str:
    from django.contrib.auth.models import User
    from django.test import Client

    user, _ = User.objects.get_or_create(username="benchmark", is_superuser=True)
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--filled", action="store_true", help="the database of DATABASE_URL has such an estate already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
