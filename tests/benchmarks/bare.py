"""The bare loop: the calls of one sweep through shared boto3 clients, nothing stored, in as many processes as asked.

It is what boto3 itself allows on this machine, the yardstick for a whole sweep.
"""

from __future__ import annotations

import multiprocessing
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


def sign_in(account_id: str, clients: Clients, hub: Hub) -> Gateway:
    """Assume the account's role."""
    arn = f"arn:aws:iam::{account_id}:role/R"
    session = hub.assume(RoleGrant(account_id, "aws", arn, "ext", "reader", "mqslr-scan-bare"))
    return Gateway(clients, account_id, "aws", Fixed(session))


def look(gateway: Gateway, regions: list[str], first: bool) -> None:
    """The calls of one account, one after the other: those of a first look, or those of a steady one."""
    gateway.role()
    gateway.attached_policy_arns()
    gateway.inline_policy_names()
    if first:
        gateway.region_states()
        gateway.policy(policy_arn("aws"))
    for region in regions:
        gateway.brokers(region)


@dataclass(frozen=True, slots=True)
class Share:
    """What one process needed, in seconds of the clock and of CPU: for first looks, and then for steady ones."""

    first: tuple[float, float]
    steady: tuple[float, float]


def one_process(account_ids: list[str], regions: list[str], threads: int) -> Share:
    """Look at these accounts twice, `threads` at a time; the first time it makes its clients."""
    clients, hub = Clients(SETTINGS), Hub(SETTINGS)
    with ThreadPoolExecutor(threads) as pool:

        def first_look(account_id: str) -> Gateway:
            gateway = sign_in(account_id, clients, hub)
            look(gateway, regions, first=True)
            return gateway

        began = _now()
        gateways = list(pool.map(first_look, account_ids))
        between = _now()
        list(pool.map(lambda gateway: look(gateway, regions, first=False), gateways))
        ended = _now()
    return Share(_since(began, between), _since(between, ended))


def _now() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def _since(began: tuple[float, float], ended: tuple[float, float]) -> tuple[float, float]:
    return ended[0] - began[0], ended[1] - began[1]


def bare_loop(account_ids: list[str], regions: list[str], processes: int, threads: int) -> Share:
    """What all processes together needed: the longest time of any, the CPU of all."""
    shares = [(account_ids[number::processes], regions, threads) for number in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        done = pool.starmap(one_process, shares)
    first, steady = [share.first for share in done], [share.steady for share in done]
    return Share(_together(first), _together(steady))


def _together(parts: list[tuple[float, float]]) -> tuple[float, float]:
    return max(seconds for seconds, _ in parts), sum(cpu for _, cpu in parts)
