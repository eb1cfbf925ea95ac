"""Plain values as people write them in YAML and in HCL: only what the role templates need of either."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Whatever YAML or HCL could read as something other than this text is quoted.
_PLAIN = re.compile(r"[A-Za-z][\w.:/-]*(?: [\w.:/-]+)*", re.ASCII)
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """A piece of HCL that is not quoted, such as `var.external_id`."""

    text: str


def yaml_lines(value: Any) -> Iterator[str]:
    """A mapping or a list in block style, a line at a time."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _yaml_entry(f"{key}:", inner)
    else:
        for inner in value:
            first, *rest = yaml_lines(inner) if _is_block(inner) else [_yaml_scalar(inner)]
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)


def _yaml_entry(head: str, inner: Any) -> Iterator[str]:
    if not _is_block(inner):
        yield f"{head} {_yaml_scalar(inner)}"
        return
    yield head
    yield from (f"  {line}" for line in yaml_lines(inner))


def _is_block(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _yaml_scalar(value: Any) -> str:
    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and ": " not in value and not value.endswith(":")
    return str(value) if plain and value.lower() not in _WORDS else _quoted(value)


def hcl(value: Any, indent: str = "") -> str:
    """A value as `terraform fmt` leaves it."""
    deeper = indent + "  "
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Mapping):
        return "{\n" + "\n".join(hcl_attributes(value, deeper)) + f"\n{indent}}}"
    if not isinstance(value, str) and isinstance(value, Sequence):
        return "[\n" + "".join(f"{deeper}{hcl(inner, deeper)},\n" for inner in value) + f"{indent}]"
    return _quoted(value).replace("${", "$${").replace("%{", "%%{")


def hcl_attributes(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """`key = value` lines; one-line neighbours have their equals signs in one column."""
    pairs = [(key if _NAME.fullmatch(key) else json.dumps(key), hcl(inner, indent)) for key, inner in value.items()]
    group: list[tuple[str, str]] = []
    for key, text in pairs:
        group.append((key, text))
        if "\n" in text or (key, text) == pairs[-1]:
            *before, last = group
            alone = "\n" in text
            width = max((len(name) for name, _ in (before if alone else group)), default=0)
            yield from (f"{indent}{name:<{width}} = {said}" for name, said in before)
            yield f"{indent}{last[0]:<{0 if alone else width}} = {last[1]}"
            group = []


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
