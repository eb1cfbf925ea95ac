"""Columns that sort in SQL, nothing known last both ways, and pieces of HTML that several tables show."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Self

import django_tables2 as tables
from django.db.models import Expression, F, OrderBy, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.identifiers import group_digits
from accounts.domain.outcomes import Outcome, PolicyGrade, TrustGrade, Verdict
from accounts.models import Account, RoleStatus
from dashboard.last_known import old_policy, old_role, old_verdict
from dashboard.organization_words import rest_words
from dashboard.words import (
    OUTCOME_SHORT,
    OUTCOME_SIGNS,
    OUTCOME_WORDS,
    POLICY_SIGNS,
    POLICY_TONES,
    VERDICT_WORDS,
    ago,
    stale_before,
)

USUAL_PARTITION = "aws"  # goes without saying
Sort = str | Expression | F | Subquery


class SortedColumn(tables.Column):  # type: ignore[misc]  # django-tables2 has no types
    """A column that says by what it sorts, and what an export writes for a record.

    Without `export` that is the attribute that it sorts by. `value` is the same in SQL: a table whose columns all have
    one is exported without making a record of each row.
    """

    def __init__(
        self, sort: Sort, export: Callable[[Any], object] | None = None, *, value: Sort | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("empty_values", ())
        kwargs.setdefault("accessor", "pk")
        super().__init__(**kwargs)
        self.sort = F(sort) if isinstance(sort, str) else sort
        self.value = F(value) if isinstance(value, str) else value
        if export is None:
            self.value, export = self.sort, attrgetter(str(sort).replace("__", "."))
        self.export: Callable[[Any], object] = export

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy for one table: what it sorts by and its attributes are never changed, so they are shared."""
        return copy(self)

    def key(self, descending: bool) -> OrderBy:
        """The sort key, what is not known last both ways."""
        return OrderBy(self.sort, descending=descending, nulls_last=True)

    def order(self, queryset: QuerySet[Any], is_descending: bool) -> tuple[QuerySet[Any], bool]:
        """Sort by this column alone."""
        return sorted_by(queryset, [self.key(is_descending)]), True


def sorted_by(queryset: QuerySet[Any], keys: list[OrderBy]) -> QuerySet[Any]:
    """Sort by these keys, and by the table's own order among equals, so that pages never overlap."""
    return queryset.order_by(*keys, *queryset.model._meta.ordering, "pk")


class NumberColumn(SortedColumn):
    """Right-aligned, with thousands separated; a dash when not known."""

    def __init__(self, sort: Sort, export: Callable[[Any], object] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"th": {"class": "num"}, "td": {"class": "num"}})
        super().__init__(sort, export, **kwargs)

    def render(self, record: Any) -> str:
        """The number as people read it."""
        value = self.export(record)
        return "–" if value is None else quiet_zero(f"{value:,}")


def quiet_zero(number: str) -> str:
    """A number as its column shows it: a plain zero is soft, so that what is none stands out in no row."""
    return format_html('<span class="zero">{}</span>', number) if number == "0" else number


class TextColumn(SortedColumn):
    """Plain text, as it is exported; a dash when empty."""

    def render(self, record: Any) -> str:
        """The text, escaped by the template."""
        return str(self.export(record) or "–")


class YesNoColumn(SortedColumn):
    """Yes or No, as the guide has it; in JSON lines true or false."""

    def render(self, record: Any) -> str:
        """The word."""
        return "Yes" if self.export(record) else "No"


class TimeColumn(SortedColumn):
    """“4 min ago”, the exact moment on hover."""

    def render(self, record: Any) -> SafeString:
        """The age."""
        value = self.export(record)
        return time_html(value if isinstance(value, datetime) else None)


def time_html(value: datetime | None, now: datetime | None = None) -> SafeString:
    """Write a moment as its age, with the exact UTC time on hover."""
    if value is None:
        return format_html('<span class="soft">{}</span>', "never")
    exact = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    age = ago(value, now or timezone.now())
    return format_html('<time datetime="{}" title="{}" data-ago>{}</time>', value.isoformat(), exact, age)


def account_html(account: Account) -> SafeString:
    """Name, linked to the account's page, then the grouped id; after it another partition than the usual, `us-gov`.

    One that is not polled says why.
    """
    why = rest_words(account) or ("paused" if account.paused else "")
    partition = "" if account.partition == USUAL_PARTITION else account.partition.removeprefix("aws-")
    said = " · ".join(filter(None, (group_digits(account.account_id), partition, why)))
    return name_html(account) + format_html("<small>{}</small>", said)


def account_url(account_id: str) -> str:
    """The address of an account’s page."""
    return f"{resolved('accounts')}{account_id}/"


@cache
def resolved(name: str) -> str:
    """The address of a list: resolved once, since for each row that takes as long as to draw it."""
    return reverse(name)


def name_html(account: Account) -> SafeString:
    """The name alone, linked, whole on hover when it is cut. The id lets HTMX keep the keyboard's place.

    Its direction is its own: a Hebrew name is cut where it ends, not where it begins.
    """
    link = '<a class="name" id="a{0}" href="{1}" title="{2}" dir="auto">{2}</a>'
    return format_html(link, account.account_id, account_url(account.account_id), account.name)


def region_html(code: str) -> SafeString:
    """A region's code, linked to its page."""
    return format_html('<a href="{}">{}</a>', reverse("region", args=[code]), code)


def verdict_html(status: RoleStatus) -> SafeString:
    """The verdict as a chip with its word and, on hover, its age; one that is not of now is marked as old."""
    verdict, now, as_of = Verdict(status.verdict), timezone.now(), status.verdict_as_of
    looked = f"as of {ago(as_of, now)}" if as_of else "not polled yet"
    if rests := rest_words(status.account):
        looked = f"{looked}; {rests}, not polled"
    elif status.verdict_last_known_at:
        looked = f"{looked}; could not be read again since"
    old = bool(rests) or old_verdict(status, stale_before(now)) is not None
    said = format_html('<i class="visually-hidden">, {}</i>', looked) if old else ""
    kind = f"{verdict.value} old" if old else verdict.value
    stamp = as_of.isoformat(timespec="seconds") if as_of else ""
    chip = '<span class="chip {}" title="{}" data-as-of="{}">{}{}</span>'
    return format_html(chip, kind, looked, stamp, VERDICT_WORDS[verdict], said)


def policy_html(status: RoleStatus) -> SafeString:
    """The policy's grade with its sign and word; the trust policy's too when it is not the documented one."""
    return grade_html(status) + trust_html(status)


def grade_html(status: RoleStatus) -> SafeString:
    """The policy's grade alone, with its age when it is not of now."""
    now = timezone.now()
    age = _last_known_html(old_policy(status, stale_before(now)), status.policy_outcome, now)
    if not status.policy_grade:
        return ungraded_html(status) + age
    grade = PolicyGrade(status.policy_grade)
    tone, sign, word = POLICY_TONES.get(grade, "bad"), POLICY_SIGNS[grade], grade.value.replace("_", " ")
    return format_html('<span class="grade {}">{} {}</span>', tone, sign, word) + age


def ungraded_html(status: RoleStatus) -> SafeString:
    """What stands where there is no grade."""
    return format_html('<span class="soft">{}</span>', "none" if status.presence == "absent" else "not read")


def _last_known_html(read_at: datetime | None, outcome: str, now: datetime) -> SafeString:
    """Since when and why a grade is only the last known one; nothing for one of now."""
    if read_at is None:
        return SafeString("")
    why = OUTCOME_WORDS[Outcome(outcome)] if Outcome(outcome).failing else "not read again since"
    return format_html('<small class="grade warn" title="{}">last known, {}</small>', why, ago(read_at, now))


def trust_html(status: RoleStatus) -> SafeString:
    """The trust policy's grade when there is something to say of it, small: it stands below the policy's."""
    if status.trust_grade in ("", TrustGrade.EXACT):
        return SafeString("")
    return format_html('<small class="grade {}">{}</small>', *_trust_in_words(status))


def _trust_in_words(status: RoleStatus) -> tuple[str, str]:
    """Its tone, and its sign with its words."""
    if status.trust_grade == TrustGrade.EXACT:
        return "ok", "✓ exact"
    if status.trust_grade == TrustGrade.TRUST_MISMATCH:
        return "bad", "≠ trust mismatch"
    return "soft", "? trust unreadable"


def short_outcome_html(outcome: Outcome) -> SafeString:
    """An outcome as the legend of the matrix has it: its sign, its short word, and in full on hover."""
    said = f"{OUTCOME_SIGNS[outcome]} {OUTCOME_SHORT[outcome]}".strip()
    return format_html('<span class="grade {}" title="{}">{}</span>', tone_of(outcome), OUTCOME_WORDS[outcome], said)


def tone_of(outcome: Outcome) -> str:
    """The colour's meaning beside an outcome."""
    if outcome in (Outcome.THROTTLED, Outcome.UNREACHABLE):
        return "warn"
    return "ok" if outcome is Outcome.OK else "bad" if outcome.failing else "soft"


def trust_alone_html(status: RoleStatus) -> SafeString:
    """The trust policy's grade in a column of its own: the documented one too, and its age when it is not of now."""
    graded = format_html('<span class="grade {}">{}</span>', *_trust_in_words(status))
    return (graded if status.trust_grade else ungraded_html(status)) + trust_age_html(status)


def trust_age_html(status: RoleStatus) -> SafeString:
    """Since when and why the trust policy is only the last known one; it is read with the role."""
    now = timezone.now()
    return _last_known_html(old_role(status, stale_before(now)), status.outcome, now)


def outcome_html(value: str) -> SafeString:
    """An outcome in words, its tone beside."""
    outcome = Outcome(value)
    return format_html('<span class="grade {}">{}</span>', tone_of(outcome), OUTCOME_WORDS[outcome])
