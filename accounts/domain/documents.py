"""A policy document as AWS hands it out, taken apart into well-formed statements; never guessed at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

EFFECTS = ("Allow", "Deny")
VERSIONS = ("2012-10-17", "2008-10-17")


class UnreadableDocumentError(ValueError):
    """The document is malformed: IAM itself would not take it."""


class IncomparableDocumentError(ValueError):
    """The document is well formed, but says something that Rolecall does not weigh."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in one spelling: lists instead of single values. `principal` is empty in a permissions policy."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principal: tuple[tuple[str, str], ...]
    condition: tuple[tuple[str, str, tuple[str, ...]], ...]


def read_statements(document: object, target: str) -> tuple[Statement, ...]:
    """Take a document's statements apart; `target` is `Resource` for a permissions policy and `Principal` for a trust.

    The document is a dict, JSON text or percent-encoded JSON text. Raises UnreadableDocumentError for one that is
    malformed anywhere, else IncomparableDocumentError for one with a negated or unknown element.
    """
    body = parse_document(document)
    for name in ("Version", "Id"):
        _must(isinstance(body.get(name, ""), str), f"its {name} is not text")
    _must("Statement" in body, "it has no Statement")
    raw = body["Statement"]
    items = raw if isinstance(raw, list) else [raw]
    statements = tuple(_statement(number, item, target) for number, item in enumerate(items, start=1))
    _refuse_what_is_not_weighed(body, items, target)
    return statements


def parse_document(document: object) -> dict[str, object]:
    """Give the document as a dict, whichever of the three forms it comes in. Raises UnreadableDocumentError."""
    if isinstance(document, str):
        document = _parse_text(document)
    if not isinstance(document, dict):
        raise UnreadableDocumentError("it is not a JSON object")
    return document


def _parse_text(text: str) -> object:
    try:
        plain = unquote(text, errors="strict") if text.lstrip().startswith("%") else text
        return json.loads(plain, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except UnreadableDocumentError:
        raise
    except (ValueError, RecursionError):
        raise UnreadableDocumentError("it is not JSON") from None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names: set[str] = set()
    for name, _ in pairs:
        _must(name not in names, f"the key {name} stands twice in one object")
        names.add(name)
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableDocumentError(f"{name} is not JSON")


def _statement(number: int, item: object, target: str) -> Statement:
    where = f"statement {number}"
    if not isinstance(item, dict):
        raise UnreadableDocumentError(f"{where} is not an object")
    _must(item.get("Effect") in EFFECTS, f"the Effect of {where} is neither Allow nor Deny")
    _must(isinstance(item.get("Sid", ""), str), f"the Sid of {where} is not text")
    for name in ("Action", target):
        _must((name in item) != (f"Not{name}" in item), f"{where} needs one of {name} and Not{name}")
    principals = [_principal(item[name], where) for name in ("Principal", "NotPrincipal") if name in item]
    return Statement(
        effect=str(item["Effect"]),
        actions=_texts(item, ("Action", "NotAction"), where),
        resources=_texts(item, ("Resource", "NotResource"), where),
        principal=principals[0] if principals else (),
        condition=_condition(item.get("Condition", {}), where),
    )


def _texts(item: dict[str, object], names: tuple[str, str], where: str) -> tuple[str, ...]:
    """The texts of whichever of the two elements is there, or none."""
    return next((_text_list(item[name], f"the {name} of {where}") for name in names if name in item), ())


def _text_list(value: object, what: str) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    _must(items and all(isinstance(item, str) and item for item in items), f"{what} is not text or a list of texts")
    return tuple(items)


def _principal(value: object, where: str) -> tuple[tuple[str, str], ...]:
    if value == "*":
        return (("*", "*"),)
    if not isinstance(value, dict) or not value:
        raise UnreadableDocumentError(f"the Principal of {where} is neither * nor an object")
    _must(all(isinstance(kind, str) for kind in value), f"the Principal of {where} has a key that is not text")
    return tuple(
        (kind, name) for kind, names in value.items() for name in _text_list(names, f"the Principal of {where}")
    )


def _condition(value: object, where: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    what = f"the Condition of {where}"
    return tuple(
        (operator, key, _condition_values(values, what))
        for operator, keys in _members(value, what)
        for key, values in _members(keys, what)
    )


def _members(value: object, what: str) -> Iterable[tuple[str, object]]:
    if not isinstance(value, dict):
        raise UnreadableDocumentError(f"{what} is not an object of objects")
    _must(all(isinstance(key, str) for key in value), f"{what} has a key that is not text")
    return value.items()


def _condition_values(value: object, what: str) -> tuple[str, ...]:
    """The values as texts: JSON's own true, false and numbers mean the same as their text to IAM."""
    items = value if isinstance(value, list) else [value]
    _must(all(isinstance(item, str | bool | int | float) for item in items), f"{what} has a value that is not text")
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in items)


def _refuse_what_is_not_weighed(body: dict[str, object], items: list[object], target: str) -> None:
    _weigh(body.get("Version", VERSIONS[-1]) in VERSIONS, f"its Version is {body.get('Version')}")
    _weigh_names(body, ("Version", "Id", "Statement"), "it")
    known = ("Sid", "Effect", "Action", target, "Condition")
    for number, item in enumerate(items, start=1):
        if isinstance(item, dict):
            _weigh_names(item, known, f"statement {number}")


def _weigh_names(item: dict[str, object], known: tuple[str, ...], where: str) -> None:
    for name in item:
        _weigh(name in known, f"{where} has {name}")


def _must(holds: object, otherwise: str) -> None:
    if not holds:
        raise UnreadableDocumentError(otherwise)


def _weigh(holds: bool, otherwise: str) -> None:
    if not holds:
        raise IncomparableDocumentError(otherwise)
