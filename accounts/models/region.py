"""The supported-regions table."""

from __future__ import annotations

from django.db import models

from accounts.domain.regions import display_order, geography_of, partition_of


class RegionQuerySet(models.QuerySet["Region"]):
    """Questions about the table."""

    def polled_codes(self, partition: str) -> list[str]:
        """The codes that a poll of an account in this partition asks."""
        codes = self.filter(partition=partition, polled=True).values_list("code", flat=True)
        return sorted(codes, key=display_order)


class Region(models.Model):
    """One row: the guide's word, and whether Rolecall polls the region. Not polled shows as `unsupported`."""

    code = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(max_length=100)
    partition = models.CharField(max_length=16, db_index=True)
    supported = models.BooleanField(help_text="The guide's Yes or No.")
    beyond_guide = models.BooleanField(default=False, help_text="Not in the guide's table; botocore knows it.")
    opt_in = models.BooleanField(default=False, help_text="Off in an account until somebody enables it.")
    polled = models.BooleanField(default=True)
    note = models.TextField(blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: object, **kwargs: object) -> None:
        """Derive the partition, so that a row cannot stand in two places."""
        self.partition = partition_of(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def geography(self) -> str:
        """The heading it stands under in the matrix."""
        return geography_of(self.code)
