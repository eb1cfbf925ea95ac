"""A day's figures: what they count, what they rest on, written again until the day is over, and no day made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, DailyFigures, Region
from accounts.services.daily_figures import measure
from accounts.services.tally import cells_of, census_of, tally
from accounts.tasks import forget_old, write_figures
from tests.dashboard.factories import absent, make_account, make_cell, make_status, unreadable

pytestmark = pytest.mark.django_db
ONE_REGION = "us-east-1"


@pytest.fixture(autouse=True)
def _one_region() -> None:
    Region.objects.exclude(code=ONE_REGION).update(polled=False)


def stored() -> DailyFigures:
    write_figures()
    return DailyFigures.objects.get()


def test_a_day_counts_roles_verdicts_policies_brokers_and_failing_cells() -> None:
    used, idle, gone = make_account(1), make_account(2), make_account(3)
    make_status(used, policy_grade="missing_actions")
    make_cell(used, ONE_REGION, 4)
    make_status(idle, verdict="unused")
    make_cell(idle, ONE_REGION, None, outcome="denied")
    absent(gone)
    make_cell(gone, ONE_REGION, 0)

    day = stored()

    assert (day.roles, day.in_use, day.unused, day.drifted, day.brokers, day.failing) == (2, 1, 1, 1, 4, 1)
    assert (day.accounts, day.looked_at, day.cells, day.answered) == (3, 3, 3, 2)


def test_figures_from_complete_answers_have_no_reservation() -> None:
    account = make_account()
    make_status(account)
    make_cell(account, ONE_REGION, 1)

    day = stored()

    assert all(day.complete(name) for name in ("roles", "in_use", "unused", "drifted", "brokers", "failing"))


def test_a_cell_without_an_answer_leaves_the_brokers_incomplete_and_the_roles_not() -> None:
    account = make_account()
    make_status(account)
    make_cell(account, ONE_REGION, 3, outcome="throttled")

    day = stored()

    assert (day.brokers, day.complete("brokers"), day.complete("failing"), day.complete("roles")) == (
        3,
        False,
        True,
        True,
    )


def test_a_cell_that_was_never_asked_may_have_brokers_and_does_not_fail() -> None:
    make_status(make_account())

    day = stored()

    assert (day.complete("brokers"), day.complete("failing")) == (False, True)


def test_an_account_that_refuses_leaves_roles_verdicts_and_policies_incomplete() -> None:
    make_status(make_account(1))
    unreadable(make_account(2))

    day = stored()

    assert [day.complete(name) for name in ("roles", "in_use", "unused", "drifted")] == [False] * 4


def test_a_policy_that_could_not_be_read_leaves_only_the_policies_incomplete() -> None:
    make_status(make_account(), policy_outcome="denied")

    day = stored()

    assert (day.complete("drifted"), day.complete("roles")) == (False, True)


def test_a_verdict_that_is_only_remembered_is_counted_and_leaves_verdicts_incomplete() -> None:
    make_status(make_account(), verdict_last_known_at=timezone.now() - timedelta(days=30))

    day = stored()

    assert (day.in_use, day.roles, day.complete("roles")) == (1, 1, True)
    assert (day.complete("in_use"), day.complete("unused")) == (False, False)


def test_an_account_that_was_not_polled_today_leaves_the_day_incomplete() -> None:
    make_status(make_account(1))
    make_status(make_account(2), checked_at=timezone.now() - timedelta(days=1))

    day = stored()

    assert (day.looked_at, day.accounts, day.roles, day.complete("roles")) == (1, 2, 2, False)


def test_a_day_on_which_nobody_looked_is_not_written() -> None:
    make_status(make_account(), checked_at=timezone.now() - timedelta(days=1))

    write_figures()

    assert not DailyFigures.objects.exists()


def test_a_day_is_written_again_and_its_last_word_stays() -> None:
    make_status(make_account(1))
    write_figures()
    make_status(make_account(2))

    write_figures()

    assert DailyFigures.objects.get().roles == 2


def test_brokers_that_nobody_ever_counted_are_not_zero() -> None:
    make_status(make_account())

    assert stored().brokers is None


def test_a_day_is_a_day_of_utc() -> None:
    make_status(make_account(), checked_at=datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
    late = datetime.fromisoformat("2026-03-01T23:59:59-11:00")  # the 2nd in UTC
    early = datetime.fromisoformat("2026-02-28T20:00:00-11:00")  # the 1st

    census = census_of(Account.objects.all(), tally(cells_of(Account.objects.all()), late))

    assert measure(Account.objects.all(), census, late).looked_at == 0
    figures = measure(Account.objects.all(), census, early)
    assert figures.looked_at == 1
    assert figures.day.isoformat() == "2026-03-01"


def test_old_figures_are_forgotten(settings: Settings) -> None:
    settings.FIGURES_KEEP_DAYS = 90
    make_status(make_account())
    today = stored()
    for days in (90, 91):
        DailyFigures(**{**figures_of(today), "day": today.day - timedelta(days=days)}).save(force_insert=True)

    forget_old()

    assert list(DailyFigures.objects.all()) == [today, DailyFigures(day=today.day - timedelta(days=90))]


def figures_of(day: DailyFigures) -> dict[str, object]:
    return {field.attname: getattr(day, field.attname) for field in DailyFigures._meta.concrete_fields}


def test_cells_of_some_accounts_are_only_theirs() -> None:
    first, second = make_account(1), make_account(2)
    make_cell(first, ONE_REGION, 1)
    make_cell(second, ONE_REGION, 2)

    some = Account.objects.filter(pk=first.pk)

    assert [one.brokers for one in tally(cells_of(some), timezone.now())] == [1]
    assert tally(cells_of(Account.objects.none()), timezone.now()) == []
    assert [one.brokers for one in tally(cells_of(Account.objects.all()), timezone.now())] == [3]
