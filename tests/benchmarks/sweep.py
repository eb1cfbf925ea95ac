"""How fast is a whole sweep beside the bare loop, on this machine, at this moment?

Run inside servers of its own: python -m dashboard.demo.with_servers -- .venv/bin/python -m tests.benchmarks.sweep
It makes and empties its database, so never point it at one that holds anything.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from tests.benchmarks import peers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")


@contextmanager
def standin(latency_ms: float) -> Iterator[str]:
    """The canned AWS as a process of its own; yields its address."""
    command = [sys.executable, "-m", "tests.benchmarks.standin", "--latency-ms", str(latency_ms)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.wait(5)


def calls(address: str) -> int:
    """How many calls the canned AWS has answered."""
    with urlopen(f"{address}/_calls") as answer:
        return int(answer.read())


def prepare(accounts: int, regions: int) -> tuple[list[str], list[str]]:
    """Make the tables anew and fill in accounts; gives account ids and the polled regions."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    from accounts.models import Account, Region

    ids = [f"{200000000000 + number}" for number in range(accounts)]
    Account.objects.bulk_create(
        Account(account_id=i, name=i, partition="aws", reader_role_arn=f"arn:aws:iam::{i}:role/R", external_id="ext")
        for i in ids
    )
    polled = [row.code for row in Region.objects.filter(partition="aws", beyond_guide=False)[:regions]]
    Region.objects.exclude(code__in=polled).update(polled=False)
    return ids, polled


@contextmanager
def workers(processes: int, arguments: list[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Celery workers, ready."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        logs = [folder / f"worker-{number}.log" for number in range(processes)]
        found = [stack.enter_context(_worker(log, arguments)) for log in logs]
        deadline = time.monotonic() + 60
        while not all(b"ready." in log.read_bytes() for log in logs) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield found


@contextmanager
def _worker(log: Path, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "celery", "-A", "dashboard", "worker", "-n", f"{log.stem}@bench", "-l", "INFO"]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *arguments], stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def sweep_once(reason: str = "schedule") -> float:
    """One whole sweep through the workers, steady as the schedule's are; gives its seconds."""
    from accounts.models import Account
    from accounts.services.sweeps import progress_of, request_sweep

    started = time.monotonic()
    sweep = request_sweep(Account.objects.all(), reason, "benchmark")
    while not (progress := progress_of(sweep)).finished:
        time.sleep(0.05)
        sweep.refresh_from_db()
    seconds = time.monotonic() - started
    assert progress.failed == progress.failing_regions == 0, progress
    return seconds


def main() -> None:
    """Measure in turn and print the ratios."""
    options = _options()
    from tests.benchmarks.bare import bare_loop

    with standin(options.latency_ms) as address:
        os.environ.update(AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="ASIA000000000000", AWS_SECRET_ACCESS_KEY="s")
        ids, regions = prepare(options.accounts, options.regions)
        bare_seconds, bare_cpu = bare_loop(ids, regions, options.processes, options.threads)
        made = calls(address)
        _say("bare loop", len(ids), bare_seconds, bare_cpu, made)
        with workers(options.processes, options.worker.split()):
            for number in range(options.sweeps):
                seconds = sweep_once()
                now = calls(address)
                _say(f"sweep {number + 1}", len(ids), seconds, 0.0, now - made)
                print(f"    {bare_seconds / seconds:.2f} × the bare loop")  # noqa: T201
                made = now
            if options.peers:
                _beside_peers(ids[: options.peers], regions, len(ids) / seconds)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"all children: {children.ru_utime + children.ru_stime:.1f} s of CPU")  # noqa: T201


def _beside_peers(ids: list[str], regions: list[str], ours: float) -> None:
    peers.prepare()
    for name, measure in (("botocove", peers.botocove), ("c7n-org", peers.c7n_org)):
        theirs = measure(ids, regions)
        print(f"{name}: {theirs:.2f} accounts/s; Rolecall is {ours / theirs:.0f} times as fast")  # noqa: T201


def _say(what: str, accounts: int, seconds: float, cpu: float, made: int) -> None:
    each = f", {1000 * cpu / made:.2f} ms of CPU a call" if cpu else ""
    print(f"{what}: {seconds:.1f} s, {accounts / seconds:.1f} accounts/s, {made / accounts:.1f} calls an account{each}")  # noqa: T201


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--regions", type=int, default=16)
    parser.add_argument("--latency-ms", type=float, default=80)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=64, help="of the bare loop, per process")
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument("--peers", type=int, default=0, help="measure the peers too, over so many accounts")
    parser.add_argument("--worker", default="--concurrency=4", help="further arguments of each Celery worker")
    return parser.parse_args()


if __name__ == "__main__":
    main()
