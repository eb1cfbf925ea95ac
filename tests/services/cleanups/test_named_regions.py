"""A region that AWS names in a refusal, over real HTTP: offered while it stands in the way, looked into once added."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.domain.cleanups import State
from accounts.domain.region_table import Row
from accounts.models import Account
from accounts.services.cleanups.looking import all_regions, look
from accounts.services.named_regions import named_regions
from accounts.services.regions import add_region
from dashboard.demo.local_aws.client import LocalAws
from tests.services.cleanups.factories import approved_cleanup, run

pytestmark = pytest.mark.django_db
MOON = "eu-moon-1"


@pytest.fixture
def refused(cleanable: Callable[..., Account], aws: LocalAws) -> Account:
    """An account whose role AWS refuses to delete once, because of a broker in a region that nobody knows."""
    account = cleanable()
    usage = {MOON: [f"arn:aws:mq:{MOON}:{account.account_id}:broker:far:b-1"]}
    world = {"external_id": account.external_id, "role": {}}
    aws.put_account(account.account_id, **world, deletion={"fail_times": 1, "usage": usage})
    return account


def test_it_is_offered_until_the_role_is_gone(refused: Account, aws: LocalAws) -> None:
    cleanup = run(approved_cleanup(refused, aws), until=[State.WAITING])

    assert [(one.code, one.cleanups) for one in named_regions(Account.objects.all())] == [(MOON, (cleanup,))]
    run(cleanup)

    assert cleanup.state == State.DONE
    assert named_regions(Account.objects.all()) == []


def test_once_added_every_look_takes_it_in_polled_or_not(refused: Account, aws: LocalAws) -> None:
    run(approved_cleanup(refused, aws), until=[State.WAITING])
    assert MOON not in all_regions("aws")

    add_region(Row(MOON, "Europe (Moon)", polled=False), "olga")

    plan, _ = look(refused)
    assert MOON in {*plan.looked, *plan.unknown, *plan.disabled}
    assert named_regions(Account.objects.all()) == []
