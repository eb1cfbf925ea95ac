"""The switch that keeps every clean-up away from an account."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Account
from accounts.services import audit


def set_protected(account: Account, protected: bool, actor: str) -> bool:
    """Protect an account from all deletion, or end that. False: it was so already, and nothing was noted.

    A clean-up that runs finds the switch at its next gate and stops there.
    """
    with transaction.atomic():
        changed = Account.objects.filter(pk=account.pk, protected=not protected).update(protected=protected)
        if changed:
            audit.note(actor, "protect account" if protected else "unprotect account", str(account))
    account.protected = protected
    return bool(changed)
