"""Lending the database connection while AWS is asked: a worker on greenlets has fewer connections than tasks."""

from __future__ import annotations

from django.db import connection


def lend_the_connection() -> None:
    """Let other tasks of this process use the connection, if it is one of a pool; the next query takes one again."""
    if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        connection.close()
