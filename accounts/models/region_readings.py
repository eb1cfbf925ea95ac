"""What AWS publishes of Amazon MQ's regions, as last read; and what people did to the region table."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


class RegionReading(models.Model):
    """AWS's public list as the hub of one partition last read it. A failed look keeps the last good list."""

    partition = models.CharField(max_length=16, primary_key=True)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150)
    # The last look, good or not; `problem` says why it came to nothing.
    checked_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    # What would have to be allowed; empty unless AWS denied it.
    denied_action = models.CharField(max_length=80, blank=True)
    # {region: AWS's name for it, empty when it gives none}; null until a look was good.
    names = models.JSONField(null=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"regions as {self.partition} was told: {self.problem or len(self.names or {})}"

    @property
    def waits(self) -> bool:
        """True while a worker has still to answer."""
        return self.checked_at is None or self.checked_at < self.requested_at


class RegionEdit(models.Model):
    """One act on the region table: the rows before and after it, so that it can be undone."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    # {code: row}, null for no row.
    before = models.JSONField()
    after = models.JSONField()
    # The cells of a row that was removed: kept here as history, put back when it is undone.
    cells = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.action}: {', '.join(self.codes)}"

    @property
    def codes(self) -> list[str]:
        """The rows that it changed."""
        after: dict[str, Any] = self.after
        return sorted(after)
