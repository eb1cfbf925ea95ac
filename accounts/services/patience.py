"""Waiting out a PostgreSQL that is being restarted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Patience:
    """Does things again, on a new connection, while PostgreSQL does not answer: for `seconds` in all.

    What is given to it must be harmless to do twice: PostgreSQL may have done it, and crashed before it could say so.
    """

    def __init__(self, seconds: float, pause: float = 1.0) -> None:
        self._left, self._pause = seconds, pause

    def __call__(self, act: Callable[[], T]) -> T:
        """Give what `act` gives. Raises what `act` raises once the patience is used up, or inside a transaction."""
        while True:
            try:
                return act()
            except (OperationalError, InterfaceError) as error:
                if self._left <= 0 or connection.in_atomic_block:
                    raise
                logger.warning("PostgreSQL does not answer, trying again in %s s: %s", self._pause, error)
            connection.close()  # a broken connection stays broken
            self._left -= self._pause
            time.sleep(self._pause)
