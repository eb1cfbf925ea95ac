"""The bare loop: the calls of one sweep through shared boto3 clients, nothing stored, in as many processes as asked.

It is what boto3 itself allows on this machine, the yardstick for a whole sweep.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from accounts.aws.clients import Clients, ClientSettings
from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.gateway import Gateway
from accounts.aws.hub import Hub, RoleGrant
from accounts.domain.role import policy_arn

SETTINGS = ClientSettings(connect_timeout=5, read_timeout=20, max_attempts=3, user_agent="bare")


@dataclass(frozen=True, slots=True)
class Fixed:
    """One session, never renewed."""

    credentials: TemporaryCredentials

    def current(self) -> TemporaryCredentials:
        """The session."""
        return self.credentials

    def renew(self, stale: TemporaryCredentials) -> TemporaryCredentials:
        """No other one."""
        return self.credentials


def look(account_id: str, regions: list[str], clients: Clients, hub: Hub) -> None:
    """The calls of one account, one after the other."""
    arn = f"arn:aws:iam::{account_id}:role/R"
    session = hub.assume(RoleGrant(account_id, "aws", arn, "ext", "reader", "mqslr-scan-bare"))
    gateway = Gateway(clients, account_id, "aws", Fixed(session))
    gateway.region_states()
    gateway.role()
    gateway.attached_policy_arns()
    gateway.policy(policy_arn("aws"))
    gateway.inline_policy_names()
    for region in regions:
        gateway.brokers(region)


def one_process(account_ids: list[str], regions: list[str], threads: int) -> float:
    """Look at these accounts, `threads` at a time; gives the CPU seconds it took."""
    clients, hub = Clients(SETTINGS), Hub(SETTINGS)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda account_id: look(account_id, regions, clients, hub), account_ids))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def bare_loop(account_ids: list[str], regions: list[str], processes: int, threads: int) -> tuple[float, float]:
    """Gives (seconds, CPU seconds) of the whole, the start of the processes included."""
    shares = [(account_ids[number::processes], regions, threads) for number in range(processes)]
    started = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        cpu = sum(pool.starmap(one_process, shares))
    return time.monotonic() - started, cpu
