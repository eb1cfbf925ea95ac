"""A file of accounts between its preview and its import."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class ImportDraft(models.Model):
    """What one person's file would do, and once it is imported, what it did."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="import_drafts")
    file_name = models.CharField(max_length=200, blank=True)
    # The rows, or what is wrong with the lines: a file may hold anything, so nobody reads it in the table or a backup.
    sealed = models.BinaryField(null=True)
    problems = models.PositiveIntegerField(default=0)
    good_lines = models.PositiveIntegerField(default=0)
    made_external_ids = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    account_ids = models.JSONField(default=list, help_text="What was created or updated.")

    class Meta:
        constraints = [
            # Two files of one person side by side would invite importing the wrong one.
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(imported_at=None), name="one_open_import_per_person"
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="import_draft_expiry")]

    def __str__(self) -> str:
        return self.file_name or "the pasted text"

    def get_absolute_url(self) -> str:
        """Its page: the preview, the bad lines, or what came of it."""
        return reverse("onboarding-import-draft", args=[self.pk])
