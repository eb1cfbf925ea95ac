"""What a download is called: which list, what narrows it, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from django.utils.text import slugify

from dashboard.chips import ChipFilterSet

LONGEST_PART = 60
ROOM_FOR_VALUES = 40  # of the filters: beyond it the first ones would be named and the others not


def file_name(said: Iterable[str], now: datetime, extension: str) -> str:
    """`rolecall-brokers-filtered-rabbitmq-20261123T1000Z.csv`, the time in UTC."""
    parts = [slugify(part, allow_unicode=True)[:LONGEST_PART].strip("-") for part in said]
    return "-".join(["rolecall", *filter(None, parts), f"{now.astimezone(UTC):%Y%m%dT%H%MZ}"]) + f".{extension}"


def narrowing_words(narrowed: ChipFilterSet | None, leaves_out: bool = False, *, named: bool = False) -> Iterator[str]:
    """“filtered” when a list is not shown whole, and by what, if that is short and no view's name says it."""
    filtered = narrowed is not None and narrowed.narrows
    if filtered or leaves_out:
        yield "filtered"
    if narrowed is not None and filtered and not named:
        values = slugify(" ".join(narrowed.values()), allow_unicode=True)
        yield values if len(values) <= ROOM_FOR_VALUES else ""


def disposition(name: str) -> str:
    """The header that names a download; programs that know only ASCII get the name without the other letters."""
    plain = "-".join(filter(None, name.encode("ascii", "ignore").decode().split("-")))
    return f'attachment; filename="{plain}"' + ("" if plain == name else f"; filename*=UTF-8''{quote(name)}")
