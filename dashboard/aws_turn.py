"""The few acts for which a person waits while the web server asks AWS: one at a time in each of its processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from accounts.services.cleanups.errors import Refused

_turn = Lock()


@contextmanager
def aws_turn() -> Iterator[None]:
    """Ask AWS while nobody else in this process does. Raises Refused at once: who waits here would hold a thread, too.

    AWS may take minutes to answer or to fail. A process has a handful of threads, and all others are for pages.
    """
    if not _turn.acquire(blocking=False):
        raise Refused(
            "Nothing was asked or done: the web server is asking AWS for somebody else, and does that for one person "
            "at a time. Try again in a minute."
        )
    try:
        yield
    finally:
        _turn.release()
