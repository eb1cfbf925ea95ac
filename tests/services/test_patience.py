"""A PostgreSQL that is gone for a moment costs a moment, not the work that was under way."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import Region
from accounts.services.patience import Patience
from tests.processes import child_environment

pytestmark = pytest.mark.django_db(transaction=True)


def break_the_connection() -> None:
    """As a restart does: the server ends the connection, and the client learns of it with its next query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(child_environment()["DATABASE_URL"]) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_what_a_broken_connection_interrupts_is_done_on_a_new_one() -> None:
    break_the_connection()

    assert Patience(1, pause=0.01)(Region.objects.count) > 0


def test_patience_has_an_end() -> None:
    tries = []

    def fail() -> None:
        tries.append(1)
        raise OperationalError

    with pytest.raises(OperationalError):
        Patience(0.05, pause=0.02)(fail)
    assert len(tries) == 4


def test_half_a_transaction_is_not_done_again() -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        break_the_connection()
        Patience(1, pause=0.01)(Region.objects.count)
