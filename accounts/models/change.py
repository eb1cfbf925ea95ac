"""The history of an account: a row only when something changed."""

from __future__ import annotations

from django.db import models

from accounts.models.account import Account


class Change(models.Model):
    """One thing that was one way at the last look and is another now."""

    class Kind(models.TextChoices):
        """What changed."""

        ROLE = "role", "role"
        POLICY = "policy", "policy"
        TRUST = "trust", "trust"
        BROKERS = "brokers", "brokers"
        OUTCOME = "outcome", "outcome"
        VERDICT = "verdict", "verdict"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="changes")
    region_code = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    old = models.CharField(max_length=200, blank=True)
    new = models.CharField(max_length=200)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["account", "-at"], name="change_by_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.region_code}: {self.old or '–'} → {self.new}"
