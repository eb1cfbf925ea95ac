"""Who did what: the record an auditor reads."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class AuditEntry(models.Model):
    """One act of a person or a command. Rows are only ever added."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.TextField(blank=True)
    # The account that it is about, when it is about one. Its digits, and no foreign key: a purge must leave it whole.
    account_number = models.CharField(max_length=12, blank=True)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["account_number", "-at"], name="audit_by_account", condition=~Q(account_number=""))
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor}: {self.action} {self.subject}"


class AccountEdit(models.Model):
    """What one act changed of one account: the values before and after, by field. None: it was not there, or is not.

    An external id is not in it: of that, only its beginning is kept.
    """

    entry = models.ForeignKey(AuditEntry, on_delete=models.CASCADE, related_name="edits")
    account_number = models.CharField(max_length=12)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["account_number", "entry"], name="one_edit_per_act_and_account")]

    def __str__(self) -> str:
        return f"{self.account_number}: {', '.join(self.after or self.before or {})}"
