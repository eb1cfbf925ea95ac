"""What somebody is about to do to many accounts, or has done."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models.audit import AuditEntry


class BulkAct(models.Model):
    """Which accounts somebody chose and what for. Kept, so that its page can be opened again; gone after a day."""

    person = models.CharField(max_length=150)
    act = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    # Chosen one by one; empty: all that match the filters.
    ticked = models.JSONField(default=list)
    filter = models.TextField(blank=True, help_text="The query string of the list they were chosen in.")
    page = models.CharField(max_length=20, help_text="That list.")
    counted = models.PositiveIntegerField(null=True, help_text="How many accounts the list said that this takes in.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.CASCADE, null=True, related_name="bulk_act")
    # {"changed": 3, "alike": 1, "refused": {reason: 2}}, once it is done.
    result = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.act} by {self.person}"

    def get_absolute_url(self) -> str:
        """Its page: what would change, or what has."""
        return reverse("act", args=[self.pk])
