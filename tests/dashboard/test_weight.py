"""A page of the matrix weighs at most 300 kB whatever the state of the estate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.domain.outcomes import FAILING
from accounts.models import Account, Cell, Region
from tests.dashboard.factories import make_account

MOST = 300_000
AWS_SAID = "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/rolecall-reader/mqslr-9 is not " * 4
LONG = "business-unit-payments-of-the-old-house-production-account-that-nobody-renamed-since-the-merger-{:03d}"
FAILURES = sorted(FAILING)
Kind = Callable[[int, datetime], dict[str, Any]]


def failing(number: int, now: datetime) -> dict[str, Any]:
    """Another failure in each cell, with AWS's words and a last known count of another time."""
    known = {"brokers": 100 + number % 99, "rabbitmq": 60, "activemq": 40 + number % 99}
    return {
        "outcome": FAILURES[number % 5], "detail": AWS_SAID, "code": "AccessDeniedException",
        "permission": "mq:ListBrokers", "last_ok_at": now - timedelta(hours=10 + number // 34 % 13), **known,
    }  # fmt: skip


def refused(number: int, now: datetime) -> dict[str, Any]:
    """Nobody lets Rolecall in, but it once was."""
    return {**failing(number, now), "outcome": "assume_denied"}


def busy_and_old(number: int, now: datetime) -> dict[str, Any]:
    """All answered, too long ago, with brokers of each engine in all kinds of states."""
    counts = {"rabbitmq": {"RUNNING": 50, "CRITICAL_ACTION_REQUIRED": 10}, "activemq": {"REBOOT_IN_PROGRESS": 40}}
    known = {"brokers": 117, "rabbitmq": 60, "activemq": 40, "counts": counts}
    return {"outcome": "ok", "last_ok_at": now - timedelta(hours=10 + number // 34 % 13), **known}


def estate(kind: Kind) -> None:
    """Fifty accounts with long names in 25 units, every cell so."""
    now = timezone.now()
    codes = Region.objects.filter(partition="aws").values_list("code", flat=True)
    accounts = [make_account(one, LONG.format(one), unit=f"Workloads/Prod/Team {one % 25}") for one in range(50)]
    places = [(account, code) for account in accounts for code in codes]
    Cell.objects.bulk_create(
        Cell(account=account, region_id=code, checked_at=now - timedelta(minutes=40), **kind(number, now))
        for number, (account, code) in enumerate(places)
    )


@pytest.mark.parametrize("kind", [failing, refused, busy_and_old])
@pytest.mark.parametrize("query", ["", "&group=unit"])
def test_the_worst_estates_page_is_not_heavy(db: None, operating: Client, kind: Kind, query: str) -> None:
    estate(kind)

    page = operating.get(f"/matrix/?per_page=50{query}").content

    assert Account.objects.count() == 50
    assert len(page) <= MOST


def test_each_cell_says_what_it_is_in_a_hundred_bytes_or_so(db: None, watching: Client) -> None:
    estate(failing)

    page = watching.get("/matrix/?per_page=50").content.decode()
    rows = page.partition('<tbody id="rows"')[2].partition("</tbody>")[0]
    cells = [part.partition("</td>")[0] for part in rows.split('<td class="c ')[1:]]

    assert len(cells) == 1700
    assert max(map(len, cells)) < 110
