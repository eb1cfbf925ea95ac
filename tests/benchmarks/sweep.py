"""How fast is a whole sweep beside the bare loop, on this machine, at this moment?

Run inside servers of its own: python -m dashboard.demo.with_servers -- .venv/bin/python -m tests.benchmarks.sweep
It makes and empties its database, so never point it at one that holds anything.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from dashboard.demo.programs import WORKER_ARGUMENTS
from tests.benchmarks import peers
from tests.benchmarks.gauges import cpu_seconds, family, memory_mb

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


@dataclass(frozen=True, slots=True)
class Measured:
    """One sweep: its accounts, the seconds it took, the calls it made, the CPU seconds of its workers."""

    accounts: int
    seconds: float
    calls: int
    cpu: float

    @property
    def rate(self) -> float:
        """Accounts per second."""
        return self.accounts / self.seconds

    def __str__(self) -> str:
        each = f"{self.calls / self.accounts:.1f} calls an account, {1000 * self.cpu / self.calls:.2f} ms of CPU a call"
        return f"{self.seconds:.1f} s, {self.rate:.1f} accounts/s, {each}"


@dataclass(frozen=True, slots=True)
class Bench:
    """The canned AWS's address, and the workers that sweep."""

    address: str
    pids: Sequence[int]

    def sweep(self, first: int = 0, accounts: int | None = None) -> Measured:
        """One whole sweep as the schedule begins them, over all accounts or over so many."""
        from accounts.models import Account, Sweep
        from accounts.services.sweeps import progress_of, request_sweep

        chosen = Account.objects.order_by("account_id")[first : first + accounts if accounts else None]
        made, cpu, started = calls(self.address), cpu_seconds(self.pids), time.monotonic()
        sweep = request_sweep(
            Account.objects.filter(pk__in=list(chosen.values_list("pk", flat=True))), "schedule", "benchmark"
        )
        running = Sweep.objects.filter(pk=sweep.pk, state=Sweep.State.RUNNING).order_by()
        while running.exists():  # and no more: counting its polls twenty times a second took 4 % of the machine
            time.sleep(0.05)
        seconds = time.monotonic() - started
        sweep.refresh_from_db()
        progress = progress_of(sweep)
        assert progress.failed == progress.failing_regions == 0, progress
        return Measured(progress.total, seconds, calls(self.address) - made, cpu_seconds(self.pids) - cpu)

    def memory(self) -> str:
        """Memory of each process that works, now and at its peak."""
        each = [f"{memory_mb(pid):.0f} ({memory_mb(pid, 'VmHWM'):.0f})" for pid in family(self.pids)]
        return f"memory (peak) of each process: {', '.join(each)} MB"


def main() -> None:
    """Measure in turn and print the ratios."""
    options = _options()
    with standin(options.latency_ms) as address:
        os.environ.update(AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="ASIA000000000000", AWS_SECRET_ACCESS_KEY="s")
        ids, regions = prepare(sum(options.sizes) if options.sizes else options.accounts, options.regions)
        if options.sizes:
            _sizes(options, address)
        elif options.compare_workers:
            _one_against_two(options, address)
        else:
            _beside_the_bare_loop(options, address, ids, regions)


def _beside_the_bare_loop(options: argparse.Namespace, address: str, ids: list[str], regions: list[str]) -> None:
    """A first sweep, then steady ones; a sweep has a ratio only when the bare loop ran right before it."""
    with workers(options.processes, options.worker.split()) as found:
        bench = Bench(address, [process.pid for process in found])
        for number in range(options.sweeps):
            beside = number in (0, 1, options.sweeps - 1)
            bare = _bare(options, ids, regions, first=number == 0) if beside else None
            measured = bench.sweep()
            ratio = f"; {measured.rate / bare.rate:.2f} × the bare loop" if bare else ""
            print(f"sweep {number + 1}: {measured}{ratio}\n    {bench.memory()}", flush=True)  # noqa: T201
        if options.peers:
            _beside_peers(ids[: options.peers], regions, measured.rate)


def _bare(options: argparse.Namespace, ids: list[str], regions: list[str], first: bool) -> Measured:
    """The yardstick: the same calls as the sweep that follows, asked by warm clients unless it is the first."""
    from tests.benchmarks.bare import bare_loop

    share = bare_loop(ids, regions, options.processes, options.threads)
    seconds, cpu = share.first if first else share.steady
    asked = len(ids) * (len(regions) + (7 if first else 3))
    measured = Measured(len(ids), seconds, asked, cpu)
    print(f"bare loop: {measured}")  # noqa: T201
    return measured


def _sizes(options: argparse.Namespace, address: str) -> None:
    """First looks at ever more accounts, none of them seen before, by workers that are warm."""
    with workers(options.processes, options.worker.split()) as found:
        bench, first, base = Bench(address, [process.pid for process in found]), 0, 0.0
        for number, size in enumerate(options.sizes):
            measured = bench.sweep(first, size)
            first += size
            if number == 0:
                continue  # the workers have made their clients
            base = base or measured.seconds / size
            times = measured.seconds / size / base
            print(f"{size} accounts: {measured}; {times:.2f} × the time for each", flush=True)  # noqa: T201
            print(f"    {bench.memory()}", flush=True)  # noqa: T201


def _one_against_two(options: argparse.Namespace, address: str) -> None:
    rates = []
    for processes in (1, 2):
        with workers(processes, options.worker.split()) as found:
            bench = Bench(address, [process.pid for process in found])
            bench.sweep()
            measured = max((bench.sweep() for _ in range(options.sweeps)), key=lambda one: one.rate)
        rates.append(measured.rate)
        print(f"{processes} worker(s): {measured}", flush=True)  # noqa: T201
    print(f"two are {rates[1] / rates[0]:.2f} × one")  # noqa: T201


def _beside_peers(ids: list[str], regions: list[str], ours: float) -> None:
    peers.prepare()
    for name, measure in (("botocove", peers.botocove), ("c7n-org", peers.c7n_org)):
        theirs = measure(ids, regions)
        print(f"{name}: {theirs:.2f} accounts/s; Rolecall is {ours / theirs:.0f} times as fast")  # noqa: T201


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--regions", type=int, default=16)
    parser.add_argument("--latency-ms", type=float, default=80)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=64, help="of the bare loop, per process")
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument("--peers", type=int, default=0, help="measure the peers too, over so many accounts")
    parser.add_argument(
        "--sizes", type=int, nargs="+", help="sweeps over so many new accounts each, the first to warm up"
    )
    parser.add_argument("--compare-workers", action="store_true", help="one worker against two")
    parser.add_argument("--worker", default=" ".join(WORKER_ARGUMENTS), help="arguments of each Celery worker")
    return parser.parse_args()


if __name__ == "__main__":
    main()
