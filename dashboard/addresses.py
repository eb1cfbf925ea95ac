"""The query strings of links that keep what an address says and change one thing of it."""

from __future__ import annotations

from collections.abc import Collection

from django.http import QueryDict

# An address without a query opens the person's default view; this one says that none is wanted.
CLEAR = "view=none"
OF_EXPORTS = ("_export", "_columns", "_as", "_counts")  # what to do with the page, not what it shows
NOT_CARRIED = ("page", *OF_EXPORTS)
LONGEST_NUMBER = 9  # digits: less than any column of numbers holds, more than there are rows
LISTS = frozenset({"columns", "pin", "sort"})  # their order counts, and forms send them value by value


def number_of(text: str) -> int | None:
    """The number that an address or a form says in plain digits, if a column can hold it; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def several(data: QueryDict, name: str) -> list[str]:
    """The values of a name, repeated or with commas between, each once and in their order."""
    parts = (part.strip() for value in data.getlist(name) for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def tidied(data: QueryDict) -> QueryDict:
    """The same address as people keep it: nothing that is empty, and one name for a list, with commas in it."""
    tidy = QueryDict(mutable=True)
    for name, values in data.lists():
        said = [value for value in values if value.strip()]
        if name in LISTS and len(said) > 1:
            said = [listed] if (listed := ",".join(several(data, name))) else []
        if said:
            tidy.setlist(name, said)
    return tidy


def is_tidy(data: QueryDict) -> bool:
    """True when an address has nothing that `tidied` takes out or draws together."""
    return dict(tidied(data).lists()) == dict(data.lists())


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
        if name not in names and name not in NOT_CARRIED:
            left.setlist(name, values)
    return left
