"""The role of one account as last known: presence, policy, trust, each with its own outcome and age."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from accounts.domain.outcomes import Outcome, PolicyGrade, Presence, TrustGrade, Verdict
from accounts.models.account import Account
from accounts.models.choices import choices


class PolicyDocument(models.Model):
    """A policy document as AWS gave it, kept once under the hash of its canonical form."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    document = models.JSONField()
    first_seen_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256[:12]


class RoleStatus(models.Model):
    """What is known of one account's role. A part that could not be read keeps its last good value and says why."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="role_status", primary_key=True)
    verdict = models.CharField(max_length=12, choices=choices(Verdict), default=Verdict.UNKNOWN.value, db_index=True)
    # When what the verdict rests on was last seen, if the last look could not see it again; null: it is of that look.
    verdict_last_known_at = models.DateTimeField(null=True)
    # The whole account's last poll.
    checked_at = models.DateTimeField(null=True)

    presence = models.CharField(max_length=12, choices=choices(Presence), default=Presence.UNKNOWN.value)
    outcome = models.CharField(max_length=20, choices=choices(Outcome), default=Outcome.NEVER.value)
    code = models.CharField(max_length=120, blank=True)
    detail = models.TextField(blank=True)
    permission = models.CharField(max_length=80, blank=True)
    last_ok_at = models.DateTimeField(null=True)

    role_id = models.CharField(max_length=64, blank=True)
    role_arn = models.CharField(max_length=300, blank=True)
    description = models.CharField(max_length=1000, blank=True)
    role_created_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_region = models.CharField(max_length=32, blank=True)
    flags = models.JSONField(default=list)

    # Empty: the role is absent, or it was never read.
    policy_grade = models.CharField(max_length=20, choices=choices(PolicyGrade), blank=True)
    policy_outcome = models.CharField(max_length=20, choices=choices(Outcome), default=Outcome.NEVER.value)
    policy_detail = models.TextField(blank=True)
    policy_permission = models.CharField(max_length=80, blank=True)
    policy_last_ok_at = models.DateTimeField(null=True)
    policy_version = models.CharField(max_length=16, blank=True)
    policy_document = models.ForeignKey(
        PolicyDocument, null=True, on_delete=models.PROTECT, related_name="as_permissions"
    )
    attached_policy_arns = models.JSONField(default=list)
    inline_policy_names = models.JSONField(default=list)

    trust_grade = models.CharField(max_length=16, choices=choices(TrustGrade), blank=True)
    trust_document = models.ForeignKey(PolicyDocument, null=True, on_delete=models.PROTECT, related_name="as_trust")

    # Totals over the polled regions, so that a page of accounts needs no sums. Null until a region has answered.
    brokers = models.PositiveIntegerField(null=True)
    rabbitmq = models.PositiveIntegerField(null=True)
    activemq = models.PositiveIntegerField(null=True)
    regions_ok = models.PositiveSmallIntegerField(default=0)
    regions_disabled = models.PositiveSmallIntegerField(default=0)
    regions_failing = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "role statuses"
        indexes = [
            models.Index(fields=["policy_grade"], name="role_by_policy_grade"),
            models.Index(fields=["regions_failing"], name="role_by_failing"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.presence}, {self.policy_grade or 'no policy'}"

    @property
    def verdict_as_of(self) -> datetime | None:
        """The look that the verdict rests on: the last one, or the last that saw role and brokers."""
        return self.verdict_last_known_at or self.checked_at
