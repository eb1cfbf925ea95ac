"""Policy documents for the tests: the documented ones, other spellings of the same, one-step mutations."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from accounts.domain.role import POLICY_DOCUMENT, TRUST_DOCUMENT

Document = dict[str, Any]
Change = Callable[[list[Any]], object]


def published() -> Document:
    return copy.deepcopy(POLICY_DOCUMENT)


def changed(change: Change) -> Document:
    """The published document after a change to its list of statements."""
    document = published()
    change(document["Statement"])
    return document


def trust(**elements: object) -> Document:
    """The documented trust with elements of its statement replaced; None takes one away."""
    document: Document = copy.deepcopy(TRUST_DOCUMENT)
    document["Statement"][0].update(elements)
    document["Statement"] = [{name: value for name, value in document["Statement"][0].items() if value is not None}]
    return document


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


@st.composite
def respelled(draw: st.DrawFn, document: Document) -> object:
    """The same document in another spelling: order, case, lists, splits, repeats, Sids, partition and encoding."""
    statements = [piece for item in document["Statement"] for piece in draw(split(item))]
    statements += draw(st.lists(st.sampled_from(statements), max_size=2))
    written = [draw(restated(item)) for item in draw(st.permutations(statements))]
    other = {"Statement": written, "Version": document["Version"], "Id": draw(st.text(max_size=3))}
    text = json.dumps(other)
    return draw(st.sampled_from([other, text, quote(text, safe=""), quote(text)]))


@st.composite
def split(draw: st.DrawFn, item: Document) -> list[Document]:
    """The statement as it is, or one for each action and resource."""
    if "Resource" not in item or draw(st.booleans()):
        return [item]
    return [
        item | {"Action": action, "Resource": resource}
        for action in as_list(item["Action"])
        for resource in as_list(item["Resource"])
    ]


@st.composite
def restated(draw: st.DrawFn, item: Document) -> Document:
    """The same statement in other words."""
    other = dict(draw(st.permutations(list(item.items()))))
    other["Action"] = draw(listed([draw(recased(action)) for action in as_list(item["Action"])]))
    if "Resource" in item:
        other["Resource"] = draw(listed(as_list(item["Resource"])))
    conditions = {
        draw(recased(operator)): {draw(recased(key)): draw(listed(as_list(values))) for key, values in keys.items()}
        for operator, keys in item.get("Condition", {}).items()
    }
    sid = draw(st.sampled_from([{}, {"Sid": "One"}, {"Sid": "Two"}]))
    return other | sid | {"Condition": conditions}


@st.composite
def listed(draw: st.DrawFn, values: list[Any]) -> Any:
    """The values in another order, one perhaps twice, or the only one without its list."""
    if len(values) == 1 and draw(st.booleans()):
        return values[0]
    return draw(st.permutations(values)) + draw(st.lists(st.sampled_from(values), max_size=1))


def recased(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from([text, text.lower(), text.upper(), text.swapcase()])


def one_step_mutations() -> Iterator[tuple[str, Document]]:
    """Every document that is one step away from the published one, with the name of the step."""
    for number, item in enumerate(published()["Statement"]):
        yield f"statement {number} dropped", with_statements(number)
        for name, other in statement_mutations(item):
            yield f"statement {number}: {name}", with_statements(number, other)
    added = {"Effect": "Allow", "Action": "ec2:DeleteTags", "Resource": "*"}
    yield "statement added", changed(lambda statements: statements.append(added))
    yield "Deny added", changed(lambda statements: statements.append(added | {"Effect": "Deny"}))


def with_statements(number: int, *instead: Document) -> Document:
    """The published document with others in place of one statement."""
    document = published()
    document["Statement"][number : number + 1] = instead
    return document


def statement_mutations(item: Document) -> Iterator[tuple[str, Document]]:
    yield "effect", item | {"Effect": "Deny"}
    for element, stranger in (("Action", "ec2:DeleteTags"), ("Resource", "arn:aws:ec2:*:*:natgateway/*")):
        values = as_list(item[element])
        if values != ["*"]:
            yield f"{element} added", item | {element: [*values, stranger]}
        for value in values:
            rest = [one for one in values if one != value]
            yield f"{element} {value} replaced", item | {element: [*rest, stranger]}
            if rest:
                yield f"{element} {value} dropped", item | {element: rest}
    for name, condition in condition_mutations(item.get("Condition", {})):
        yield f"condition {name}", item | {"Condition": condition}


def condition_mutations(condition: Document) -> Iterator[tuple[str, Document]]:
    yield "added", condition | {"Bool": {"aws:SecureTransport": "true"}}
    for operator, keys in condition.items():
        yield "dropped", {}
        yield "operator", {f"{operator}IfExists": keys}
        for key, value in keys.items():
            yield "key", {operator: {f"{key}s": value}}
            yield "value", {operator: {key: str(value).swapcase()}}
            yield "value added", {operator: {key: [value, "other"]}}
