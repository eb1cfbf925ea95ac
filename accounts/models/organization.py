"""AWS organizations that accounts come from: how one is read, what it said last, and what was taken of it."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.domain.identifiers import PARTITIONS
from accounts.domain.organization import Member, Selection, Taken
from accounts.domain.role_policies import ROLE_NAMES, Purpose


class Organization(models.Model):
    """One organization, by the identity that may read it."""

    class ExternalIds(models.TextChoices):
        """Where the external ids of new accounts come from."""

        RANDOM = "random", "a random one for each account"
        STACKSET = "stackset", "the StackSet’s: its prefix and the account id"

    partition = models.CharField(max_length=16, choices=[(name, name) for name in PARTITIONS])
    # Empty: the hub identity itself is of the management account, or of a delegated administrator.
    access_role_arn = models.CharField(max_length=2048, blank=True)
    external_id = models.CharField(max_length=1224, blank=True)
    reads_tags = models.BooleanField(default=True)

    include_units = models.JSONField(default=list, blank=True)
    exclude_units = models.JSONField(default=list, blank=True)
    tag_rules = models.JSONField(default=list, blank=True)
    patterns = models.JSONField(default=list, blank=True)
    reader_role = models.CharField(max_length=512, default=ROLE_NAMES[Purpose.READER])
    cleaner_role = models.CharField(max_length=512, blank=True)
    external_ids = models.CharField(max_length=10, choices=ExternalIds.choices, default=ExternalIds.STACKSET)
    # Nobody has said yet which accounts are wanted: nothing is taken by itself before.
    chosen = models.BooleanField(default=False)
    interval_seconds = models.PositiveIntegerField(null=True)
    takes_changes = models.BooleanField(default=False)

    created_at = models.DateTimeField(default=timezone.now)
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.CharField(max_length=150, blank=True)
    sent_at = models.DateTimeField(default=timezone.now)
    # The reading that is under way: who has it, until when, and how far it is.
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    stage = models.CharField(max_length=120, blank=True)
    answered_at = models.DateTimeField(null=True)
    # Why the last reading failed: nothing of it was kept. `statement` is what to add to a policy, where that helps.
    problem = models.TextField(blank=True)
    problem_code = models.CharField(max_length=120, blank=True)
    statement = models.JSONField(default=dict)
    # The last whole reading.
    read_at = models.DateTimeField(null=True)
    organization_id = models.CharField(max_length=40, blank=True)
    management_account = models.CharField(max_length=12, blank=True)
    units = models.JSONField(default=list)
    # Differences that nobody has taken: counted when one of the two sides has changed by Rolecall's own doing.
    waiting = models.PositiveIntegerField(default=0)
    next_read_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["partition", "access_role_arn"]
        constraints = [
            models.UniqueConstraint(fields=["partition", "access_role_arn"], name="one_organization_per_way_in")
        ]

    def __str__(self) -> str:
        return f"organization {self.organization_id or 'not read yet'} ({self.partition})"

    def get_absolute_url(self) -> str:
        """The organization's page."""
        return reverse("onboarding-organization", args=[self.pk])

    @property
    def waits(self) -> bool:
        """True while a worker has still to answer."""
        return self.answered_at is None or self.answered_at < self.requested_at

    @property
    def selection(self) -> Selection:
        """Which of its accounts are wanted."""
        rules = (self.include_units, self.exclude_units, self.tag_rules, self.patterns)
        return Selection(*(tuple(rule) for rule in rules))


class OrganizationMember(models.Model):
    """One account as the last whole reading has it. One no longer listed is GONE while it is watched."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="members")
    account_id = models.CharField(max_length=12)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=32)
    # Null: not read, which is not to say none.
    unit = models.CharField(max_length=1024, null=True)  # noqa: DJ001
    tags = models.JSONField(null=True)
    # {"name", "unit", "tags"} as AWS said them when they were last taken or dismissed.
    taken = models.JSONField(null=True)

    class Meta:
        ordering = ["name", "account_id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "account_id"], name="one_member_per_organization")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id}): {self.state}"

    @property
    def facts(self) -> Member:
        """The same in the domain's words."""
        return Member(self.account_id, self.name, self.state, self.unit, self.tags)

    @property
    def last_taken(self) -> Taken | None:
        """What was last taken of it."""
        return Taken(**self.taken) if self.taken else None


class OrganizationTake(models.Model):
    """One taking of changes, with what stood there before, so that it can be undone."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="takes")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150)
    counts = models.JSONField(default=dict)  # {"new": 3}
    # [{"account_id", "new": bool, "before": {field: value}, "after": {field: value}, "taken": what stood there}]
    items = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"taking {self.pk} from {self.organization_id}"
