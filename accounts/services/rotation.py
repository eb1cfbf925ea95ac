"""Key rotation: everything sealed is sealed again with the first key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.db import transaction

from accounts.models import SealedCredential
from accounts.services import audit
from accounts.services.sealing import CannotOpen, Damaged, is_current, reseal


class Fate(Enum):
    """What became of one stored session."""

    RESEALED = "resealed"
    CURRENT = "current"
    WRONG_KEY = "wrong_key"
    DAMAGED = "damaged"
    GONE = "gone"  # its account was deleted, or a poll has replaced it, meanwhile


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. Sessions that no key opens are forgotten: the next poll makes new ones."""

    resealed: int
    current: int
    wrong_key: int
    damaged: int

    @property
    def forgotten(self) -> int:
        """How many were deleted."""
        return self.wrong_key + self.damaged


def rotate_credentials(actor: str, progress: Callable[[int], object] = lambda done: None) -> Rotated:
    """Seal every stored session again, row by row. Interrupted and started again, it goes on where it was."""
    fates: Counter[Fate] = Counter()
    try:
        for pk in list(SealedCredential.objects.order_by("pk").values_list("pk", flat=True)):
            fates[_rotate_one(pk)] += 1
            progress(1)
    finally:
        # Also when it was interrupted: what was done is on record.
        done = Rotated(fates[Fate.RESEALED], fates[Fate.CURRENT], fates[Fate.WRONG_KEY], fates[Fate.DAMAGED])
        detail = f"{done.current} were current; forgotten: {done.wrong_key} of an unknown key, {done.damaged} damaged"
        audit.note(actor, "rotate credentials", f"sessions: {done.resealed}", detail)
    return done


def _rotate_one(pk: int) -> Fate:
    with transaction.atomic():
        row = SealedCredential.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return Fate.GONE
        sealed = bytes(row.sealed)
        try:
            row.sealed = reseal(sealed)  # also a current one is opened: a damaged one is found now, not in mid-poll
        except CannotOpen as error:
            row.delete()
            return Fate.DAMAGED if isinstance(error, Damaged) else Fate.WRONG_KEY
        if is_current(sealed):
            return Fate.CURRENT
        row.save(update_fields=["sealed"])
        return Fate.RESEALED
