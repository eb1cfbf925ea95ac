"""The demo's made-up past: it leads to what was found, nothing in it contradicts itself, and it is made up once."""

from __future__ import annotations

import pytest

from accounts.models import DailyFigures
from dashboard.demo.past import DAYS, OFF, make_up_a_past
from tests.dashboard.factories import seed

pytestmark = pytest.mark.django_db


def test_the_past_leads_to_what_the_sweep_has_found() -> None:
    seed(40)

    assert make_up_a_past()

    today, yesterday = DailyFigures.objects.all()[:2]
    assert DailyFigures.objects.count() == 1 + DAYS - len(OFF)
    for name in (
        "accounts",
        "looked_at",
        "cells",
        "answered",
        "roles",
        "in_use",
        "unused",
        "drifted",
        "brokers",
        "failing",
    ):
        assert getattr(yesterday, name) == getattr(today, name), name


def test_no_day_of_the_past_contradicts_itself() -> None:
    seed(40)
    make_up_a_past()

    for day in DailyFigures.objects.all():
        assert day.never >= 0
        assert day.answered >= 0
        assert day.in_use + day.unused <= day.roles <= day.accounts
        assert day.drifted <= day.roles
        assert max(day.looked_at, day.roles_read, day.policies_read, day.judged) <= day.accounts
        assert (day.brokers or 0) >= 0


def test_a_past_is_made_up_once_and_never_over_one_that_was_measured() -> None:
    seed(3)
    make_up_a_past()
    before = DailyFigures.objects.count()

    assert not make_up_a_past()
    assert DailyFigures.objects.count() == before


def test_nothing_is_made_up_before_anything_was_found() -> None:
    assert not make_up_a_past()
    assert not DailyFigures.objects.exists()
