"""The switch that stops the schedule for every account."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class PollingPause(models.Model):
    """The one row is there while polling is paused. It says who paused it, and when."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    since = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_polling_pause")]

    def __str__(self) -> str:
        return f"paused by {self.by} since {self.since:%Y-%m-%d %H:%M}"
