"""The query strings of links that keep what an address says and change one thing of it."""

from __future__ import annotations

from collections.abc import Collection

from django.http import QueryDict

# An address without a query opens the person's default view; this one says that none is wanted.
CLEAR = "view=none"


def query_without(data: QueryDict, *names: str) -> str:
    """The query string without some names, and without the page, which would no longer fit."""
    return _left(data, names).urlencode(safe=",")


def query_with(data: QueryDict, **values: str) -> str:
    """The query string with some values exchanged, empty ones taken out, and without the page."""
    left = _left(data, values)
    for name, value in values.items():
        if value:
            left[name] = value
    return left.urlencode(safe=",") or CLEAR


def _left(data: QueryDict, names: Collection[str]) -> QueryDict:
    """What remains; made anew, since a page has some fifty such links and a QueryDict is copied to its depths."""
    left = QueryDict(mutable=True)
    for name, values in data.lists():
        if name not in names and name not in ("page", "_export", "_columns"):
            left.setlist(name, values)
    return left
