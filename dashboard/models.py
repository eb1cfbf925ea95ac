"""What people keep of the pages: their saved views, and the reports that programs fetch."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

UNDO_FOR = timedelta(hours=24)  # a deleted view can be taken back until its next day


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Questions about views."""

    def open_to(self, person: User) -> SavedViewQuerySet:
        """The views that a person may open: the own ones and the shared ones."""
        return self.filter(Q(owner=person) | Q(shared=True), deleted_at=None)

    def restorable_by(self, person: User) -> SavedViewQuerySet:
        """The views that a person has deleted and can still take back."""
        return self.filter(owner=person, deleted_at__gte=timezone.now() - UNDO_FOR)


def forget_deleted_views() -> None:
    """Delete the views that nobody can take back any more."""
    SavedView.objects.filter(deleted_at__lt=timezone.now() - UNDO_FOR).delete()


class SavedView(models.Model):
    """A page with its filters, sorting and columns, under a name. A deleted one can be taken back for a day."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    page = models.CharField(max_length=20)
    query = models.TextField(blank=True, help_text="The query string, without the page of the table.")
    shared = models.BooleanField(default=False, help_text="Everybody who may watch can open it.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["page", Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(
                "owner", "page", Lower("name"), condition=Q(deleted_at=None), name="one_view_of_a_name_per_page"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """An address that stays: it leads to the page as the view is saved then."""
        return reverse("view", args=[self.pk])


class DefaultView(models.Model):
    """The view that a person gets when a page is opened without any filter."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="default_views")
    page = models.CharField(max_length=20)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="defaults")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "page"], name="one_default_view_per_page")]

    def __str__(self) -> str:
        return f"{self.person}: {self.page}"


class Report(models.Model):
    """A saved view as a file that a program fetches with a token; only the token's hash is kept."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reports")
    name = models.CharField(max_length=80)
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="reports")
    format = models.CharField(max_length=8)
    columns = models.JSONField(default=list, blank=True, help_text="In this order; none: as the view has them.")
    token_sha256 = models.CharField(max_length=64)
    token_made_at = models.DateTimeField(default=timezone.now)
    token_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long each token opens it; null: for good."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    # Of the last file that was fetched to its end.
    last_rows = models.PositiveBigIntegerField(null=True, editable=False)
    last_bytes = models.PositiveBigIntegerField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # How often it was fetched since `counted_from`: the limit is kept here, so that all web servers share it.
    counted_from = models.DateTimeField(null=True, editable=False)
    counted = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = [Lower("name"), "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The address that a program fetches; it stays the same when the token is exchanged."""
        return reverse("report-file", args=[self.pk])

    @property
    def token_ends_at(self) -> datetime | None:
        """When its token opens nothing any more; None for one that lasts."""
        return None if self.token_days is None else self.token_made_at + timedelta(days=self.token_days)

    @property
    def token_over(self) -> bool:
        """True when the token has had its time."""
        return self.token_ends_at is not None and self.token_ends_at <= timezone.now()
