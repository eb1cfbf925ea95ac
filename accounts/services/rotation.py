"""Key rotation: everything sealed is sealed again with the first key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from accounts.models import SealedCredential
from accounts.services import audit
from accounts.services.sealing import CannotOpen, reseal


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. Sessions that no key opens are forgotten: the next poll makes new ones."""

    resealed: int
    forgotten: int


def rotate_credentials(actor: str, progress: Callable[[int], object] = lambda done: None) -> Rotated:
    """Seal every stored session again, row by row: interrupted, it may simply be started again."""
    resealed = forgotten = 0
    for pk in list(SealedCredential.objects.order_by("pk").values_list("pk", flat=True)):
        kept = _rotate_one(pk)
        resealed, forgotten = resealed + (kept is True), forgotten + (kept is False)
        progress(1)
    audit.note(actor, "rotate credentials", f"{resealed} sessions", f"{forgotten} that no key opens were forgotten")
    return Rotated(resealed, forgotten)


def _rotate_one(pk: int) -> bool | None:
    with transaction.atomic():
        row = SealedCredential.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return None
        try:
            row.sealed = reseal(bytes(row.sealed))
        except CannotOpen:
            row.delete()
            return False
        row.save(update_fields=["sealed"])
        return True
