"""Switching a region says at once what it does to totals and verdicts, paused accounts included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from accounts.domain.readings import AccountReading, Answer, BrokerFacts, Known, RoleReading
from accounts.models import Account, Change, Region, RoleStatus
from accounts.services.recording import record
from accounts.services.regions import set_polled
from tests.services.test_recording import whole_role

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def unused(make_account: Callable[..., Account]) -> RoleStatus:
    """A paused account with a role that nothing uses, in a partition of two regions."""
    Region.objects.exclude(code__in=["eu-west-1", "us-east-1"]).delete()
    account = make_account(paused=True)
    brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = {"eu-west-1": Known(()), "us-east-1": Known(())}
    record(account, AccountReading(account.account_id, NOON, NOON, whole_role(account), brokers))
    return RoleStatus.objects.get(verdict="unused")


def test_a_region_switched_off_ends_unused(unused: RoleStatus) -> None:
    assert set_polled(Region.objects.get(code="us-east-1"), False, "operator")

    unused.refresh_from_db()
    assert (unused.verdict, unused.regions_ok) == ("unknown", 1)
    assert Change.objects.get(kind="verdict", new="unknown").detail == "us-east-1 is no longer polled"


def test_a_region_switched_off_and_on_leaves_the_verdict_as_it_was(unused: RoleStatus) -> None:
    region = Region.objects.get(code="us-east-1")
    set_polled(region, False, "operator")
    set_polled(region, True, "operator")

    unused.refresh_from_db()
    assert (unused.verdict, unused.regions_ok) == ("unused", 2)


def test_an_account_that_was_never_polled_stays_without_a_verdict(make_account: Callable[..., Account]) -> None:
    make_account()

    set_polled(Region.objects.get(code="us-east-1"), False, "operator")

    assert not RoleStatus.objects.exists()


def test_an_absent_role_stays_absent(unused: RoleStatus) -> None:
    later = NOON.replace(hour=13)
    account = unused.account
    record(account, AccountReading(account.account_id, later, later, RoleReading(Known(None)), {}))

    set_polled(Region.objects.get(code="us-east-1"), False, "operator")

    unused.refresh_from_db()
    assert unused.verdict == "absent"
