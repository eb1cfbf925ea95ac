"""What one day came to, for lines over weeks: written while it lasts, kept when the cells have moved on."""

from __future__ import annotations

from django.db import models


class DailyFigures(models.Model):
    """The figures of one day in UTC over all accounts, as they last stood on it. A day without a row was not measured.

    The figures count what is known of all accounts; what that rests on stands beside them. `accounts`, and how many of
    them were polled, read and judged, are those that the schedule asks: not the paused, nor those that AWS has closed.
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

    def complete(self, name: str, *, over: bool = True) -> bool:
        """True when a figure rests on an answer from all that it counts; else there may be more.

        On a day that is over, on an answer of that day. Of one that is not, on the last answer, as every page counts.
        """
        if name == "failing":
            return True  # of a cell that was not asked nobody says that it fails
        if over and self.looked_at < self.accounts:
            return False
        if name == "brokers":
            return not self.never and not self.failing
        rests_on = {"roles": self.roles_read, "drifted": self.policies_read}.get(name, self.judged)
        return rests_on >= self.accounts
