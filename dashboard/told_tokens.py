"""A report's token between its making and the page that shows it: sealed in the session, and gone once shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from accounts.services.sealing import CannotOpen, open_sealed, seal
from dashboard.models import Report

KEY = "told_token"
WAITS = timedelta(minutes=10)  # the page is loaded at once; what nobody came for is worth a new one


@dataclass(frozen=True, slots=True)
class Told:
    """A token to be shown this once; None where it can be read no more."""

    report: Report
    token: str | None


def keep_token(session: SessionBase, report: Report, token: str) -> None:
    """Keep a token for the next page. The session stands in the database, so it is sealed there."""
    sealed = seal({"token": token}, _bound_to(report)).decode()
    session[KEY] = {"report": report.pk, "sealed": sealed, "at": timezone.now().isoformat()}


def take_token(session: SessionBase) -> Told | None:
    """The token that waits to be shown, which from now on it does no more."""
    if (kept := session.pop(KEY, None)) is None:
        return None
    report = Report.objects.filter(pk=kept["report"], revoked_at=None).first()
    if report is None:
        return None
    if timezone.now() - datetime.fromisoformat(kept["at"]) > WAITS:
        return Told(report, None)
    try:
        return Told(report, open_sealed(kept["sealed"].encode(), _bound_to(report))["token"])
    except CannotOpen:
        return Told(report, None)


def _bound_to(report: Report) -> str:
    return f"token of report {report.pk}, told once"
