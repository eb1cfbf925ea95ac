"""A worker on greenlets has fewer connections than tasks: who asks AWS holds none meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from accounts.models import Account
from accounts.services.access_checks import check_account, check_role
from accounts.services.cleanups.looking import look, world_now
from accounts.services.hub import ask_hub
from accounts.services.patience import Patience
from accounts.services.polling import look_at

pytestmark = pytest.mark.django_db(transaction=True)
Watched = Callable[..., Account]
BROKER = {"region": "us-east-1", "name": "orders", "engine": "RabbitMQ"}


@pytest.fixture
def taken() -> Iterator[list[str]]:
    """The connections taken from the pool, which is what a worker on greenlets has; each must have been lent before."""
    taken: list[str] = []

    def note(**_: Any) -> None:
        taken.append("taken")

    options, age = connection.settings_dict["OPTIONS"], connection.settings_dict["CONN_MAX_AGE"]
    connection.close()
    connection.settings_dict.update(OPTIONS={**options, "pool": {"min_size": 1, "max_size": 2}}, CONN_MAX_AGE=0)
    connection.ensure_connection()
    connection_created.connect(note)
    yield taken
    connection_created.disconnect(note)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of PostgreSQL
    connection.settings_dict.update(OPTIONS=options, CONN_MAX_AGE=age)


@pytest.mark.parametrize(
    ("ask", "times"),
    [
        (lambda account: look_at(account, Patience(0)), 1),
        (world_now, 1),
        (look, 2),  # between regions and brokers it is asked what AWS named before
        (lambda account: check_account(account.pk), 1),
        (lambda account: ask_hub(account.partition), 1),
    ],
    ids=["poll", "world now", "plan", "check", "hub"],
)
def test_a_connection_is_lent_while_aws_is_asked(
    watched: Watched, taken: list[str], ask: Callable[[Account], object], times: int
) -> None:
    account = watched(brokers=[BROKER])
    taken.clear()

    ask(account)

    assert len(taken) >= times


def test_the_second_role_of_a_check_lends_it_too(watched: Watched, taken: list[str]) -> None:
    account = watched()

    check_role(account, "reader")  # type: ignore[arg-type]  # any purpose will do

    assert connection.connection is None
