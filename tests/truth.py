"""Polling a seeded world through the services and comparing every cell with what the world says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from accounts.models import Account, Broker, Cell, Region, RoleStatus, SealedCredential, Sweep
from accounts.services.polling import run_poll
from accounts.services.sweeps import request_sweep
from dashboard.demo.local_aws.client import LocalAws
from tests.causes import Says, fits
from tests.worlds import Place, Plan, draw

ROUNDS = 2  # the first fills the cells, the second must keep what it cannot read


@dataclass
class Tally:
    """What was compared: cells by what they had to say, and everything that was not so."""

    cells: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def expect(self, what: str, actual: object, expected: object) -> None:
        """Note a difference."""
        if actual != expected:
            self.wrong.append(f"{what}: {actual!r} instead of {expected!r}")


@dataclass
class Memory:
    """What each cell must remember: the last answered place, and when that was."""

    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    times: dict[tuple[str, str], datetime] = field(default_factory=dict)
    presence: dict[str, str] = field(default_factory=dict)


def compare_world(aws: LocalAws, seed: int, accounts: int, threads: int, tally: Tally) -> None:
    """Make a world from a seed, poll it round by round, and add every cell to the tally."""
    rnd, memory = random.Random(seed), Memory()
    watched = _watch(seed, accounts)
    regions: dict[str, dict[str, bool]] = {"aws": {}, "aws-us-gov": {}}
    for row in Region.objects.filter(polled=True, partition__in=regions).order_by("code"):
        regions[row.partition][row.code] = row.opt_in
    for round_number in range(ROUNDS):
        aws.reset("empty")
        plans = [draw(rnd, a.account_id, a.partition, regions[a.partition], round_number == 0) for a in watched]
        for plan in plans:
            plan.play(aws)
        shut = [plan.account_id for plan in plans if plan.door != "open"]
        SealedCredential.objects.filter(account__account_id__in=shut).delete()  # who has a session is in already
        _poll(watched, threads)
        for plan in plans:
            _compare(plan, memory, tally, f"seed {seed}, round {round_number + 1}, {plan.account_id}")


def _watch(seed: int, accounts: int) -> list[Account]:
    Account.objects.all().delete()
    ids = [
        (f"{400000000000 + 1000 * seed + number}", "aws-us-gov" if number % 15 == 14 else "aws")
        for number in range(accounts)
    ]
    return Account.objects.bulk_create(
        Account(
            account_id=account_id,
            name=account_id,
            partition=partition,
            reader_role_arn=f"arn:{partition}:iam::{account_id}:role/MqSlrReader",
            external_id=f"ext-{account_id}",
        )
        for account_id, partition in ids
    )


def _poll(watched: list[Account], threads: int) -> None:
    chosen = Account.objects.filter(pk__in=[account.pk for account in watched])
    sweep = request_sweep(chosen, Sweep.Reason.COMMAND, "test", send=False)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(_run, sweep.polls.values_list("pk", flat=True)))


def _run(poll_pk: int) -> None:
    try:
        run_poll(poll_pk)
    finally:
        connection.close()  # the thread's own


def _compare(plan: Plan, memory: Memory, tally: Tally, where: str) -> None:
    account = Account.objects.get(account_id=plan.account_id)
    cells = {cell.region_id: cell for cell in account.cells.all()}
    tally.expect(f"{where}: regions", sorted(cells), sorted(plan.places))
    seen = _brokers_by_region(account)
    for region, cell in cells.items():
        expected = plan.cell(region)
        tally.cells[f"{expected.outcome} {expected.code}".strip()] += 1
        _compare_cell(cell, expected, f"{where}, {region} ({plan.places[region].cause or plan.door})", tally)
        key = (plan.account_id, region)
        if expected.outcome == "ok":
            memory.places[key], memory.times[key] = plan.places[region], cell.checked_at
        tally.expect(f"{where}, {region}: last good look", cell.last_ok_at, memory.times.get(key))
        _compare_brokers(cell, seen.get(region, []), memory.places.get(key), f"{where}, {region}", tally)
    _compare_role(account, plan, memory, tally, where)


def _brokers_by_region(account: Account) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = {}
    for broker in Broker.objects.filter(account=account):
        owner = broker.arn.split(":")[4]
        found.setdefault(broker.region_id, []).append((f"{owner} {broker.name}", broker.engine, broker.state))
    return found


def _compare_cell(cell: Cell, expected: Says, where: str, tally: Tally) -> None:
    actual = Says(cell.outcome, cell.code, cell.detail, cell.permission)
    if not fits(actual, expected, cell.region_id):
        tally.expect(where, actual, expected)


def _compare_brokers(
    cell: Cell, seen: list[tuple[str, str, str]], known: Place | None, where: str, tally: Tally
) -> None:
    numbers = (cell.brokers, cell.rabbitmq, cell.activemq)
    if known is None:
        tally.expect(f"{where}: counts of what was never read", (numbers, cell.counts, seen), ((None,) * 3, {}, []))
        return
    account_id = cell.account.account_id
    told = sorted((f"{account_id} {b['name']}", b["engine"], b["state"]) for b in known.brokers)
    engines = [engine for _, engine, _ in told]
    tally.expect(f"{where}: brokers", sorted(seen), told)
    expected = (len(told), engines.count("RabbitMQ"), engines.count("ActiveMQ"))
    tally.expect(f"{where}: counts", numbers, expected)
    tally.expect(f"{where}: counts by engine and state", sorted(_flat(cell)), sorted(_states_of(told).items()))


def _flat(cell: Cell) -> Iterator[tuple[tuple[str, str], int]]:
    for engine, states in cell.counts.items():
        for state, number in states.items():
            yield (engine, state), number


def _states_of(told: list[tuple[str, str, str]]) -> Counter[tuple[str, str]]:
    return Counter((engine.lower(), state) for _, engine, state in told)


def _compare_role(account: Account, plan: Plan, memory: Memory, tally: Tally, where: str) -> None:
    status, expected = RoleStatus.objects.get(account=account), plan.role_says()
    if expected.outcome == "ok":
        memory.presence[plan.account_id] = "absent" if plan.role == "none" else "present"
    tally.expect(f"{where}: role", status.presence, memory.presence.get(plan.account_id, "unknown"))
    actual = Says(status.outcome, status.code, status.detail, status.permission)
    if not fits(actual, expected):
        tally.expect(f"{where}: role", actual, expected)
    known = [memory.places[key] for key in memory.places if key[0] == plan.account_id]
    total = sum(len(place.brokers) for place in known) if known else None
    tally.expect(f"{where}: total", status.brokers, total)
