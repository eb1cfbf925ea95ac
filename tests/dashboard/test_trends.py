"""The charts: they draw what was measured, mark what may be more, and compare only what can be compared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import DailyFigures
from dashboard.trends import Chart, Trends, scale, trends

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def day(when: date, roles: int = 10, *, complete: bool = True, **fields: int | None) -> DailyFigures:
    """A day of twelve accounts; incomplete when one of them was not polled, and not read when it was."""
    rests: dict[str, Any] = dict.fromkeys(("accounts", "looked_at", "roles_read", "policies_read", "judged"), 12)
    values: dict[str, Any] = {"cells": 100, "answered": 100, "disabled": 0, "in_use": 6, "unused": 2, "drifted": 1}
    values |= {"brokers": 40, "failing": 0, "roles": roles, **rests, **fields}
    if not complete:
        values |= dict.fromkeys(("looked_at", "roles_read"), 11)
    return DailyFigures(day=when, written_at=NOW, **values)


def drawn(*days: DailyFigures) -> Trends:
    return trends({one.day: one for one in days}, {"roles": ("Roles", "/matrix/")}, NOW)


def chart(*days: DailyFigures) -> Chart:
    return drawn(*days).charts[0]


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_a_line_never_leads_across_a_day_that_nobody_measured() -> None:
    found = chart(day(back(5)), day(back(4)), day(back(2)), day(back(1)), day(TODAY))

    assert found.line.count("M") == 2
    assert [gap.title for gap in found.gaps] == ["21 November: not measured"]


def test_a_day_between_two_gaps_is_a_dot() -> None:
    found = chart(day(back(9)), day(back(5)), day(back(1)), day(TODAY))

    assert [dot.day for dot in found.dots] == [back(9), back(5)]
    assert [gap.title for gap in found.gaps] == [
        "16 November to 18 November: not measured",
        "20 November to 22 November: not measured",
    ]


def test_days_after_the_last_measured_one_are_a_gap_too() -> None:
    found = chart(day(back(9)), day(back(8)))

    assert [gap.title for gap in found.gaps] == ["17 November to 24 November: not measured"]
    assert found.summary.startswith("Roles: 10 on 16 November, as many as 1 day before.")


def test_a_day_of_incomplete_answers_is_marked_at_the_foot_and_has_its_sign() -> None:
    found = chart(day(back(2)), day(back(1)), day(TODAY, complete=False))

    assert (found.line.count("L"), found.least.count("L")) == (2, 1)
    assert found.points[-1].title == "24 November: ≥ 10"
    assert found.summary.startswith("Roles: at least 10 today; 2 days ago 10: not comparable.")


def test_days_that_are_all_incomplete_have_no_mark_which_would_be_taken_for_the_axis() -> None:
    found = drawn(day(back(1), complete=False), day(TODAY, complete=False))

    assert (found.charts[0].least, found.unsure, found.marked) == ("", True, False)


def test_a_day_that_is_not_over_waits_for_no_poll() -> None:
    found = chart(day(back(1), looked_at=11), day(TODAY, looked_at=1))

    assert [point.complete for point in found.points] == [False, True]


@pytest.mark.parametrize(
    ("before", "today", "said"),
    [
        ((7, True), (9, False), "≥ 9 today, ≥ 2 more than 30 days ago"),
        ((9, True), (7, False), "≥ 7 today; 30 days ago 9: not comparable"),
        ((9, False), (7, True), "7 today, ≥ 2 fewer than 30 days ago"),
        ((7, False), (9, True), "9 today; 30 days ago ≥ 7: not comparable"),
        ((7, False), (9, False), "≥ 9 today; 30 days ago ≥ 7: not comparable"),
    ],
)
def test_figures_that_may_be_more_are_compared_only_as_far_as_that_holds(
    before: tuple[int, bool], today: tuple[int, bool], said: str
) -> None:
    found = chart(day(back(30), before[0], complete=before[1]), day(TODAY, today[0], complete=today[1]))

    assert f"{found.last.said} {found.now}{found.since}" == said


def test_a_month_is_named_where_there_is_room_beside_today() -> None:
    assert [month.word for month in drawn(day(TODAY)).months] == ["Sep", "Oct", "Nov"]
    assert [month.word for month in trends({}, {}, NOW.replace(month=12, day=5)).months] == ["Oct", "Nov", ""]


@pytest.mark.parametrize(
    ("before", "said"),
    [(21, "9 fewer than 30 days ago"), (12, "as many as 30 days ago"), (2, "10 more than 30 days ago")],
)
def test_the_sentence_compares_with_thirty_days_ago(before: int, said: str) -> None:
    found = chart(day(back(31), 99), day(back(30), before), day(back(29), 98), day(TODAY, 12))

    assert found.summary.startswith(f"Roles: 12 today, {said}.")


def test_a_day_missing_thirty_days_ago_is_not_guessed() -> None:
    found = chart(day(back(34), 15), day(back(29), 98), day(TODAY, 12))

    assert "3 fewer than 34 days ago" in found.summary


def test_the_table_has_every_day_since_the_first_one_and_names_those_without() -> None:
    rows = drawn(day(back(3)), day(TODAY)).rows

    assert [(row.day, list(row.cells)) for row in rows] == [
        (TODAY, ["10"]),
        (back(1), []),
        (back(2), []),
        (back(3), ["10"]),
    ]


def test_a_figure_that_was_never_known_is_no_chart() -> None:
    found = trends({TODAY: day(TODAY, brokers=None)}, {"brokers": ("Brokers", "/brokers/")}, NOW)

    assert found.charts == []


@pytest.mark.parametrize(
    ("least", "most", "lines"),
    [
        (0, 0, [0, 1]),
        (0, 3, [0, 1, 2, 3]),
        (5, 5, [0, 2, 4, 6]),
        (28, 34, [0, 20, 40]),
        (203, 212, [200, 205, 210, 215]),
        (150, 238, [0, 100, 200, 300]),
        (1, 1000, [0, 500, 1000]),
        (99_999, 100_001, [99_999, 100_000, 100_001]),
    ],
)
def test_the_grid_has_few_round_lines_that_hold_every_value(least: int, most: int, lines: list[int]) -> None:
    assert scale(least, most) == lines
