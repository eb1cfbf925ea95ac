"""Every address of the URL table with real objects behind it. A new address is found here by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from django.urls import URLPattern, URLResolver, get_resolver, reverse

Objects = Mapping[str, list[object]]
NOTHING: Objects = {
    "account_id": ["999999999999"], "campaign number": [999999], "cleanup number": [999999], "code": ["mars-1"],
    "sweep_id": [999999], "view_id": [999999], "report_id": [999999], "partition": ["aws"], "page": ["nowhere"],
    "act_id": [999999], "entry_id": [999999], "onboarding number": [999999], "region number": [999999],
    "organization_pk": [999999], "take_id": [999999],
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """One address, and the name it has in the URL table."""

    name: str
    url: str
    about_something: bool


def addresses(objects: Objects) -> list[Address]:
    """Every address, once for each object that it may be about. Raises LookupError for a parameter nobody knows."""
    return [
        Address(
            str(pattern.name), reverse(str(pattern.name), kwargs=dict(zip(names, chosen, strict=True))), bool(names)
        )
        for pattern in patterns(get_resolver())
        for names in [tuple(pattern.pattern.converters)]
        for chosen in product(*(_stands_for(str(pattern.name), name, objects) for name in names))
    ]


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    """Every entry of the URL table, those of included tables too."""
    for entry in resolver.url_patterns:
        yield from patterns(entry) if isinstance(entry, URLResolver) else [entry]


def _stands_for(url: str, parameter: str, objects: Objects) -> list[object]:
    for key in (f"{url.partition('-')[0]} {parameter}", parameter):
        if key in objects:
            return objects[key]
    raise LookupError(
        f"The URL {url} has a parameter {parameter}: say in tests/dashboard/whole_world.py what it may be"
    )
