"""How the role's trust policy compares with the documented one, in either of the two spellings that AWS uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.domain.documents import IncomparableDocumentError, Statement, UnreadableDocumentError, read_statements
from accounts.domain.outcomes import TrustGrade
from accounts.domain.role import SERVICE_PRINCIPAL

_PRINCIPAL = ("Service", SERVICE_PRINCIPAL)
_ACTION = "sts:assumerole"


@dataclass(frozen=True, slots=True)
class TrustComparison:
    """The grade and why: `reason` is one sentence for people, empty when the grade is `exact`."""

    grade: TrustGrade
    reason: str


def grade_trust(document: object) -> TrustComparison:
    """Grade a live trust document; never raises, whatever the document is.

    Only Amazon MQ may assume the role, by sts:AssumeRole and under no condition; everything else is a mismatch.
    """
    try:
        statements = read_statements(document, "Principal")
    except UnreadableDocumentError as error:
        return TrustComparison(TrustGrade.UNREADABLE, f"The live trust policy cannot be read: {error}.")
    except IncomparableDocumentError as error:
        return TrustComparison(TrustGrade.TRUST_MISMATCH, f"The live trust policy is not the documented one: {error}.")
    finding = _first_finding(statements)
    if not finding:
        return TrustComparison(TrustGrade.EXACT, "")
    return TrustComparison(TrustGrade.TRUST_MISMATCH, f"The live trust policy {finding}.")


def trusted_by(document: object) -> tuple[str, ...]:
    """Who may assume the role, as the document names them; nobody for a document that cannot be read."""
    try:
        statements = read_statements(document, "Principal")
    except (UnreadableDocumentError, IncomparableDocumentError):
        return ()
    allowed = (name for statement in statements if statement.effect == "Allow" for _, name in statement.principal)
    return tuple(dict.fromkeys("everyone" if name == "*" else name for name in allowed))


def _first_finding(statements: Sequence[Statement]) -> str:
    if not statements:
        return f"does not let {SERVICE_PRINCIPAL} assume the role"
    return next(filter(None, map(_finding, statements)), "")


def _finding(statement: Statement) -> str:
    """What one statement says beyond the documented one; empty when it says just that."""
    if statement.effect == "Deny":
        return "has a Deny"
    others = [
        "everyone" if kind == "*" else f"{kind} {name}"
        for kind, name in statement.principal
        if (kind, name) != _PRINCIPAL
    ]
    if others:
        return f"trusts {', '.join(others)}, which AWS does not document"
    actions = [action for action in statement.actions if action.lower() != _ACTION]
    if actions:
        return f"allows {', '.join(actions)}, which AWS does not document"
    return "has a condition, which AWS does not document" if statement.condition else ""
