"""Watched accounts."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.domain.identifiers import PARTITIONS, group_digits
from accounts.domain.organization import RESTING
from accounts.domain.schedule import spacing

# The tags that say what an account is for, the likeliest first.
ENVIRONMENT_TAGS = ("environment", "Environment", "env", "Env", "stage", "Stage")
WAYS_IN = ("partition", "reader_role_arn", "cleaner_role_arn", "external_id")
PACE = ("poll_interval_seconds", "failed_polls")  # what `asked_every` rests on
AWAKE = ~Q(organization_state__in=sorted(RESTING))
# Whom the schedule asks: whom nobody has paused, and AWS has neither suspended nor closed.
ASKED = Q(paused=False) & AWAKE


class AccountQuerySet(models.QuerySet["Account"]):
    """Questions about accounts."""

    def due(self, now: datetime) -> AccountQuerySet:
        """Accounts whose next poll has come, that nobody has paused, and that are there in AWS."""
        due = Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now)
        return self.filter(ASKED, due)

    def awake(self) -> AccountQuerySet:
        """Without those that their organization calls suspended, closed or gone: nobody can assume a role there."""
        return self.filter(AWAKE)


_Manager = models.Manager.from_queryset(AccountQuerySet)


class WatchedManager(_Manager["Account"]):
    """The accounts that are watched. What forgets to think of archived ones leaves them out."""

    def get_queryset(self) -> AccountQuerySet:
        """Leave the archived ones out."""
        return AccountQuerySet(self.model, using=self._db).filter(archived_at__isnull=True)


class Account(models.Model):
    """One watched AWS account and how Rolecall gets in."""

    account_id = models.CharField(max_length=12, unique=True, validators=[RegexValidator(r"^\d{12}$")])
    name = models.CharField(max_length=200)
    partition = models.CharField(max_length=16, choices=[(name, name) for name in PARTITIONS])
    reader_role_arn = models.CharField(max_length=2048)
    cleaner_role_arn = models.CharField(max_length=2048, blank=True)
    external_id = models.CharField(max_length=1224, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    # A column, so that the matrix can group and sort by it; the tags stay the one place where it is set.
    environment = models.GeneratedField(
        expression=Coalesce(*(KT(f"tags__{key}") for key in ENVIRONMENT_TAGS), Value("", models.TextField())),
        output_field=models.TextField(),
        db_persist=True,
    )
    unit = models.CharField(max_length=1024, blank=True, help_text="Organizational unit, as a path: Workloads/Prod.")
    owner = models.CharField(max_length=254, blank=True, help_text="Whom to ask about it.")
    notes = models.TextField(blank=True)
    # AWS's word on it, or GONE; empty when no organization that Rolecall reads has it.
    organization_state = models.CharField(max_length=32, blank=True, editable=False)
    organization_state_since = models.DateTimeField(null=True, editable=False)
    # Roles that a check found to let Rolecall in without the external id: not assumed until one finds them mended.
    open_role_arns = models.JSONField(default=list, blank=True, editable=False)
    paused = models.BooleanField(default=False)
    protected = models.BooleanField(default=False, help_text="Nothing may be deleted in it.")
    poll_interval_seconds = models.PositiveIntegerField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    # Polls in a row that the account itself refused: the interval grows with them until a success or "poll now".
    failed_polls = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    # Deleted with its history kept: in no list, no count and no poll, until the same id is added again.
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_by = models.CharField(max_length=150, blank=True, editable=False)

    # The first one is Django's default, for relations too; foreign keys to an account go through neither.
    objects = WatchedManager()
    every = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "account_id"]
        indexes = [
            models.Index(fields=["name", "account_id"], name="account_by_name"),
            # Beat asks this every few seconds.
            models.Index(fields=["next_poll_at"], name="account_due", condition=Q(paused=False)),
        ]
        permissions = [("watch", "May look at accounts"), ("operate", "May import, poll and change settings")]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    def get_absolute_url(self) -> str:
        """The account's page."""
        return reverse("account", args=[self.account_id])

    @property
    def ways_in(self) -> tuple[str, ...]:
        """All that a check of its roles rests on: when one of these changes, what was checked says nothing any more."""
        return tuple(getattr(self, name) for name in WAYS_IN)

    @property
    def rests(self) -> bool:
        """True when its organization says that nobody can get in: it is kept, and not polled."""
        return self.organization_state in RESTING

    @property
    def grouped_id(self) -> str:
        """The id as people read it: 1234 5678 9012."""
        return group_digits(self.account_id)

    @property
    def asked_every(self) -> int:
        """Seconds between two polls as things stand, failures counted in and jitter left out."""
        own = self.poll_interval_seconds or settings.POLL_INTERVAL_SECONDS
        interval = max(own, settings.POLL_TICK_SECONDS)  # nothing is begun between two ticks
        return spacing(interval, self.failed_polls, settings.POLL_BACKOFF_CAP_SECONDS)
