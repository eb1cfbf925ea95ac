from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.domain.outcomes import FAILING, Outcome, Presence, Verdict
from accounts.domain.verdicts import RegionStanding, judge, last_seen_in_use

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
EMPTY = RegionStanding(Outcome.OK, 0)
BUSY = RegionStanding(Outcome.OK, 3)
OFF = RegionStanding(Outcome.REGION_DISABLED, None)
NO_ANSWER = sorted(set(Outcome) - {Outcome.OK, Outcome.REGION_DISABLED})


@pytest.mark.parametrize(
    ("regions", "verdict"),
    [
        pytest.param([EMPTY], Verdict.UNUSED, id="every region answered and is empty"),
        pytest.param([EMPTY, OFF], Verdict.UNUSED, id="a region that AWS says is off is settled"),
        pytest.param([EMPTY, BUSY], Verdict.IN_USE, id="one busy region suffices"),
        pytest.param([], Verdict.UNKNOWN, id="no region is not every region"),
        pytest.param(
            [EMPTY, RegionStanding(Outcome.OK, None)], Verdict.UNKNOWN, id="an answer without a count is none"
        ),
        pytest.param(
            [RegionStanding(Outcome.REGION_DISABLED, 2)], Verdict.IN_USE, id="switched off, brokers seen before"
        ),
    ],
)
def test_a_present_role_is_judged_by_its_regions(regions: list[RegionStanding], verdict: Verdict) -> None:
    assert judge(Presence.PRESENT, Outcome.OK, regions) is verdict


@pytest.mark.parametrize("outcome", NO_ANSWER)
@pytest.mark.parametrize("last_known", [None, 0])
def test_a_blind_region_is_not_empty(outcome: Outcome, last_known: int | None) -> None:
    blind = RegionStanding(outcome, last_known)

    assert judge(Presence.PRESENT, Outcome.OK, [EMPTY, blind]) is Verdict.UNKNOWN


@pytest.mark.parametrize("outcome", NO_ANSWER)
def test_brokers_seen_once_count_until_their_region_answers(outcome: Outcome) -> None:
    assert judge(Presence.PRESENT, Outcome.OK, [EMPTY, RegionStanding(outcome, 1)]) is Verdict.IN_USE


def test_an_absent_role_is_absent_however_blind_the_regions() -> None:
    assert judge(Presence.ABSENT, Outcome.OK, [RegionStanding(Outcome.DENIED, None)]) is Verdict.ABSENT


@pytest.mark.parametrize("presence", Presence)
@pytest.mark.parametrize("outcome", sorted(FAILING | {Outcome.NEVER}))
def test_good_news_does_not_outlive_lost_access_to_the_role(presence: Presence, outcome: Outcome) -> None:
    assert judge(presence, outcome, [EMPTY]) is Verdict.UNKNOWN


def test_an_unknown_role_is_unknown_even_when_brokers_run() -> None:
    assert judge(Presence.UNKNOWN, Outcome.OK, [BUSY]) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("role_read_at", "counted", "seen"),
    [
        pytest.param(NOON, [(1, NOON)], NOON, id="role and broker at one look"),
        pytest.param(NOON, [(1, EARLIER), (2, NOON)], NOON, id="one broker of now suffices"),
        pytest.param(NOON, [(1, EARLIER), (0, NOON)], EARLIER, id="an empty region says nothing of use"),
        pytest.param(EARLIER, [(1, NOON)], EARLIER, id="the role is older"),
        pytest.param(NOON, [(1, LATER)], NOON, id="the brokers are younger"),
        pytest.param(NOON, [(0, NOON)], None, id="nothing uses it"),
        pytest.param(None, [(1, NOON)], None, id="the role was never read"),
    ],
)
def test_in_use_is_as_old_as_the_older_of_the_role_and_its_youngest_user(
    role_read_at: datetime | None, counted: list[tuple[int, datetime]], seen: datetime | None
) -> None:
    regions = [RegionStanding(Outcome.OK, users, at) for users, at in counted]

    assert last_seen_in_use(role_read_at, regions) == seen
