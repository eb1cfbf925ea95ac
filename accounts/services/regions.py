"""Switching a region on and off."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Region
from accounts.services import audit
from accounts.services.standing import stand_again


def set_polled(region: Region, polled: bool, actor: str) -> bool:
    """Poll a region from the next poll on, or stop polling it; verdicts that rested on it change at once.

    False: it was so already, and nothing was noted.
    """
    with transaction.atomic():
        changed = Region.objects.filter(pk=region.pk, polled=not polled).update(polled=polled)
        if changed:
            audit.note(actor, "poll region" if polled else "stop polling region", region.code)
            stand_again(region.partition, f"{region.code} is {'polled from now on' if polled else 'no longer polled'}")
    region.polled = polled
    return bool(changed)
