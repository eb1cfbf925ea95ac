"""Clean-ups: a stored plan, who confirmed and approved it, how far it has come, and a journal of every step."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.domain.cleanups import AT_WORK, OPEN, State
from accounts.domain.plans import Plan, plan_from
from accounts.models.account import Account
from accounts.models.choices import choices


class Campaign(models.Model):
    """One decision over many accounts: plans confirmed together, worked off a few at a time, stopped together."""

    class State(models.TextChoices):
        """A campaign is confirmed once all its plans are drawn; the first surprise stops it."""

        DRAWING = "drawing", "looking"
        DRAFTED = "drafted", "drafted"
        AWAITING_APPROVAL = "awaiting_approval", "awaiting approval"
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped"
        DONE = "done", "done"
        CANCELLED = "cancelled", "cancelled"

    OPEN = (State.DRAWING, State.DRAFTED, State.AWAITING_APPROVAL, State.RUNNING, State.STOPPED)

    name = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAWING)
    requested_by = models.CharField(max_length=150)
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    at_once = models.PositiveSmallIntegerField(default=5)
    reason = models.TextField(blank=True)
    # The clean-ups that came out otherwise than meant and that a person has seen and gone on from.
    acknowledged = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Campaign {self.pk}"

    def get_absolute_url(self) -> str:
        """The campaign's page."""
        return reverse("campaign", args=[self.pk])


class CleanupQuerySet(models.QuerySet["Cleanup"]):
    """Questions about clean-ups."""

    def open(self) -> CleanupQuerySet:
        """Those that have not come to an end."""
        return self.filter(state__in=OPEN)

    def at_work(self) -> CleanupQuerySet:
        """Those that a worker has to carry on, now or later; a paused one, too, so that it can be cancelled."""
        return self.filter(state__in=AT_WORK, confirmed_at__isnull=False)

    def due(self, now: datetime) -> CleanupQuerySet:
        """Those that a worker has to carry on now, and that none holds. A cancellation waits for nothing.

        In a campaign a clean-up is not due before the campaign has given it a place.
        """
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        in_time = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
        its_turn = Q(campaign__isnull=True) | Q(turn_at__isnull=False) | ~Q(state=State.APPROVED)
        return self.at_work().filter(free, Q(its_turn, in_time, paused=False) | ~Q(cancel_wanted_by=""))


class Cleanup(models.Model):
    """One plan of one account and the running of it. Moved from state to state by conditional updates only."""

    # Protected: the journal of what was deleted in AWS outlives the wish to be rid of the account.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="cleanups")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="cleanups")
    state = models.CharField(max_length=20, choices=choices(State), default=State.DRAFTED)
    # While waiting: the state to go on in. AWS's words or ours on why it waits or ended.
    resume_state = models.CharField(max_length=20, choices=choices(State), blank=True)
    reason = models.TextField(blank=True)

    # Null while the first look is going on; `problem` says why it came to nothing.
    plan_json = models.JSONField(null=True)
    plan_sha256 = models.CharField(max_length=64, blank=True)
    looked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    include_arns = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    # [{"rule": …, "detail": …}] as of the drawing; every later gate asks the rules again.
    refusals = models.JSONField(default=list)
    # {region: {"by": …, "at": …, "why": …}}: a second person takes the risk of a region that nobody could look into.
    accepted_regions = models.JSONField(default=dict)
    # What the world was found to differ in, when that voided the plan.
    differences = models.JSONField(default=list)

    requested_by = models.CharField(max_length=150)
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    approval_needed = models.BooleanField(default=True)
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When its campaign gave it a place among those in work. Null: its turn is still to come.
    turn_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    paused = models.BooleanField(default=False)
    cancel_wanted_by = models.CharField(max_length=150, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Requests for the role's deletion.")
    misses = models.PositiveSmallIntegerField(default=0, help_text="Questions in a row that AWS did not answer.")
    next_try_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True, help_text="When this state, or this round of it, began.")
    lease_until = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField(null=True)

    task_id = models.CharField(max_length=1000, blank=True)
    task_asked_at = models.DateTimeField(null=True)
    task_succeeded_at = models.DateTimeField(null=True)
    # [{"region": …, "resource": …, "named_region": …}] of the last FAILED that named any.
    usage = models.JSONField(default=list)

    objects = CleanupQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=sorted(state.value for state in OPEN)),
                name="one_open_cleanup_per_account",
            ),
            models.CheckConstraint(
                name="approved_by_somebody_else",
                condition=Q(approved_by="") | ~Q(approved_by=models.F("confirmed_by")),
            ),
            models.CheckConstraint(
                name="nothing_runs_unconfirmed",
                condition=Q(confirmed_at__isnull=False)
                | ~Q(state__in=["deleting_brokers", "deleting_role", "verifying", "waiting", "done"]),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="cleanup_at_work",
                condition=Q(state__in=sorted(state.value for state in AT_WORK)),
            )
        ]

    def __str__(self) -> str:
        return f"Clean-up {self.pk}"

    def get_absolute_url(self) -> str:
        """The clean-up's page."""
        return reverse("cleanup", args=[self.pk])

    @property
    def plan(self) -> Plan | None:
        """The plan; None while the first look is going on. Raises ValueError for a plan of another version."""
        return plan_from(self.plan_json) if self.plan_json is not None else None

    @property
    def step(self) -> str:
        """The state, or while waiting the one that it waits in."""
        return self.resume_state if self.state == State.WAITING else self.state


class Target(models.Model):
    """One broker of a plan, and how far its deletion has come."""

    class State(models.TextChoices):
        """Gone is what a fresh look says, not what was asked for."""

        PLANNED = "planned", "planned"
        DELETING = "deleting", "deleting"
        GONE = "gone", "gone"

    cleanup = models.ForeignKey(Cleanup, on_delete=models.CASCADE, related_name="targets")
    arn = models.CharField(max_length=300)
    broker_id = models.CharField(max_length=80)
    name = models.CharField(max_length=100)
    region_code = models.CharField(max_length=32)
    engine = models.CharField(max_length=40)
    instance_type = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    # AWS's last word on the broker's state, and why it is not gone yet.
    seen_state = models.CharField(max_length=60, blank=True)
    detail = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["cleanup", "arn"], name="one_target_per_plan_and_broker")]

    def __str__(self) -> str:
        return f"{self.name} in {self.region_code}: {self.state}"


class JournalEntry(models.Model):
    """One step: the intent, committed before the call leaves, and the answer, written when it came. Never deleted."""

    cleanup = models.ForeignKey(Cleanup, on_delete=models.CASCADE, related_name="journal")
    at = models.DateTimeField(default=timezone.now)
    step = models.CharField(max_length=20, help_text="The clean-up's state at the time.")
    action = models.CharField(max_length=80, help_text="The IAM action, or a word of ours such as `look`.")
    target = models.CharField(max_length=300, blank=True)
    deletes = models.BooleanField(default=False, help_text="Whether the call deletes something.")
    intent = models.TextField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=120, blank=True, help_text="AWS's error code; empty when it said yes.")
    request_id = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "journal entries"
        indexes = [models.Index(fields=["cleanup", "action"], name="journal_by_action")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.intent}"
