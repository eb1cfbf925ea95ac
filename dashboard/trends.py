"""The lines of the overview: ninety days of a figure as a small chart, a sentence and a row of a table.

A day that nobody measured is a gap: never a zero, and no line leads across it. A day whose figure rests on incomplete
answers has its `≥`, and a mark under it at the foot of the drawing, unless all days have: a mark that is everywhere is
taken for the axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise

from accounts.models import DailyFigures
from dashboard.words import plural

DAYS, COMPARED = 90, 30
# The drawing's units: about a pixel each where three charts stand side by side.
LEFT, RIGHT, TOP, BOTTOM = 36, 356, 12, 96
TODAY = 42  # the room of that word, to the left of the end: no month stands there
LINES = 3  # of the grid at most, beside the one at its foot
FLAT = 12  # a rise of less than a twelfth of the whole is not seen from zero
MARK = 4  # below the foot


@dataclass(frozen=True, slots=True)
class Point:
    """One measured day of one figure, and where it stands in the drawing."""

    day: date
    value: int
    complete: bool
    x: float
    y: float
    title: str

    @property
    def said(self) -> str:
        """The value with its reservation."""
        return number(self.value, self.complete)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days that nobody measured, between two that somebody did or after the last one."""

    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the grid."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Month:
    """Where a month begins. `word` is empty where there is no room for it."""

    x: float
    word: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure over ninety days."""

    name: str
    title: str
    url: str
    points: Sequence[Point]
    gaps: Sequence[Gap]
    grid: Sequence[Line]
    line: str
    least: str  # the mark under the days on which the figure is at least so much
    dots: Sequence[Point]
    now: str
    since: str

    @property
    def cut(self) -> bool:
        """True when the drawing does not begin at zero."""
        return self.grid[0].label != "0"

    @property
    def last(self) -> Point:
        """The newest measured day."""
        return self.points[-1]

    @property
    def summary(self) -> str:
        """The chart in a sentence, for whoever does not see it."""
        said = f"{self.title}: {self.last.said} {self.now}{self.since}.".replace("≥", "at least")
        return f"{said} {plural(len(self.points), 'day')} of {DAYS} measured."


@dataclass(frozen=True, slots=True)
class Row:
    """One day of the table: its figures in the order of the charts, or none."""

    day: date
    figures: DailyFigures | None
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Trends:
    """The charts, and the same as a table, newest day first."""

    charts: Sequence[Chart]
    rows: Sequence[Row]
    months: Sequence[Month]
    today: date

    @property
    def days(self) -> int:
        """How many days were measured."""
        return sum(row.figures is not None for row in self.rows)

    @property
    def unsure(self) -> bool:
        """True when some day is at least so many."""
        return any(not point.complete for chart in self.charts for point in chart.points)

    @property
    def marked(self) -> bool:
        """True when such days are marked in a chart."""
        return any(chart.least for chart in self.charts)

    @property
    def broken(self) -> bool:
        """True when days are missing."""
        return any(chart.gaps for chart in self.charts)


def number(value: int | None, complete: bool) -> str:
    """A figure as people read it; `?` when nothing was ever known."""
    if value is None:
        return "?"
    return f"{value:,}" if complete else f"≥ {value:,}"


def trends(days: Mapping[date, DailyFigures], figures: Mapping[str, tuple[str, str]], now: datetime) -> Trends:
    """Draw these figures, each a name with its title and the address of the rows behind it."""
    today = now.astimezone(UTC).date()
    every = [today - timedelta(days=back) for back in range(DAYS)]
    drawn = (_chart(name, title, url, days, every[::-1]) for name, (title, url) in figures.items())
    charts = [chart for chart in drawn if chart is not None]
    rows = [_row(day, days.get(day), charts, today) for day in every]
    while rows and rows[-1].figures is None:
        rows.pop()  # before the first measured day there is nothing to say
    return Trends(charts, rows, list(_months(every[::-1])), today)


def sure(figures: DailyFigures, name: str, today: date) -> bool:
    """True when a figure of a day is not only the least that it may be."""
    return figures.complete(name, over=figures.day < today)


def _months(every: Sequence[date]) -> Iterator[Month]:
    for day in every:
        if day.day == 1:
            x = place(day, every[0])
            yield Month(x, f"{day:%b}" if x < RIGHT - TODAY else "")


def _row(day: date, figures: DailyFigures | None, charts: Sequence[Chart], today: date) -> Row:
    if figures is None:
        return Row(day, None, ())
    said = [number(getattr(figures, chart.name), sure(figures, chart.name, today)) for chart in charts]
    return Row(day, figures, said)


def _chart(name: str, title: str, url: str, days: Mapping[date, DailyFigures], every: list[date]) -> Chart | None:
    """One figure; None when no day has a value of it."""
    known = {day: value for day in every if day in days and (value := getattr(days[day], name)) is not None}
    if not known:
        return None
    ticks = scale(min(known.values()), max(known.values()))
    points = [_point(day, value, sure(days[day], name, every[-1]), every[0], ticks) for day, value in known.items()]
    grid = [Line(height(tick, ticks), f"{tick:,}") for tick in ticks]
    line, least = _paths(points)
    now, since = compared(points, every[-1])
    return Chart(
        name, title, url, points, list(_gaps(points, every)), grid, line, least, list(_alone(points)), now, since
    )


def scale(least: int, most: int) -> list[int]:
    """The lines of the grid: few round whole numbers, from zero unless that would leave a line without shape."""
    foot = least if FLAT * (most - least) < most and most > least else 0
    for step in _steps():
        low = foot // step * step
        lines = max(1, -(-(most - low) // step))
        if lines <= LINES:
            return list(range(low, low + lines * step + 1, step))
    raise AssertionError("the steps never end")


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50 …"""
    ten = 1
    while True:
        yield from (ten, 2 * ten, 5 * ten)
        ten *= 10


def place(day: date, first: date) -> float:
    """Where a day stands from left to right."""
    return round(LEFT + (day - first).days * (RIGHT - LEFT) / (DAYS - 1), 1)


def height(value: int, ticks: Sequence[int]) -> float:
    """Where a value stands from top to bottom."""
    return round(BOTTOM - (value - ticks[0]) * (BOTTOM - TOP) / (ticks[-1] - ticks[0]), 1)


def _point(day: date, value: int, complete: bool, first: date, ticks: Sequence[int]) -> Point:
    title = f"{day_words(day)}: {number(value, complete)}"
    return Point(day, value, complete, place(day, first), height(value, ticks), title)


def day_words(day: date) -> str:
    """A day as people write it: 4 September."""
    return f"{day.day} {day:%B}"


def _paths(points: Sequence[Point]) -> tuple[str, str]:
    """The line, never across a day that is missing; and the mark under those parts whose ends are not both complete.

    No mark where no day is complete.
    """
    steps = [(one, two) for one, two in pairwise(points) if (two.day - one.day).days == 1]
    some = any(point.complete for point in points)
    unsure = [(one, two) for one, two in steps if some and not (one.complete and two.complete)]
    return _path(steps), _path([(replace(one, y=BOTTOM + MARK), replace(two, y=BOTTOM + MARK)) for one, two in unsure])


def _path(steps: Sequence[tuple[Point, Point]]) -> str:
    parts: list[str] = []
    at = None
    for one, two in steps:
        if one.day != at:
            parts.append(f"M{one.x:g} {one.y:g}")
        parts.append(f"L{two.x:g} {two.y:g}")
        at = two.day
    return "".join(parts)


def _alone(points: Sequence[Point]) -> Iterator[Point]:
    """Days with no measured neighbour: a line would not show them. The last point has a dot anyway."""
    near = {point.day + timedelta(days=by) for point in points for by in (-1, 1)}
    return (point for point in points[:-1] if point.day not in near)


def _gaps(points: Sequence[Point], every: Sequence[date]) -> Iterator[Gap]:
    measured = {point.day for point in points}
    for missing, group in groupby((day for day in every if day > points[0].day), key=lambda day: day not in measured):
        if missing:
            days = list(group)
            yield _gap(days[0], days[-1], every)


def _gap(start: date, end: date, every: Sequence[date]) -> Gap:
    """From the measured day before to the measured day after; the last gap ends with the drawing."""
    left = place(start - timedelta(days=1), every[0])
    right = place(min(end + timedelta(days=1), every[-1]), every[0])
    words = day_words(start) if start == end else f"{day_words(start)} to {day_words(end)}"
    return Gap(left, round(right - left, 1), f"{words}: not measured")


def compared(points: Sequence[Point], today: date) -> tuple[str, str]:
    """When the newest figure is from, and how it stands beside the one of some thirty days before."""
    last = points[-1]
    now = "today" if last.day == today else f"on {day_words(last.day)}"
    wanted = last.day - timedelta(days=COMPARED)
    before = next((point for point in reversed(points) if point.day <= wanted), points[0])
    if before is last:
        return now, ""
    span = plural((last.day - before.day).days, "day") + (" ago" if last.day == today else " before")
    more = last.value - before.value
    if last.complete and before.complete and not more:
        return now, f", as many as {span}"
    # What is at least so many may be more: only a difference that this cannot undo is one.
    if before.complete and more > 0:
        return now, f", {number(more, last.complete)} more than {span}"
    if last.complete and more < 0:
        return now, f", {number(-more, before.complete)} fewer than {span}"
    return now, f"; {span} {before.said}: not comparable"
