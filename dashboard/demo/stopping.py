"""Being told to stop: Ctrl-C, `kill` and a closed terminal all end in the same orderly way."""

from __future__ import annotations

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to stop. Not an Exception, so that no `except Exception` on the way can swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def raise_when_told() -> None:
    """From here on a signal to stop raises Stopped in the main thread, once."""
    for number in SIGNALS:
        signal.signal(number, _raise)


def take_no_more() -> None:
    """From here on signals to stop change nothing: stopping has begun and ends by itself within seconds."""
    for number in SIGNALS:
        signal.signal(number, _ignore)


def _raise(number: int, frame: FrameType | None) -> None:
    take_no_more()  # a second one, even at the same instant, must not break off the stopping
    raise Stopped(number)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Not SIG_IGN: Python complains of a signal that came just before it."""
