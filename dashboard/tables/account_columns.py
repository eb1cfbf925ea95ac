"""Columns of an account that several tables have."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import Account
from dashboard.matrix import role_status_of
from dashboard.tables.columns import NumberColumn, Sort, TextColumn, TimeColumn, quiet_zero, trust_alone_html
from dashboard.units import unit_in_sql, unit_of


class UnitColumn(TextColumn):
    """The organizational unit of the row's account, `of` leads to it: for a row that is an account, to itself."""

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        said = unit_in_sql(f"{of}__" if of else "")
        account: Callable[[Any], Account] = attrgetter(of) if of else lambda row: row
        kwargs.setdefault("verbose_name", "Unit")
        super().__init__(NullIf(said, Value("")), lambda row: unit_of(account(row)), value=said, **kwargs)


class StatusColumn(TextColumn):
    """A word of what is known of the role; an account that was never polled has the word of nothing known."""

    def __init__(self, field: str, unknown: str, **kwargs: Any) -> None:
        path = f"role_status__{field}"
        known = Coalesce(path, Value(unknown))
        super().__init__(path, lambda a: getattr(role_status_of(a), field), value=known, **kwargs)


class TrustColumn(StatusColumn):
    """The trust policy's grade."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("trust_grade", "", **kwargs)

    def render(self, record: Account) -> SafeString:
        """The grade with its sign and word, the documented one included."""
        return trust_alone_html(role_status_of(record))


class FailingColumn(NumberColumn):
    """In how many regions the account gave no answer."""

    def __init__(self, **kwargs: Any) -> None:
        path = "role_status__regions_failing"
        super().__init__(path, lambda a: role_status_of(a).regions_failing, value=Coalesce(path, 0), **kwargs)

    def render(self, record: Account) -> SafeString | str:
        """The number, marked when there is one."""
        failing = role_status_of(record).regions_failing
        return format_html('<span class="grade bad">{}</span>', failing) if failing else quiet_zero("0")


class StatusTimeColumn(TimeColumn):
    """A moment of what is known of the role; `value` says it in SQL where it is no column of its own."""

    def __init__(self, field: str, value: Sort | None = None, **kwargs: Any) -> None:
        said = value or f"role_status__{field}"
        super().__init__(said, lambda a: getattr(role_status_of(a), field), value=said, **kwargs)


class LastPollColumn(StatusTimeColumn):
    """When the account was polled last."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("checked_at", **kwargs)
