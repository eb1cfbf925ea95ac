"""Accounts with what the last check of their roles found."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.domain.access import Door
from accounts.models import AccessCheck, Account
from dashboard.access_panel import DOOR_CHIPS, DOOR_WORDS, ROLES, trouble_of
from dashboard.tables.columns import (
    SortedColumn,
    TextColumn,
    TimeColumn,
    account_html,
    account_url,
    resolved,
    time_html,
)


def check_of(account: Account) -> AccessCheck:
    """The account's last check; an empty one when there was none."""
    found: AccessCheck | None = getattr(account, "access_check", None)
    return found or AccessCheck(account=account)


def door_html(value: str, none: str) -> SafeString:
    """A role's state as a chip; `none` in soft words when nothing is known."""
    if not value:
        return format_html('<span class="soft">{}</span>', none)
    door = Door(value)
    if door is Door.READY:  # plain, so that what is not stands out
        return format_html('<span class="grade ok">✓ {}</span>', DOOR_WORDS[door])
    return format_html('<span class="chip {}">{}</span>', DOOR_CHIPS[door], DOOR_WORDS[door])


def problem_words(account: Account) -> str:
    """What is wrong with its roles, as it is exported."""
    trouble = trouble_of(check_of(account))
    return " ".join(trouble.said) if trouble else ""


def _where(place: str, account_id: str) -> str:
    """The address of what comes next."""
    if place == ROLES:
        return f"{resolved('onboarding')}{account_id}/roles/"
    return f"{account_url(account_id)}#access-check"


class OnboardingTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """One account a row."""

    name = SortedColumn("name", lambda a: a.name, verbose_name="Account", attrs={"td": {"class": "who"}})
    account_id = TextColumn("account_id", lambda a: a.account_id, verbose_name="Id", visible=False)
    reader = SortedColumn("access_check__reader", lambda a: check_of(a).reader, verbose_name="Reader role")
    cleaner = SortedColumn("access_check__cleaner", lambda a: check_of(a).cleaner, verbose_name="Cleaner role")
    trouble = SortedColumn(
        "pk", lambda a: problem_words(a), verbose_name="Problem", orderable=False, attrs={"td": {"class": "note"}}
    )
    checked_at = TimeColumn("access_check__checked_at", lambda a: check_of(a).checked_at, verbose_name="Checked")

    reader_role = TextColumn(
        "reader_role_arn", lambda a: a.reader_role_arn, verbose_name="Reader role’s ARN", visible=False
    )
    cleaner_role = TextColumn(
        "cleaner_role_arn", lambda a: a.cleaner_role_arn, verbose_name="Cleaner role’s ARN", visible=False
    )
    nothing_yet = "No account is watched yet."

    class Meta:
        empty_text = "No account matches these filters."

    def say_nothing_of_checks(self) -> None:
        """Show what the roles are instead: forty rows of “not checked” are one sentence, and the page says it."""
        for name in ("reader", "cleaner", "trouble", "checked_at"):
            self.columns.hide(name)
        for name in ("reader_role", "cleaner_role"):
            self.columns.show(name)

    def render_name(self, record: Account) -> SafeString:
        """Name and id."""
        return account_html(record)

    def render_reader(self, record: Account) -> SafeString:
        """How the reader role lets Rolecall in."""
        return door_html(check_of(record).reader, "not checked")

    def render_cleaner(self, record: Account) -> SafeString:
        """The same for the cleaner role, where there is one."""
        return door_html(check_of(record).cleaner, "not checked" if record.cleaner_role_arn else "none")

    def render_trouble(self, record: Account) -> SafeString:
        """Why a role is not ready, and the next step; nothing where both are."""
        trouble = trouble_of(check_of(record))
        if trouble is None:
            return SafeString("")
        said = format_html_join("", "{} ", ((sentence,) for sentence in trouble.said))
        return format_html('{}<a href="{}">{}</a>', said, _where(trouble.place, record.account_id), trouble.todo)

    def render_checked_at(self, record: Account) -> SafeString:
        """When, or that a worker is at it."""
        check = check_of(record)
        if check.waits:
            return format_html('<span class="grade warn">{}</span>', "being checked")
        return time_html(check.checked_at)
