"""What a poll costs: every request that leaves for AWS is paced and counted, retries by botocore included."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.hooks import BaseEventHooks

from accounts.aws.errors import ErrorKind, kind_of
from accounts.domain.pacing import TokenBucket

# Amazon MQ takes 15 requests a second per account and region, all its APIs together, and the account's own tools need
# some of them: 3 at once and 11 a second after that are 14 within any second.
MQ_RATE: Final = 11.0
MQ_BURST: Final = 3.0


@dataclass
class Tally:
    """Requests sent, how many of them were second and later tries, and how often AWS said “slow down”."""

    calls: int = 0
    retries: int = 0
    throttles: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, calls: int = 0, retries: int = 0, throttles: int = 0) -> None:
        """Count; threads may do so at once."""
        with self._lock:
            self.calls += calls
            self.retries += retries
            self.throttles += throttles


@dataclass(frozen=True)
class Watch:
    """Whose requests these are, and the pace they have to keep."""

    tally: Tally
    bucket: TokenBucket | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def before_request(self) -> None:
        """Wait for a turn, then count."""
        if self.bucket is not None and (wait := self.bucket.reserve(self.clock())) > 0:
            self.sleep(wait)
        self.tally.add(calls=1)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Pace and count every request of this thread until the block ends."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def watch_requests(events: BaseEventHooks) -> None:
    """Let a session's clients tell of every request.

    ResponseMetadata's RetryAttempts would not do: it is missing where the last try ended without an answer, and does
    not say what a retry was for.
    """
    events.register("before-send", _before_send)
    events.register("needs-retry", _after_try)


def _before_send(**_: Any) -> None:
    if watch := _watch.get():
        watch.before_request()


def _after_try(attempts: int, response: tuple[Any, Any] | None = None, **_: Any) -> None:
    """Look at one try's answer. What it returns would be taken for a decision to retry, so it returns nothing."""
    if watch := _watch.get():
        watch.tally.add(retries=int(attempts > 1), throttles=int(response is not None and _throttled(*response)))


def _throttled(http: Any, parsed: Any) -> bool:
    code = str(parsed.get("Error", {}).get("Code", ""))
    return kind_of(code, "", int(http.status_code)) is ErrorKind.THROTTLED
