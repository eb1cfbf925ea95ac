"""How fast one may ask: a bucket of tokens, told the time by whoever uses it."""

from __future__ import annotations

import threading


class TokenBucket:
    """Lets `burst` calls pass at once and `rate` a second after that. Threads may share it; it neither sleeps nor looks
    at a clock."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, float("-inf")
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Take the next place in the row and say how many seconds off it is; 0 is now."""
        with self._lock:
            if now > self._at:
                self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
                self._at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)
