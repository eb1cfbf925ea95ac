"""PostgreSQL and Redis restarted under a running sweep: it ends by itself, and the workers live on without help."""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dashboard.demo.local_aws.client import LocalAws, start_local_aws
from tests.local_aws import hub_environment
from tests.own_servers import OwnServers, own_servers
from tests.processes import celery, wait_until, worker

pytestmark = pytest.mark.processes

ACCOUNTS = 12
FIRST_ACCOUNT = "400000000001"
REGIONS = ("us-east-1", "eu-west-1", "eu-west-2")
# What every poll asks exactly once; the rest is remembered from poll to poll.
ROUND = {("GetRole", "us-east-1"), *(("ListBrokers", region) for region in REGIONS)}
DOWN_SECONDS = 2.0
IN_GOOD_TIME = 90.0  # far below the lease: nobody waited for one to expire


@dataclass
class Site:
    """Servers, a local AWS, a worker and beat."""

    own: OwnServers
    aws: LocalAws
    processes: dict[str, subprocess.Popen[bytes]]

    def begin_sweep(self) -> int:
        """Start a sweep over everything and wait for its middle; gives its number."""
        self.aws.clear_log()
        self.own.manage("poll", **hub_environment(self.aws))
        number = int(self.own.ask("SELECT max(id) FROM accounts_sweep")[0][0])
        wait_until(lambda: self.polls(number).get("done", 0) >= 3, 20, "three accounts done")
        assert self.polls(number).get("queued", 0) >= 3
        return number

    def polls(self, sweep: int) -> dict[str, int]:
        """How many polls of a sweep are in each state."""
        return dict(self.own.ask(f"SELECT state, count(*) FROM accounts_poll WHERE sweep_id = {sweep} GROUP BY state"))

    def over(self, sweep: int) -> bool:
        """Say whether a sweep is over."""
        return self.own.ask(f"SELECT state FROM accounts_sweep WHERE id = {sweep}") == [("done",)]


def rounds(log: Iterable[dict[str, Any]]) -> dict[str, list[set[tuple[str, str]]]]:
    """The local AWS's log, account by account, cut wherever a question comes again.

    One poll after another gives whole rounds; two at once give broken ones.
    """
    found: dict[str, list[set[tuple[str, str]]]] = defaultdict(lambda: [set()])
    for call in log:
        question = (call["action"], call["region"])
        if question not in ROUND:
            continue
        if question in found[call["account"]][-1]:
            found[call["account"]].append(set())
        found[call["account"]][-1].add(question)
    return found


def broken_rounds(log: Iterable[dict[str, Any]]) -> list[str]:
    """The accounts that were asked by two at once, or not to the end."""
    return [account for account, found in rounds(log).items() if any(one != ROUND for one in found)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A worker of two processes, beat, and a dozen accounts that take half a second each."""
    logs = tmp_path_factory.mktemp("logs")
    with own_servers() as own, start_local_aws("empty") as aws:
        own.ask(f"UPDATE accounts_region SET polled = false WHERE code NOT IN {REGIONS}")
        import_accounts(own, aws, logs / "accounts.csv")
        aws.set(latency_seconds=0.12)
        environment = {**own.servers.environment(), **hub_environment(aws), "POLL_RESEND_SECONDS": "5"}
        with (
            worker(logs / "worker.log", **environment) as working,
            celery("beat", log=logs / "beat.log", **environment) as beating,
        ):
            yield Site(own, aws, {"worker": working, "beat": beating})


def import_accounts(own: OwnServers, aws: LocalAws, file: Path) -> None:
    lines = ["account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags"]
    for number, _ in zip(count(int(FIRST_ACCOUNT)), range(ACCOUNTS), strict=False):
        aws.put_account(str(number), name=f"a{number}", external_id=f"ext-{number}", role={})
        lines.append(f"{number},a{number},arn:aws:iam::{number}:role/MqSlrReader,,ext-{number},")
    file.write_text("\n".join(lines) + "\n")
    own.manage("import_accounts", str(file))
    # Only what these tests ask for is polled.
    own.ask("UPDATE accounts_account SET next_poll_at = now() + interval '1 day'")


def test_the_log_tells_two_polls_at_once_from_one_after_the_other() -> None:
    one = [{"account": FIRST_ACCOUNT, "action": action, "region": region} for action, region in sorted(ROUND)]

    assert broken_rounds([*one, *one]) == []
    assert broken_rounds([*one[:3], *one, one[3]]) == [FIRST_ACCOUNT]
    assert broken_rounds([one[0], *one, *one[1:]]) == [FIRST_ACCOUNT]


def test_a_sweep_outlives_a_crash_of_postgresql(site: Site) -> None:
    sweep = site.begin_sweep()

    site.own.crash_postgres()
    time.sleep(DOWN_SECONDS)
    site.own.start_postgres()

    wait_until(lambda: site.over(sweep), IN_GOOD_TIME, f"sweep {sweep} ends: {site.polls(sweep)}")
    everything_is_as_it_should_be(site, sweep)


def test_a_sweep_outlives_a_redis_that_comes_back_empty(site: Site) -> None:
    sweep = site.begin_sweep()

    site.own.crash_valkey()
    time.sleep(DOWN_SECONDS)
    site.own.start_valkey()

    wait_until(lambda: site.over(sweep), IN_GOOD_TIME, f"sweep {sweep} ends: {site.polls(sweep)}")
    everything_is_as_it_should_be(site, sweep)


def everything_is_as_it_should_be(site: Site, sweep: int) -> None:
    assert site.polls(sweep) == {"done": ACCOUNTS}
    log = site.aws.log()
    assert len(rounds(log)) == ACCOUNTS
    assert broken_rounds(log) == []
    assert {name: process.poll() for name, process in site.processes.items()} == {"worker": None, "beat": None}
    site.own.manage("poll", "--wait", "--account", FIRST_ACCOUNT)
