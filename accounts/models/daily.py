"""What one day came to, for lines over weeks: written while it lasts, kept when the cells have moved on."""

from __future__ import annotations

from django.db import models


class DailyFigures(models.Model):
    """The figures of one day in UTC over all accounts, as they last stood on it. A day without a row was not measured.

    The figures count what is known; how many accounts and cells that rests on stands beside them.
    """

    day = models.DateField(primary_key=True)
    written_at = models.DateTimeField()

    accounts = models.PositiveIntegerField()
    looked_at = models.PositiveIntegerField(help_text="Accounts polled on this day.")
    roles_read = models.PositiveIntegerField(help_text="Accounts whose role was read at their last poll.")
    policies_read = models.PositiveIntegerField(help_text="Accounts whose role and policy were read then.")
    judged = models.PositiveIntegerField(help_text="Accounts with a verdict of their last poll, unknown left out.")
    cells = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    disabled = models.PositiveIntegerField()

    roles = models.PositiveIntegerField()
    in_use = models.PositiveIntegerField()
    unused = models.PositiveIntegerField()
    drifted = models.PositiveIntegerField(help_text="Policies that differ by no doing of AWS.")
    brokers = models.PositiveIntegerField(null=True, help_text="Null: no region has ever answered.")
    failing = models.PositiveIntegerField(help_text="Cells.")

    class Meta:
        ordering = ["-day"]
        verbose_name_plural = "daily figures"

    def __str__(self) -> str:
        return f"figures of {self.day}"

    @property
    def never(self) -> int:
        """Cells that were never asked."""
        return self.cells - self.answered - self.disabled - self.failing

    def complete(self, name: str) -> bool:
        """True when a figure rests on an answer of this day from all that it counts; else there may be more."""
        if self.looked_at < self.accounts:
            return False
        if name in ("brokers", "failing"):
            return not self.never and (name == "failing" or not self.failing)
        rests_on = {"roles": self.roles_read, "drifted": self.policies_read}.get(name, self.judged)
        return rests_on >= self.accounts
