"""A poll that stores what it found while somebody takes its region out of the table: both end, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.domain.readings import AccountReading, Answer, BrokerFacts, Known
from accounts.domain.region_table import Row
from accounts.models import Account, Cell, Region, RegionEdit, RoleStatus
from accounts.services.recording import record
from accounts.services.regions import add_region, remove_region, reset_regions, set_polled, undo
from tests.services.test_claim_races import somebody_waits_for_us
from tests.services.test_recording import whole_role

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "eu-new-1"


@pytest.fixture
def account(make_account: Callable[..., Account]) -> Account:
    add_region(Row(NEW, "Europe (New)"), "olga")
    return make_account()


def store(account: Account) -> None:
    """What a poll stores: no broker in either region."""
    now = timezone.now()
    brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = {NEW: Known(()), "eu-west-1": Known(())}
    assert record(account, AccountReading(account.account_id, now, now, whole_role(account), brokers))


def hold(*accounts: Account) -> None:
    """Lock accounts, as whoever changes them does."""
    pks = [account.pk for account in accounts]
    assert list(Account.objects.select_for_update().filter(pk__in=pks).order_by("pk"))


def at_once(
    first: Callable[[], object], second: Callable[[], object], then: Callable[[], object] = lambda: None
) -> None:
    """Begin the second while the first has not committed yet, go on with the first, and let both end.

    Raises what either raised.
    """
    raised: list[Exception] = []

    def come_second() -> None:
        try:
            second()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=come_second)
    with transaction.atomic():
        first()
        thread.start()
        deadline = time.monotonic() + 10
        while not somebody_waits_for_us() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert somebody_waits_for_us()
        then()
    thread.join(20)
    assert not thread.is_alive()
    if raised:
        raise raised[0]


def test_what_a_poll_stored_first_is_kept_with_the_removal(account: Account) -> None:
    at_once(lambda: store(account), lambda: remove_region(NEW, "olga"))

    assert list(Cell.objects.values_list("region", flat=True)) == ["eu-west-1"]
    edit = RegionEdit.objects.get(action="remove region")
    undo(edit, "olga")
    assert Cell.objects.filter(region=NEW).count() == len(edit.cells) == 1


def test_a_poll_that_comes_second_stores_the_regions_that_are_left(account: Account) -> None:
    at_once(lambda: remove_region(NEW, "olga"), lambda: store(account))

    assert list(Cell.objects.values_list("region", flat=True)) == ["eu-west-1"]


def test_a_poll_stores_its_first_cell_while_somebody_switches_the_region(account: Account) -> None:
    region = Region.objects.get(pk=NEW)

    at_once(lambda: hold(account), lambda: set_polled(region, False, "olga"), then=lambda: store(account))

    assert Cell.objects.filter(region=NEW).exists()
    assert not Region.objects.get(pk=NEW).polled


def test_rows_of_two_partitions_are_reset_while_somebody_changes_accounts_of_both(
    make_account: Callable[..., Account],
) -> None:
    accounts = [make_account(partition=partition) for partition in ("aws-cn", "aws", "aws-cn")]
    for account in accounts:
        RoleStatus.objects.create(account=account)
    codes = ["cn-north-1", "eu-west-1"]
    Region.objects.filter(pk__in=codes).update(polled=False)

    at_once(lambda: hold(accounts[0]), lambda: reset_regions("olga", codes), then=lambda: hold(*accounts[1:]))

    assert Region.objects.filter(pk__in=codes, polled=True).count() == 2


def test_of_two_who_add_a_region_one_is_told_that_it_is_there(account: Account) -> None:
    row = Row("eu-other-1", "Europe (Other)")

    with pytest.raises(Exception, match="eu-other-1 is in the table already"):
        at_once(lambda: add_region(row, "olga"), lambda: add_region(row, "pia"))
