"""What a person confirms of a campaign: how much goes from how many accounts, under one phrase and one hash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from accounts.domain.canonical import sha256_of
from accounts.domain.cleanups import State

VERSION: Final = 1
# What nobody meant to happen to a confirmed clean-up. A clean-up that a person cancels is no surprise; an approval
# that ran out while the accounts before it were worked off is one.
SURPRISES: Final = frozenset({State.FAILED, State.VOID, State.AWAITING_APPROVAL})


def campaign_phrase(deletions: int, accounts: int) -> str:
    """What a person types to confirm a campaign."""
    return f"delete {deletions} from {accounts} {'account' if accounts == 1 else 'accounts'}"


def campaign_sha256(plans: Iterable[tuple[str, str]]) -> str:
    """The hash over the hashes of the plans that go ahead, each beside its account's id."""
    return sha256_of({"version": VERSION, "plans": sorted([account_id, sha256] for account_id, sha256 in plans)})
