"""Account × region as last known, and the brokers seen there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.domain.outcomes import Outcome
from accounts.models.account import Account
from accounts.models.choices import choices
from accounts.models.region import Region


class Cell(models.Model):
    """One cell of the matrix: what the last probe came to, and what the last good one counted.

    Counts are null until a probe has answered; a failed probe leaves them as they were. There is a row from the first
    poll on; before it the cell is `never`, and `unsupported` follows from the region table. A row is `never` when its
    region is polled again and the account's last poll was before that: what was known of it stays (decision 6).
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="cells")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="cells")
    outcome = models.CharField(max_length=20, choices=choices(Outcome))
    code = models.CharField(max_length=120, blank=True)
    detail = models.TextField(blank=True)
    permission = models.CharField(max_length=80, blank=True)
    brokers = models.PositiveIntegerField(null=True)
    rabbitmq = models.PositiveIntegerField(null=True)
    activemq = models.PositiveIntegerField(null=True)
    # {engine in lower case: {state as AWS spells it: number}}, of the last good probe.
    counts = models.JSONField(default=dict)
    checked_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region"], name="one_cell_per_account_and_region"),
            models.CheckConstraint(
                name="counts_come_from_a_good_probe",
                condition=Q(brokers__isnull=True, last_ok_at__isnull=True)
                | Q(brokers__isnull=False, rabbitmq__isnull=False, activemq__isnull=False, last_ok_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["region", "outcome"], name="cell_by_region_outcome")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.region_id}: {self.outcome}"


class Broker(models.Model):
    """One broker as last listed. Gone from here once its region has answered without it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="brokers")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="brokers")
    arn = models.CharField(max_length=300, unique=True)
    broker_id = models.CharField(max_length=80)
    name = models.CharField(max_length=100)
    engine = models.CharField(max_length=40, help_text="AWS's word, as it came.")
    state = models.CharField(max_length=60, help_text="AWS's word, as it came.")
    deployment_mode = models.CharField(max_length=60, blank=True)
    instance_type = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["region_id", "name"]
        indexes = [models.Index(fields=["account", "region"], name="broker_by_place")]

    def __str__(self) -> str:
        return f"{self.name} in {self.region_id}"
