"""How often an account is asked."""

from __future__ import annotations

import pytest

from accounts.domain.schedule import spacing, spread

HOUR = 3600


@pytest.mark.parametrize(
    ("interval", "failed", "seconds"),
    [
        pytest.param(900, 0, 900, id="an account that answers is asked at its interval"),
        pytest.param(900, 1, 1800, id="one refusal doubles it"),
        pytest.param(900, 3, 2 * HOUR, id="three make it eight times"),
        pytest.param(900, 5, 6 * HOUR, id="the cap ends it"),
        pytest.param(900, 10_000, 6 * HOUR, id="for good"),
        pytest.param(24 * HOUR, 3, 24 * HOUR, id="an interval beyond the cap is neither made longer nor shorter"),
    ],
)
def test_spacing(interval: int, failed: int, seconds: int) -> None:
    assert spacing(interval, failed, cap=6 * HOUR) == seconds


@pytest.mark.parametrize(("chance", "seconds"), [(0, 90), (0.5, 100), (1, 110)])
def test_jitter_is_a_share_of_the_interval_either_way(chance: float, seconds: float) -> None:
    assert spread(100, 10, chance) == pytest.approx(seconds)


def test_no_jitter_is_no_jitter() -> None:
    assert spread(100, 0, 0.93) == 100
