"""Only the last poll of a process asks whether its sweep is over."""

from __future__ import annotations

from accounts.services.underway import is_busy_with, underway

SWEEP, ANOTHER = 1, 2


def test_the_last_poll_of_a_sweep_leaves_nobody_busy() -> None:
    with underway(SWEEP):
        with underway(SWEEP), underway(ANOTHER):
            pass
        assert is_busy_with(SWEEP)
        assert not is_busy_with(ANOTHER)

    assert not is_busy_with(SWEEP)


def test_a_poll_that_breaks_is_not_counted_for_ever() -> None:
    try:
        with underway(SWEEP):
            raise OSError
    except OSError:
        pass

    assert not is_busy_with(SWEEP)
