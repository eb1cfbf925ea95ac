"""AWS's word on the regions of an account, kept so that not every poll has to ask for it."""

from __future__ import annotations

from django.db import models

from accounts.models.account import Account


class StoredRegionStates(models.Model):
    """What account:ListRegions last said. A table of its own: no page needs it, and a poll seldom writes it."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="region_states", primary_key=True)
    by_code = models.JSONField(help_text="{region: state as AWS spells it}")
    read_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "stored region states"

    def __str__(self) -> str:
        return f"{self.account_id}: {len(self.by_code)} regions, read at {self.read_at:%H:%M}"
