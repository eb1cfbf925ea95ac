"""What the last check of an account's roles found, and who Rolecall is in each partition."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.domain.access import Door
from accounts.domain.identifiers import PARTITIONS
from accounts.domain.role_policies import new_external_id
from accounts.models.account import Account
from accounts.models.choices import choices


class AccessCheckQuerySet(models.QuerySet["AccessCheck"]):
    """Questions about checks."""

    def waiting(self) -> AccessCheckQuerySet:
        """Checks that were asked for and have not come back; of a deleted account none will."""
        unanswered = Q(checked_at__isnull=True) | Q(checked_at__lt=F("requested_at"))
        return self.filter(unanswered, account__archived_at__isnull=True)


class AccessCheck(models.Model):
    """The last check of one account: per role how it lets Rolecall in, and every call with its answer."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="access_check", primary_key=True)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=150)
    sent_at = models.DateTimeField(db_index=True)
    checked_at = models.DateTimeField(null=True)
    # The answer for a role that has changed since says nothing of the one that is there now.
    reader_role_arn = models.CharField(max_length=2048, blank=True)
    cleaner_role_arn = models.CharField(max_length=2048, blank=True)
    # Empty: never checked; for the cleaner also: there is none.
    reader = models.CharField(max_length=12, choices=choices(Door), blank=True)
    cleaner = models.CharField(max_length=12, choices=choices(Door), blank=True)
    # {purpose: {"detail": why it is shut or open, "calls": [{"action", "result", "denied_by", "detail", "add"}]}}
    results = models.JSONField(default=dict)

    objects = AccessCheckQuerySet.as_manager()

    def __str__(self) -> str:
        return f"access check of {self.account_id}"

    @property
    def waits(self) -> bool:
        """True while a worker has still to answer; never before anybody has asked."""
        return not self._state.adding and (self.checked_at is None or self.checked_at < self.requested_at)


class HubIdentity(models.Model):
    """Who the workers run as in one partition, as AWS told them."""

    partition = models.CharField(max_length=16, primary_key=True, choices=[(name, name) for name in PARTITIONS])
    caller_account = models.CharField(max_length=12, blank=True)
    caller_arn = models.CharField(max_length=2048, blank=True)
    # What trust policies must name; empty when `problem` says why there is none.
    principal_arn = models.CharField(max_length=2048, blank=True)
    found_by = models.CharField(max_length=64, blank=True)
    profile = models.CharField(max_length=128, blank=True)
    problem = models.TextField(blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True)
    # What the external ids of all accounts of a StackSet begin with.
    external_id_prefix = models.CharField(max_length=64, default=new_external_id)

    class Meta:
        verbose_name_plural = "hub identities"

    def __str__(self) -> str:
        return f"{self.partition}: {self.caller_arn or self.problem or 'not asked yet'}"

    @property
    def waits(self) -> bool:
        """True while a worker has still to answer."""
        return self.checked_at is None or self.checked_at < self.requested_at
