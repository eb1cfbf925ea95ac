"""Everything that Rolecall writes, as text, for those who look for what must not be there."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from django.db import connection


def everything_stored() -> Iterable[str]:
    """Every row of every table; bytes are in hexadecimal digits."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from (row[0] for row in cursor.fetchall())


@contextmanager
def everything_told_to_redis() -> Iterator[list[str]]:
    """Every command that any client sends while the block lasts: more than what is left in the keys at its end."""
    said: list[str] = []
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=None)  # at times nobody says anything
    with client.monitor() as monitor:  # type: ignore[no-untyped-call]

        def listen() -> None:
            while "the end" not in (command := str(monitor.next_command()["command"])):
                said.append(command)

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield said
        finally:
            client.echo("the end")
            listener.join(10)
