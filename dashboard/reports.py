"""Reports: a saved view that a program fetches with a token, with the rights that its owner has at that moment."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.http import QueryDict
from django.utils import timezone

from accounts.services import audit
from dashboard.access import Role, may
from dashboard.exports import Export, NoSuchExport
from dashboard.formats import FORMATS, Format
from dashboard.listings import LISTINGS
from dashboard.models import Report, SavedView
from dashboard.saved import Refused

TOKEN_BYTES = 32  # 256 bits: nobody guesses one, so a plain hash keeps it safe
FETCHES_PER_MINUTE = 6  # of one report: what it shows changes with a sweep, not within seconds
MINUTE = timedelta(minutes=1)
TOKEN_DAYS = (30, 90, 365)  # that the page offers beside a token that lasts


class NotNow(Exception):
    """The report was fetched too often; `seconds` from now it may be again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"This report may be fetched {FETCHES_PER_MINUTE} times a minute: come back in {seconds} s.")
        self.seconds = seconds


def make_report(
    person: User, view: SavedView, name: str, form: str, columns: list[str], lasts: str = ""
) -> tuple[Report, str]:
    """Make a report and its token, which is told this once and lasts so many days, or for good. Raises Refused."""
    if not (name := " ".join(name.split())) or len(name) > 80:
        raise Refused("A report needs a name of at most 80 characters.")
    if form not in FORMATS:
        raise Refused(f"There is no format “{form}”: use {', '.join(FORMATS)}.")
    if lasts not in ("", *map(str, TOKEN_DAYS)):
        raise Refused(f"A token lasts {', '.join(map(str, TOKEN_DAYS))} days, or until it is revoked.")
    days = int(lasts) if lasts else None
    report = Report(owner=person, view=view, name=name, format=form, columns=columns, token_days=days)
    export_of(report)  # so that a wrong column is said now and not to a program at night
    token = secrets.token_urlsafe(TOKEN_BYTES)
    report.token_sha256 = hashed(token)
    with transaction.atomic():
        report.save()
        audit.note(person.get_username(), "make report", _named(report), f"{form} of the view “{view}”")
    return report, token


def renew_token(report: Report, person: User) -> str:
    """Give a new token, told this once; the old one is worth nothing from now on. Raises Refused."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    mine = Report.objects.filter(pk=report.pk, owner=person, revoked_at=None)  # also if it was revoked a moment ago
    with transaction.atomic():
        if not mine.update(token_sha256=hashed(token), token_made_at=timezone.now()):
            raise Refused("Only its owner can give a report a new token, and not once it is revoked.")
        audit.note(person.get_username(), "renew token of report", _named(report))
    return token


def revoke_report(report: Report, person: User) -> None:
    """End a report. Raises Refused for anybody but its owner and operators."""
    if report.owner_id != person.pk and not may(person, Role.OPERATOR):
        raise Refused("Only its owner or an operator can revoke a report.")
    with transaction.atomic():
        if Report.objects.filter(pk=report.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.note(person.get_username(), "revoke report", _named(report))


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def report_of_token(pk: int, token: str) -> Report | None:
    """The report that a token opens: None for a wrong or old token, a revoked report, and no such one, all alike."""
    report = Report.objects.filter(pk=pk, revoked_at=None).select_related("owner", "view").first()
    known = report.token_sha256 if report else hashed("")
    right = secrets.compare_digest(known, hashed(token))
    return report if report and right and token and not report.token_over else None


def may_fetch(report: Report) -> bool:
    """Say whether the owner may see the list today, and still open the view."""
    owner, view = report.owner, report.view
    listed = LISTINGS.get(view.page)
    opens = view.deleted_at is None and (view.shared or view.owner_id == owner.pk)
    return owner.is_active and opens and listed is not None and may(owner, listed.role)


def count_fetch(report: Report, now: datetime) -> None:
    """Count one fetch in this minute. Raises NotNow."""
    over = Q(counted_from=None) | Q(counted_from__lte=now - MINUTE)
    changed = Report.objects.filter(over | Q(counted__lt=FETCHES_PER_MINUTE), pk=report.pk).update(
        counted=Case(When(over, then=Value(1)), default=F("counted") + 1),
        counted_from=Case(When(over, then=Value(now)), default=F("counted_from")),
        last_used_at=now,
    )
    if not changed:
        report.refresh_from_db(fields=["counted_from"])
        begun = report.counted_from or now
        raise NotNow(max(1, round((begun + MINUTE - now).total_seconds())))


def export_of(report: Report) -> Export:
    """The report's rows, as its owner may see them now. Raises Refused for filters and columns that are not there."""
    data = QueryDict(report.view.query, mutable=True)
    if report.columns:
        data["_columns"] = ",".join(report.columns)
    listing = LISTINGS[report.view.page]
    shown = listing.shown(data, report.owner)
    problems = [*shown.dropped, *(shown.filter.problems() if shown.filter is not None else ())]
    if problems:  # a page can say it beside its rows; a file that shows more than was asked for would lie
        raise Refused(f"The view “{report.view}” no longer fits: {' '.join(problems)}")
    try:
        return listing.export_of(shown, data)
    except NoSuchExport as error:
        raise Refused(str(error)) from error


def measured(report: Report, form: Format) -> Format:
    """The format, writing down how many rows and bytes the report's file had, once it was fetched to its end."""

    def blocks(export: Export) -> Iterator[bytes]:
        rows, size = count(), 0  # each row takes one number: the next one is how many there were
        seen = replace(export, rows=lambda: (row for row, _ in zip(export.rows(), rows, strict=False)))
        for block in form.blocks(seen):
            size += len(block)
            yield block
        Report.objects.filter(pk=report.pk).update(last_rows=next(rows), last_bytes=size)

    return replace(form, blocks=blocks)


def note_fetch(report: Report, action: str, detail: str) -> None:
    """Write down who fetched a report, or tried to with its token."""
    audit.note(report.owner.get_username(), action, _named(report), detail)


def _named(report: Report) -> str:
    return f"report {report.pk} “{report.name}”"
