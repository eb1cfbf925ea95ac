"""The times that a row of the matrix gives to the script, in few bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.domain.outcomes import Outcome
from dashboard.matrix import CellView
from dashboard.tables.ages import row_times
from tests.dashboard.factories import make_account, make_cell

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=3)
OK = CellView(Outcome.OK, 1, checked_at=NOW, last_ok_at=NOW)
LAST_KNOWN = CellView(Outcome.THROTTLED, 1, checked_at=NOW, last_ok_at=EARLIER)
REFUSED = CellView(Outcome.ASSUME_DENIED, checked_at=NOW)
now, earlier = int(NOW.timestamp()), int(EARLIER.timestamp())


@pytest.mark.parametrize(
    ("views", "times"),
    [
        ([OK, OK, OK], f"{now}"),
        ([OK, LAST_KNOWN, OK, None, LAST_KNOWN, OK], f"{now};{now}+{earlier}:1.4"),
        ([REFUSED, REFUSED, OK], f"{now}+;{now}:2"),
        ([None, CellView(Outcome.NEVER)], ""),
        ([], ""),
    ],
    ids=["all alike", "some with an older answer", "refused", "never asked", "no region"],
)
def test_what_most_cells_have_is_said_once_and_the_others_by_their_places(
    views: list[CellView | None], times: str
) -> None:
    assert row_times(views) == times


def test_a_row_has_them_once_and_its_cells_nothing_more(watching: Client, db: None) -> None:
    account = make_account()
    for region in ("us-east-1", "us-east-2", "eu-west-1"):
        make_cell(account, region, 1, checked_at=NOW, last_ok_at=NOW)

    html = watching.get("/matrix/").content.decode()

    assert html.count("data-times=") == 1
    assert f'data-times="{now}"' in html
