"""How many polls of each sweep this process is busy with: only the last one has to ask whether the sweep is over."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_polls: Counter[int] = Counter()
_lock = threading.Lock()


@contextmanager
def underway(sweep_pk: int) -> Iterator[None]:
    """Count a poll for as long as the block lasts."""
    with _lock:
        _polls[sweep_pk] += 1
    try:
        yield
    finally:
        with _lock:
            _polls[sweep_pk] -= 1
            if not _polls[sweep_pk]:
                del _polls[sweep_pk]


def is_busy_with(sweep_pk: int) -> bool:
    """True while another poll of the sweep is under way in this process: that one will ask."""
    with _lock:
        return sweep_pk in _polls
