"""Sweeps, and the polls they are made of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models.account import Account


class Sweep(models.Model):
    """One round of polling over many accounts."""

    class State(models.TextChoices):
        """A sweep runs until none of its polls is open."""

        RUNNING = "running", "running"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"

    class Reason(models.TextChoices):
        """Who wanted it."""

        SCHEDULE = "schedule", "schedule"
        PAGE = "page", "a person"
        COMMAND = "command", "command"

    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    requested_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["state"], name="sweep_running", condition=Q(state="running"))]

    def __str__(self) -> str:
        return f"Sweep {self.pk}"

    def get_absolute_url(self) -> str:
        """The sweep's page."""
        return reverse("sweep", args=[self.pk])


class Poll(models.Model):
    """One account's turn in a sweep. Claimed by a conditional update; an expired lease may be claimed again."""

    class State(models.TextChoices):
        """Queued and running polls are open."""

        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    OPEN = (State.QUEUED, State.RUNNING)

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="polls")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="polls")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    sent_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    # Names the holder of the lease, so that a worker thought dead cannot finish a poll that another has taken over.
    lease_token = models.CharField(max_length=32, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failing_regions = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)
    # What came back and what it cost, small enough to be kept for two weeks: {"ok": 30, "denied": 1},
    # {"eu-west-2": "denied"}, and the one region that took longest.
    outcomes = models.JSONField(default=dict)
    failing = models.JSONField(default=dict)
    slowest_region = models.CharField(max_length=32, blank=True)
    slowest_seconds = models.FloatField(null=True)
    calls = models.PositiveIntegerField(default=0, help_text="Requests sent to AWS, retries included.")
    retries = models.PositiveIntegerField(default=0)
    throttles = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sweep", "account"], name="one_poll_per_sweep_and_account"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="running"), name="one_running_poll_per_account"
            ),
        ]
        indexes = [
            models.Index(fields=["sweep", "state"], name="poll_by_sweep_state"),
            models.Index(fields=["state", "sent_at"], name="poll_open", condition=Q(state__in=["queued", "running"])),
        ]

    def __str__(self) -> str:
        return f"poll {self.pk} of {self.account_id}: {self.state}"
