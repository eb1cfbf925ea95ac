"""Rows that every test of a module looks at: made once, and gone when the module is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def shared_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Take back at the block's end what it wrote. Meanwhile each test has a savepoint of its own in it.

    Only for modules all of whose tests look at these rows, and none of which needs a transaction that ends.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
