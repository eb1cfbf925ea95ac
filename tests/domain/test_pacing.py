"""The bucket of tokens, against a clock of the test's own."""

from __future__ import annotations

from accounts.aws.tally import MQ_BURST, MQ_RATE
from accounts.domain.pacing import TokenBucket


class Clock:
    """A clock that moves when it is slept on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def calls_at(bucket: TokenBucket, count: int, lasting: float = 0) -> list[float]:
    """When each of so many calls in a row was let through."""
    clock, times = Clock(), []
    for _ in range(count):
        clock.sleep(bucket.reserve(clock.now))
        times.append(clock.now)
        clock.sleep(lasting)
    return times


def most_within_a_second(times: list[float]) -> int:
    return max(sum(start <= time < start + 1 for time in times) for start in times)


def test_ten_thousand_brokers_keep_within_amazon_mqs_fifteen_a_second() -> None:
    pages = calls_at(TokenBucket(MQ_RATE, MQ_BURST), 100)

    assert most_within_a_second(pages) <= 15
    assert pages[-1] - pages[0] < 10


def test_a_listing_after_a_pause_keeps_within_it_too() -> None:
    bucket = TokenBucket(MQ_RATE, MQ_BURST)
    early = calls_at(bucket, 20)
    clock = early[-1] + 600

    late = []
    for _ in range(20):
        clock += bucket.reserve(clock)
        late.append(clock)

    assert most_within_a_second(late) <= 15


def test_calls_that_are_slower_than_the_limit_do_not_wait() -> None:
    times = calls_at(TokenBucket(rate=10, burst=1), 5, lasting=0.5)

    assert times[-1] - times[0] == 2.0


def test_those_who_ask_at_once_get_places_one_after_the_other() -> None:
    bucket = TokenBucket(rate=10, burst=2)

    assert [round(bucket.reserve(5.0), 6) for _ in range(5)] == [0, 0, 0.1, 0.2, 0.3]


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = TokenBucket(rate=1, burst=1)
    bucket.reserve(100)

    assert bucket.reserve(50) == 1
