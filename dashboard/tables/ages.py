"""When the cells of a row were asked and answered, in few bytes: by them the script lets the cells' ages go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dashboard.matrix import CellView


def row_times(views: Iterable[CellView | None]) -> str:
    """A row's times in seconds: `1764338400;1764338400+1764330000:4.5`.

    First those that most of its cells have; then others, each with the places of its cells. `asked+answered` where the
    last answer is an older one, `asked+` where there was none.
    """
    places = defaultdict[str, list[int]](list)
    for place, view in enumerate(views):
        if view is not None and view.checked_at is not None:
            places[_times(view)].append(place)
    usual, *others = sorted(places.items(), key=lambda item: -len(item[1])) or [("", [])]
    return ";".join([usual[0], *(f"{times}:{'.'.join(map(str, where))}" for times, where in others)])


def _times(view: CellView) -> str:
    asked, answered = (int(at.timestamp()) if at else "" for at in (view.checked_at, view.last_ok_at))
    return f"{asked}" if asked == answered else f"{asked}+{answered}"
