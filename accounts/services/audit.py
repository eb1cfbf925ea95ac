"""The audit record."""

from __future__ import annotations

from typing import Final

from accounts.models import AuditEntry

# Who has acted when no person did at that moment.
ROLECALL: Final = "Rolecall"


def note(actor: str, action: str, subject: str = "", detail: str = "") -> None:
    """Write down who did what. Callers pass no secret: entries are shown and exported."""
    AuditEntry.objects.create(actor=actor[:150], action=action, subject=subject[:200], detail=detail)
