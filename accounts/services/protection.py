"""The switch that keeps every clean-up away from an account."""

from __future__ import annotations

from typing import Final

from accounts.models import Account
from accounts.services.acts import Switch, one, perform

PROTECT: Final = Switch("protect account", "protected", True)
UNPROTECT: Final = Switch("unprotect account", "protected", False)


def set_protected(account: Account, protected: bool, actor: str) -> bool:
    """Protect an account from all deletion, or end that. False: it was so already, and nothing was noted.

    A clean-up that runs finds the switch at its next gate and stops there.
    """
    done = perform(PROTECT if protected else UNPROTECT, one(account), actor)
    account.protected = protected
    return done.entry is not None
