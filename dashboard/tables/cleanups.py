"""All clean-ups, one a row, and the journal of one."""

from __future__ import annotations

from datetime import datetime

import django_tables2 as tables
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.cleanups import State
from accounts.models import AccountQuerySet, Cleanup, JournalEntry, Target
from dashboard.cleanup_words import deletes_words, state_html, state_words
from dashboard.tables.columns import SortedColumn, TextColumn, TimeColumn, account_html, time_html


def cleanups_of(accounts: AccountQuerySet) -> QuerySet[Cleanup]:
    """The clean-ups of these accounts, with how many brokers each deletes and whether the role goes."""
    brokers = Target.objects.filter(cleanup=OuterRef("pk")).order_by().values("cleanup")
    counted = Subquery(brokers.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    no_role = Q(plan_json__isnull=True) | Q(plan_json__role_arn="")
    mine = Cleanup.objects.filter(account__in=accounts.order_by().values("pk")).select_related("account")
    return mine.annotate(brokers=Coalesce(counted, 0), role=Case(When(no_role, then=Value(0)), default=1)).annotate(
        deletes=F("brokers") + F("role")
    )


def upcoming(cleanup: Cleanup) -> datetime | None:
    """When a waiting clean-up goes on; what a running one does next is no try."""
    return cleanup.next_try_at if cleanup.state == State.WAITING else None


class StepColumn(SortedColumn):
    """“4 min ago”; a dash for what has not come yet."""

    def render(self, record: Cleanup) -> SafeString | str:
        """The age."""
        value = self.export(record)
        return time_html(value) if isinstance(value, datetime) else "–"


class CleanupTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Newest first."""

    number = SortedColumn("pk", lambda c: c.pk, verbose_name="Clean-up", attrs={"td": {"class": "strong"}})
    account = SortedColumn(
        "account__name", lambda c: c.account.name, verbose_name="Account", attrs={"td": {"class": "who"}}
    )
    account_id = TextColumn(
        "account__account_id", lambda c: c.account.account_id, verbose_name="Account id", visible=False
    )
    state = SortedColumn("state", state_words, verbose_name="State")
    deletes = SortedColumn("deletes", lambda c: c.deletes, verbose_name="Deletes")
    requested_by = TextColumn("requested_by", lambda c: c.requested_by, verbose_name="Asked by")
    confirmed_by = TextColumn("confirmed_by", lambda c: c.confirmed_by, verbose_name="Confirmed by")
    approved_by = TextColumn("approved_by", lambda c: c.approved_by, verbose_name="Approved by")
    created_at = TimeColumn("created_at", lambda c: c.created_at, verbose_name="Asked")
    started_at = StepColumn("started_at", lambda c: c.started_at, verbose_name="Began")
    finished_at = StepColumn("finished_at", lambda c: c.finished_at, verbose_name="Ended")
    next_try_at = StepColumn("next_try_at", upcoming, verbose_name="Next try")
    reason = TextColumn("reason", lambda c: c.reason, verbose_name="Reason", visible=False)

    class Meta:
        empty_text = "No clean-up matches these filters."

    def render_number(self, record: Cleanup) -> SafeString:
        """The number, linked to the clean-up's page."""
        return format_html('<a href="{}">Clean-up {}</a>', record.get_absolute_url(), f"{record.pk:,}")

    def render_account(self, record: Cleanup) -> SafeString:
        """The account's name and id."""
        return account_html(record.account)

    def render_state(self, record: Cleanup) -> SafeString:
        """The state with its sign."""
        return state_html(record)

    def render_deletes(self, record: Cleanup) -> str:
        """What goes, in words; a dash while nobody knows."""
        if record.plan_json is None:
            return "–"
        return deletes_words(record.brokers, bool(record.role))  # type: ignore[attr-defined]


class JournalTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Every step of one clean-up, oldest first: what was about to be done, and what came of it."""

    at = TimeColumn("at", lambda e: e.at, verbose_name="When")
    step = TextColumn("step", lambda e: e.step, verbose_name="Step")
    action = TextColumn("action", lambda e: e.action, verbose_name="Action")
    target = TextColumn("target", lambda e: e.target, verbose_name="On")
    deletes = TextColumn("deletes", lambda e: "yes" if e.deletes else "no", verbose_name="Deletes")
    intent = TextColumn("intent", lambda e: e.intent, verbose_name="Intent")
    answer = TextColumn("answer", lambda e: e.answer, verbose_name="Answer")
    answered_at = TimeColumn("answered_at", lambda e: e.answered_at, verbose_name="Answered")
    code = TextColumn("code", lambda e: e.code, verbose_name="AWS’s code")
    request_id = TextColumn("request_id", lambda e: e.request_id, verbose_name="AWS’s request id")

    class Meta:
        model = JournalEntry
        fields = ()
