"""Every cell of the matrix as a row, those that were never polled and those that the region table says No to, too."""

from __future__ import annotations

from django.db import models

from accounts.domain.outcomes import Outcome
from accounts.models.account import Account
from accounts.models.choices import choices
from accounts.models.region import Region


class MatrixCell(models.Model):
    """An account in a region of its partition: a view that derives what `Cell` does not store (decision 6).

    `said` is what pages say of the cell; `outcome` is what the last probe came to, whatever the region table says now.
    """

    pk = models.CompositePrimaryKey("account_id", "region_id")
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.DO_NOTHING, related_name="+")
    polled = models.BooleanField()
    outcome = models.CharField(max_length=20, choices=choices(Outcome), null=True)  # noqa: DJ001 no probe is no text
    said = models.CharField(max_length=20, choices=choices(Outcome))
    code = models.TextField()
    permission = models.TextField()
    detail = models.TextField()
    brokers = models.IntegerField(null=True)
    rabbitmq = models.IntegerField(null=True)
    activemq = models.IntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "accounts_matrixcell"
        ordering = ["account__name", "account__account_id", "region_id"]

    def __str__(self) -> str:
        return f"{self.account_id} {self.region_id}: {self.said}"
