"""Switching a region says at once what it does to totals and verdicts, paused accounts included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from accounts.domain.readings import AccountReading, Answer, BrokerFacts, Known, RoleReading
from accounts.models import Account, Change, MatrixCell, Region, RoleStatus
from accounts.services.deleting import delete_accounts, restore_accounts
from accounts.services.recording import record
from accounts.services.regions import set_polled
from dashboard.cell_filter import that_say
from dashboard.conditions import with_outcomes
from dashboard.matrix import broker_total, census, row_of, stored_total, with_cells
from dashboard.tables.regions import is_settled, regions_with_counts
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


def test_a_region_that_is_polled_again_is_as_if_nobody_had_asked(unused: RoleStatus) -> None:
    """Page, totals and figures rest on the same cells: what the last look left out is nobody's answer."""
    region, account = Region.objects.get(code="us-east-1"), unused.account
    set_polled(region, False, "operator")
    look(account, NOON.replace(hour=13), "eu-west-1")

    set_polled(region, True, "operator")

    accounts = with_cells(Account.objects.all())
    cells = row_of(accounts.get(), Region.objects.all())
    assert (cells["us-east-1"].outcome, cells["us-east-1"].brokers) == ("never", 0)
    assert str(broker_total(cells.values())) == str(stored_total(accounts.get().role_status, 2)) == "≥ 0"
    assert (census(accounts, NOON).never, is_settled(regions_with_counts(accounts, "us-east-1").get())) == (1, False)
    assert MatrixCell.objects.filter(that_say(["never"])).count() == 1
    assert accounts.filter(with_outcomes(["never"])).exists()
    look(account, NOON.replace(hour=14), "eu-west-1", "us-east-1")
    assert str(broker_total(row_of(accounts.get(), Region.objects.all()).values())) == "0"


def look(account: Account, at: datetime, *codes: str) -> None:
    """Store a good look at these regions, without a broker."""
    brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = {code: Known(()) for code in codes}
    assert record(account, AccountReading(account.account_id, at, at, whole_role(account), brokers))


def test_an_account_comes_back_with_a_verdict_that_fits_the_region_table(unused: RoleStatus) -> None:
    delete_accounts(Account.every.filter(pk=unused.pk), "operator")
    set_polled(Region.objects.get(code="us-east-1"), False, "operator")

    restore_accounts(Account.every.filter(pk=unused.pk), "operator")

    unused.refresh_from_db()
    assert (unused.verdict, unused.regions_ok) == ("unknown", 1)


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
