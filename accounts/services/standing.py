"""What an account's cells add up to: totals, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.domain.outcomes import Flag, Outcome, Presence, Verdict
from accounts.domain.verdicts import RegionStanding, judge
from accounts.models import Account, Cell, Region, RoleStatus


def apply_totals(status: RoleStatus, account: Account, cells: Mapping[str, Cell]) -> None:
    """Put totals and verdict into the status. Cells of regions that are not polled keep their brokers in the totals."""
    known = [cell for cell in cells.values() if cell.brokers is not None]
    status.brokers = sum(cell.brokers or 0 for cell in known) if known else None
    status.rabbitmq = sum(cell.rabbitmq or 0 for cell in known) if known else None
    status.activemq = sum(cell.activemq or 0 for cell in known) if known else None
    standings = region_standings(account.partition, cells)
    outcomes = [standing.outcome for standing in standings]
    status.regions_ok = outcomes.count(Outcome.OK)
    status.regions_disabled = outcomes.count(Outcome.REGION_DISABLED)
    status.regions_failing = sum(outcome.failing for outcome in outcomes)
    status.verdict = verdict_of(status, standings)


def region_standings(partition: str, cells: Mapping[str, Cell]) -> list[RegionStanding]:
    """Every region of the partition as last known, polled or not: what was not looked at is not empty."""
    standings = []
    for region in Region.objects.filter(partition=partition):
        cell = cells.get(region.code)
        outcome = Outcome(cell.outcome) if cell else Outcome.NEVER
        if not region.polled:
            outcome = Outcome.UNSUPPORTED
        standings.append(RegionStanding(outcome, cell.rabbitmq if cell else None))
    return standings


def verdict_of(status: RoleStatus, standings: list[RegionStanding]) -> Verdict:
    """The verdict; a role of that name outside its path is not the role, so nothing can be said of it."""
    if Flag.PATH_MISMATCH in status.flags:
        return Verdict.UNKNOWN
    return judge(Presence(status.presence), Outcome(status.outcome), standings)
