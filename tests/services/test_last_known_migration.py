"""What was stored before verdicts had an age of their own, and cells a word for being left out, says both at once."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Cell, Region, RoleStatus
from tests.dashboard.factories import make_account, make_cell, make_status

pytestmark = pytest.mark.django_db
migration = import_module("accounts.migrations.0018_last_known_verdicts")
NOW = timezone.now()
BEFORE, LONG_AGO = NOW - timedelta(days=3), NOW - timedelta(days=9)


def migrate() -> None:
    with connection.cursor() as cursor:
        cursor.execute(migration.LAST_KNOWN)
        cursor.execute(migration.PUT_OFF)


def known(number: int, **status: object) -> Account:
    account = make_account(number)
    make_status(account, **{"checked_at": NOW, "last_ok_at": NOW, **status})
    return account


def test_a_verdict_in_use_gets_the_look_that_it_rests_on() -> None:
    current, refused, blind, idle = known(1), known(2, last_ok_at=BEFORE), known(3), known(4, verdict="unused")
    make_cell(current, "us-east-1", 1, checked_at=NOW, last_ok_at=NOW)
    make_cell(current, "eu-west-1", 1, checked_at=NOW, last_ok_at=BEFORE, outcome="denied")
    make_cell(refused, "us-east-1", 1, checked_at=NOW, last_ok_at=NOW)
    make_cell(blind, "us-east-1", 0, checked_at=NOW, last_ok_at=NOW)
    make_cell(blind, "eu-west-1", 1, checked_at=NOW, last_ok_at=LONG_AGO, outcome="denied")
    make_cell(idle, "us-east-1", 0, checked_at=NOW, last_ok_at=NOW)

    migrate()

    expected = ((current, None), (refused, BEFORE), (blind, LONG_AGO), (idle, None))
    found = dict(RoleStatus.objects.values_list("account__account_id", "verdict_last_known_at"))
    assert found == {one.account_id: at for one, at in expected}


def test_a_cell_that_the_last_look_left_out_is_never_unless_its_region_is_off() -> None:
    account = known(1)
    Region.objects.filter(code="eu-west-2").update(polled=False)
    for region, looked in (("us-east-1", NOW), ("eu-west-1", BEFORE), ("eu-west-2", BEFORE)):
        make_cell(account, region, 2, outcome="denied", detail="no", checked_at=looked, last_ok_at=LONG_AGO)

    migrate()

    found = {cell.region_id: (cell.outcome, cell.detail, cell.brokers) for cell in Cell.objects.all()}
    assert found == {
        "us-east-1": ("denied", "no", 2),
        "eu-west-1": ("never", "", 2),
        "eu-west-2": ("denied", "no", 2),
    }
