"""The switch that keeps every clean-up away from an account, and the name that does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings

from accounts.domain.protection import ends_name_protection
from accounts.models import Account
from accounts.services.acts import Switch, one, perform

PROTECT: Final = Switch("protect account", "protected", True)
UNPROTECT: Final = Switch("unprotect account", "protected", False)


class EndsProtection(Exception):
    """Accounts would lose the protection that their names give, and whoever asks has not proved who they are."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"The protection that the name gives would end for {', '.join(names[:8])}.")
        self.names = names


def rename_unprotects(before: str, after: str) -> bool:
    """True when a new name ends the protection that the old one gives, by the setting of now."""
    return ends_name_protection(before, after, settings.CLEANUP_PROTECTION.name_words)


def check_renames(renames: Iterable[tuple[str, str]], *, may_unprotect: bool) -> None:
    """Raise EndsProtection when one of these, from a name to another, ends a protection, and none may."""
    bare = [] if may_unprotect else [before for before, after in renames if rename_unprotects(before, after)]
    if bare:
        raise EndsProtection(bare)


def set_protected(account: Account, protected: bool, actor: str) -> bool:
    """Protect an account from all deletion, or end that. False: it was so already, and nothing was noted.

    A clean-up that runs finds the switch at its next gate and stops there.
    """
    done = perform(PROTECT if protected else UNPROTECT, one(account), actor)
    account.protected = protected
    return done.entry is not None
