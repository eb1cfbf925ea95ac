"""The audit record."""

from __future__ import annotations

from typing import Final

from accounts.models import Account, AuditEntry

# Who has acted when no person did at that moment.
ROLECALL: Final = "Rolecall"


def note(
    actor: str,
    action: str,
    subject: str | Account = "",
    detail: str = "",
    *,
    about: Account | None = None,
    undoes: AuditEntry | None = None,
) -> AuditEntry:
    """Write down who did what."""
    made = entry(actor, action, subject, detail, about=about, undoes=undoes)
    made.save(force_insert=True)
    return made


def entry(
    actor: str,
    action: str,
    subject: str | Account = "",
    detail: str = "",
    *,
    about: Account | None = None,
    undoes: AuditEntry | None = None,
) -> AuditEntry:
    """What `note` writes down, for whoever writes many at once. Callers pass no secret: it is shown and exported.

    An account that is the subject, or that it is `about`, finds the entry on its page for ever.
    """
    account = subject if isinstance(subject, Account) else about
    return AuditEntry(
        actor=actor[:150],
        action=action,
        subject=str(subject)[:200],
        detail=detail,
        account_number=account.account_id if account else "",
        undoes=undoes,
    )


def counted(number: int) -> str:
    """`312 accounts`, as the record says whom an act was about."""
    return f"{number} account{'s' if number != 1 else ''}"
