"""AssumeRole's pace, held by all workers together: each takes the next place in a row that stands in Redis."""

from __future__ import annotations

import logging
import time
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.domain.pacing import TokenBucket

logger = logging.getLogger(__name__)

# Redis' own clock, so that the workers' need not agree. Times are whole microseconds: they fit a double exactly.
_TAKE_A_PLACE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local place = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.0f', place + tonumber(ARGV[1])), 'EX', 60)
return place - now
"""


def wait_for_turn(partition: str) -> None:
    """Sleep until one more AssumeRole in this partition keeps within STS_CALLS_PER_SECOND."""
    if (seconds := seconds_to_wait(partition)) > 0:
        time.sleep(seconds)


def seconds_to_wait(partition: str) -> float:
    """Take the next place in the row. Without Redis each process keeps to its own share: slower, never stopped."""
    key = f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}sts:{partition}"
    apart = 1_000_000 // settings.STS_CALLS_PER_SECOND
    try:
        microseconds: object = _redis(settings.REDIS_URL).eval(_TAKE_A_PLACE, 1, key, apart)
    except redis.RedisError as error:
        logger.warning("Redis does not answer (%s): this process keeps to its own share of AssumeRole", error)
        return own_share(partition).reserve(time.monotonic())
    return int(str(microseconds)) / 1_000_000


@cache
def own_share(partition: str) -> TokenBucket:
    """What one process may ask when it cannot speak to the others: a worker's processes together keep the limit."""
    processes = 1 if settings.GREENLETS else settings.CELERY_WORKER_CONCURRENCY
    return TokenBucket(rate=settings.STS_CALLS_PER_SECOND / processes, burst=1)


@cache
def _redis(url: str) -> redis.Redis:
    # One quick try: a poll must not wait longer for its place than for AWS.
    return redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))
