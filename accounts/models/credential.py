"""Assumed-role credentials, sealed."""

from __future__ import annotations

from django.db import models

from accounts.models.account import Account


class SealedCredential(models.Model):
    """A temporary session of one account for one purpose, readable only with a key."""

    class Purpose(models.TextChoices):
        """Looking and deleting never share a session."""

        READER = "reader", "reader"
        CLEANER = "cleaner", "cleaner"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="credentials")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    sealed = models.BinaryField()
    # The role and external id that the session was made with: a change of either makes it worthless.
    role_arn = models.CharField(max_length=2048)
    external_id_sha256 = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "purpose"], name="one_session_per_account_and_purpose")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} session of {self.account_id}, until {self.expires_at:%H:%M}"
