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
from accounts.models import Account, Cell, RegionEdit
from accounts.services.recording import record
from accounts.services.regions import add_region, remove_region, undo
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


def at_once(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Begin the second while the first has not committed yet, and let both end. Raises what the second raised."""
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


def test_of_two_who_add_a_region_one_is_told_that_it_is_there(account: Account) -> None:
    row = Row("eu-other-1", "Europe (Other)")

    with pytest.raises(Exception, match="eu-other-1 is in the table already"):
        at_once(lambda: add_region(row, "olga"), lambda: add_region(row, "pia"))
