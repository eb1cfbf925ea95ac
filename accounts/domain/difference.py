"""Two documents side by side, aligned line by line, with the words of a changed line that differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from accounts.domain.documents import UnreadableDocumentError, parse_document
from accounts.domain.role import POLICY_DOCUMENT, TRUST_DOCUMENT

LineKind = Literal["same", "changed", "removed", "added"]

# How a document's elements are ordered for reading; a Sid comes last, so that statements sort by what they say.
_READING_ORDER: Final = (
    *("Version", "Id", "Statement", "Effect", "Principal", "NotPrincipal"),
    *("Action", "NotAction", "Resource", "NotResource", "Condition", "Sid"),
)
# Two lines that share less than this are two lines, not one that was changed.
_ALIKE: Final = 0.5
# Beyond it lines are paired as they come: AWS's own document has some 70 lines, and pairing takes their product.
_MOST_PAIRED: Final = 200
_WORD: Final = re.compile(r"[\w:-]+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line, and whether the other side has it too."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of the view: the documented document left, the live one right; an absent side is empty.

    The numbers count the lines of each document from 1; None where it has none here.
    """

    left: str
    right: str
    kind: LineKind
    left_number: int | None = None
    right_number: int | None = None

    @property
    def left_parts(self) -> tuple[Part, ...]:
        """The left side in pieces; only a changed line has changed ones."""
        return _parts(self.left, self.right) if self.kind == "changed" else (Part(self.left, False),)

    @property
    def right_parts(self) -> tuple[Part, ...]:
        """The right side likewise."""
        return _parts(self.right, self.left) if self.kind == "changed" else (Part(self.right, False),)


def documented_lines(partition: str = "aws") -> tuple[str, ...]:
    """Write the documented permissions as people read them, with the ARNs of a partition."""
    text = json.dumps(POLICY_DOCUMENT).replace("arn:aws:", f"arn:{partition}:")
    return live_lines(json.loads(text))


def live_lines(document: object) -> tuple[str, ...]:
    """Write a live document as people read it, in one order and spelling; a text that is no document as it is.

    No document, no lines.
    """
    if document is None:
        return ()
    try:
        tidy = _tidy(parse_document(document))
    except UnreadableDocumentError:
        tidy = document
    text = tidy if isinstance(tidy, str) else json.dumps(tidy, indent=2, ensure_ascii=False)
    return tuple(text.splitlines())


def _tidy(value: object) -> object:
    """Order keys for reading and lists by content; a list of one is written as its only item, which means the same."""
    if isinstance(value, dict):
        return {key: _tidy(value[key]) for key in sorted(value, key=_reading_place)}
    if not isinstance(value, list):
        return value
    items = sorted(map(_tidy, value), key=json.dumps)
    return items[0] if len(items) == 1 else items


def _reading_place(key: str) -> tuple[int, str]:
    return (_READING_ORDER.index(key) if key in _READING_ORDER else len(_READING_ORDER), key)


def side_by_side(document: object, partition: str = "aws") -> tuple[DiffLine, ...]:
    """Lay the documented permissions (left) and the live ones (right) line beside line.

    `partition` is whose ARNs the documented side shows; the live side is never rewritten. `removed` stands in the
    documented document only, `added` in the live one only.
    """
    return _aligned(documented_lines(partition), live_lines(document))


def trust_side_by_side(document: object) -> tuple[DiffLine, ...]:
    """Lay the documented trust policy (left) and the live one (right) line beside line. It has no ARN."""
    return _aligned(live_lines(TRUST_DOCUMENT), live_lines(document))


def _aligned(left: Sequence[str], right: Sequence[str]) -> tuple[DiffLine, ...]:
    matcher = SequenceMatcher(None, [_plain(line) for line in left], [_plain(line) for line in right], autojunk=False)
    return tuple(
        _line(left, right, one, other)
        for _, i1, i2, j1, j2 in matcher.get_opcodes()
        for one, other in _pairs(left, right, range(i1, i2), range(j1, j2))
    )


def _plain(line: str) -> str:
    """A line without the comma at its end, which says only that another line follows."""
    return line.rstrip(",")


def _pairs(
    left: Sequence[str], right: Sequence[str], ones: range, others: range
) -> Iterator[tuple[int | None, int | None]]:
    """Which line of a block stands beside which: the likest ones, in their order; the rest alone."""
    if not ones or not others or len(ones) * len(others) > _MOST_PAIRED:
        shared = min(len(ones), len(others))
        yield from zip(ones[:shared], others[:shared], strict=True)
        yield from ((one, None) for one in ones[shared:])
        yield from ((None, other) for other in others[shared:])
        return
    likeness, one, other = max(
        ((_likeness(left[i], right[j]), i, j) for i in ones for j in others), key=lambda found: found[0]
    )
    if likeness < _ALIKE:
        yield from ((i, None) for i in ones)
        yield from ((None, j) for j in others)
        return
    yield from _pairs(left, right, range(ones.start, one), range(others.start, other))
    yield one, other
    yield from _pairs(left, right, range(one + 1, ones.stop), range(other + 1, others.stop))


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, _plain(one).strip(), _plain(other).strip(), autojunk=False).ratio()


def _line(left: Sequence[str], right: Sequence[str], one: int | None, other: int | None) -> DiffLine:
    if one is None or other is None:
        alone_left, alone_right = (left[one] if one is not None else ""), (right[other] if other is not None else "")
        kind: LineKind = "added" if one is None else "removed"
    else:
        alone_left, alone_right = left[one], right[other]
        kind = "same" if _plain(alone_left) == _plain(alone_right) else "changed"
    return DiffLine(alone_left, alone_right, kind, _number(one), _number(other))


def _number(index: int | None) -> int | None:
    return None if index is None else index + 1


def _parts(line: str, other: str) -> tuple[Part, ...]:
    """Cut a line where it begins or ends to differ from the other side."""
    text = _plain(line).lstrip()
    words, others = _WORD.findall(text), _WORD.findall(_plain(other).lstrip())
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    cuts = ((operation != "equal", start, end) for operation, start, end, _, _ in matcher.get_opcodes())
    found = [Part("".join(words[start:end]), changed) for changed, start, end in cuts if start < end]
    indent, commas = line[: len(_plain(line)) - len(text)], line[len(_plain(line)) :]
    around = (Part(indent, False), *found, Part(commas, False))  # neither says anything
    return tuple(part for part in around if part.text)
