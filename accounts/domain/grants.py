"""A permissions document as atomic grants: one effect, one action, one resource and the conditions on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.domain.documents import Statement, read_statements
from accounts.domain.globs import canonical, covers, overlap


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key; equal to every other spelling of the same."""

    operator: str
    key: str
    values: frozenset[str]
    # As the document spells it, for people.
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """One action on one resource, in the spelling by which grants are compared."""

    effect: str
    action: str
    resource: str
    conditions: frozenset[Condition]
    # As the document spells them, for people.
    action_text: str = field(compare=False)
    resource_text: str = field(compare=False)

    @property
    def conditions_text(self) -> str:
        """The conditions as one line, empty when there is none."""
        return " and ".join(sorted(condition.text for condition in self.conditions))

    def reaches(self, other: Grant) -> bool:
        """True when this grant's action and resource cover the other's, whatever the conditions."""
        return covers(self.action, other.action) and covers(self.resource, other.resource)

    def meets(self, other: Grant) -> bool:
        """True when some request falls under both grants, whatever the conditions."""
        return overlap(self.action, other.action) and overlap(self.resource, other.resource)

    def covers(self, other: Grant) -> bool:
        """True when this grant gives all that the other gives."""
        return self.effect == other.effect and self.conditions <= other.conditions and self.reaches(other)


def grants_of(document: object, partition: str) -> tuple[Grant, ...]:
    """Split a permissions document into grants, each once. Raises UnreadableDocumentError or IncomparableDocumentError.

    ARNs of the account's own partition and of `aws` are taken for the same: AWS's documents for GovCloud and China
    are not published.
    """
    statements = read_statements(document, "Resource")
    return tuple(dict.fromkeys(grant for statement in statements for grant in _split(statement, partition)))


def pair_of(action: str, resource: str) -> Grant:
    """An action on a resource, allowed under no condition; ARNs are those of the partition `aws`."""
    return Grant("Allow", canonical(action.lower()), canonical(resource), frozenset(), action, resource)


def _split(statement: Statement, partition: str) -> list[Grant]:
    conditions = frozenset(_condition(*item) for item in statement.condition)
    return [
        Grant(
            effect=statement.effect,
            action=canonical(action.lower()),
            resource=canonical(_in_one_partition(resource, partition)),
            conditions=conditions,
            action_text=action,
            resource_text=resource,
        )
        for action in statement.actions
        for resource in statement.resources
    ]


def _in_one_partition(resource: str, partition: str) -> str:
    own = f"arn:{partition}:"
    return f"arn:aws:{resource.removeprefix(own)}" if resource.startswith(own) else resource


def _condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    name = operator.lower()
    kind = name.rpartition(":")[2].removesuffix("ifexists")
    weighed = frozenset(value.lower() if kind in ("bool", "null") else value for value in values)
    return Condition(name, key.lower(), weighed, f"{operator} {key} = {' or '.join(sorted(set(values)))}")
