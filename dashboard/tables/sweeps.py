"""Sweeps, the polls of one sweep, and the audit record."""

from __future__ import annotations

from datetime import timedelta

import django_tables2 as tables
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce, Now
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import AccountQuerySet, AuditEntry, Poll, Sweep
from dashboard.poll_filter import ANY
from dashboard.tables.columns import NumberColumn, SortedColumn, TextColumn, TimeColumn, account_html
from dashboard.words import first_sentence

ANSWERED = (Poll.State.DONE, Poll.State.FAILED)
TONES = {"running": "in_use", "done": "good", "cancelled": "absent", "queued": "absent", "failed": "danger"}


def sweeps_with_counts(accounts: AccountQuerySet) -> QuerySet[Sweep]:
    """Sweeps with how many of these accounts each took in, and how many failed.

    Counted sweep by sweep, so that a page of 25 does not add up the polls of two weeks.
    """
    polls = Poll.objects.filter(sweep=OuterRef("pk"), account__in=accounts.order_by().values("pk"))
    per_sweep = polls.order_by().values("sweep")

    def counted(number: Count | Sum) -> Coalesce:
        return Coalesce(Subquery(per_sweep.annotate(n=number).values("n"), output_field=IntegerField()), 0)

    return Sweep.objects.annotate(
        accounts=counted(Count("pk")),
        failed=counted(Count("pk", filter=Q(state=Poll.State.FAILED))),
        failing_cells=counted(Sum("failing_regions")),
        failing_accounts=counted(Count("pk", filter=Q(failing_regions__gt=0))),
        lasted=Coalesce("finished_at", Now()) - F("created_at"),
    )


def seconds(length: timedelta | None) -> float | None:
    """A length of time in seconds, to the tenth."""
    return None if length is None else round(length.total_seconds(), 1)


def state_html(state: str) -> SafeString:
    """A state as a chip with its word."""
    return format_html('<span class="chip {}">{}</span>', TONES.get(state, "absent"), state)


class SweepTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Newest first."""

    number = SortedColumn("pk", verbose_name="Sweep", attrs={"td": {"class": "strong"}})
    state = SortedColumn("state", verbose_name="State")
    reason = TextColumn("reason", lambda s: s.get_reason_display(), verbose_name="Asked by")
    requested_by = TextColumn("requested_by", verbose_name="Who")
    created_at = TimeColumn("created_at", verbose_name="Began")
    lasted = NumberColumn("lasted", lambda s: seconds(s.lasted), verbose_name="Seconds")
    accounts = NumberColumn("accounts", verbose_name="Accounts")
    failed = NumberColumn("failed", verbose_name="Accounts failed")
    failing_cells = NumberColumn("failing_cells", verbose_name="Failing cells")
    failing_accounts = NumberColumn("failing_accounts", verbose_name="Failing in accounts")

    how_to_begin = "A sweep is one round of polling: the workers begin with the first account that is due."

    class Meta:
        empty_text = "No sweep yet."

    def render_number(self, record: Sweep) -> SafeString:
        """The sweep's number, linked to its page."""
        return format_html('<a href="{}">Sweep {}</a>', record.get_absolute_url(), f"{record.pk:,}")

    def render_state(self, record: Sweep) -> SafeString:
        """The state's word."""
        return state_html(record.state)

    def render_accounts(self, record: Sweep) -> SafeString:
        """The number, linked to the accounts' polls."""
        return _rows_html(record, record.accounts)  # type: ignore[attr-defined]  # annotated

    def render_failed(self, record: Sweep) -> SafeString:
        """The number, linked to the polls that failed."""
        return _rows_html(record, record.failed, f"?state={Poll.State.FAILED.value}")  # type: ignore[attr-defined]

    def render_failing_accounts(self, record: Sweep) -> SafeString:
        """The number, linked to the polls in which cells failed."""
        return _rows_html(record, record.failing_accounts, f"?failing={ANY}")  # type: ignore[attr-defined]


def _rows_html(sweep: Sweep, count: int, query: str = "") -> SafeString:
    """A figure of a sweep, linked to the polls that it counts; none have no link."""
    if not count:
        return format_html("{}", count)
    return format_html('<a class="in" href="{}{}">{}</a>', sweep.get_absolute_url(), query, f"{count:,}")


def failing_if_answered(poll: Poll) -> int | None:
    """How many regions failed; None for a poll that has not ended or was cancelled: nobody looked."""
    return poll.failing_regions if poll.state in ANSWERED else None


def failing_of_answered() -> Case:
    """The same, to sort by."""
    return Case(When(state__in=ANSWERED, then="failing_regions"), default=None)


class PollTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """One account's turn, a row."""

    account = SortedColumn("account__name", verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account__account_id", verbose_name="Account id", visible=False)
    state = SortedColumn("state", verbose_name="State")
    attempts = NumberColumn("attempts", verbose_name="Attempts")
    failing_regions = NumberColumn(failing_of_answered(), failing_if_answered, verbose_name="Failing regions")
    started_at = TimeColumn("started_at", verbose_name="Began")
    finished_at = TimeColumn("finished_at", verbose_name="Ended")
    problem = TextColumn("problem", verbose_name="Problem", attrs={"td": {"class": "note"}})

    caption = "Polls of this sweep"

    class Meta:
        empty_text = "No poll here."

    def render_account(self, record: Poll) -> SafeString:
        """The account's name and id."""
        return account_html(record.account)

    def render_state(self, record: Poll) -> SafeString:
        """The state's word."""
        return state_html(record.state)

    def render_problem(self, record: Poll) -> SafeString:
        """What happened; what to do about it on hover, since the same text may stand in many rows."""
        if not record.problem:
            return format_html('<span class="soft">{}</span>', "–")
        return format_html('<span title="{}">{}</span>', record.problem, first_sentence(record.problem))


class AuditTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Who did what, newest first."""

    at = TimeColumn("at", verbose_name="When")
    actor = TextColumn("actor", verbose_name="Who", attrs={"td": {"class": "strong"}})
    action = TextColumn("action", verbose_name="Did")
    subject = TextColumn("subject", verbose_name="To")
    detail = TextColumn("detail", verbose_name="Detail", attrs={"td": {"class": "note"}})

    how_to_begin = "Whoever adds, changes, polls or deletes something is written down here, with the time."

    class Meta:
        model = AuditEntry
        fields = ()
        empty_text = "Nobody has done anything yet."
