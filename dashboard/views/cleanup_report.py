"""The report of one clean-up: to print, as CSV and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.domain.cleanups import ENDS
from accounts.models import Cleanup
from accounts.services.cleanups.reports import JOURNAL_COLUMNS, journal_row, people_of, report_of
from dashboard.access import Role, ViewerRequest, open_to
from dashboard.exports import Export, Row, plain
from dashboard.formats import FORMATS
from dashboard.views.cleanups import cleanup_of
from dashboard.views.common import export_response

WANTED = ("", "csv", "json")


@require_safe
@open_to(Role.VIEWER)
def cleanup_report(request: ViewerRequest, number: int) -> HttpResponseBase:
    """Who, what, when and AWS's request ids. Raises BadRequest for a format that does not exist."""
    cleanup = cleanup_of(request.user, number)
    wanted = request.GET.get("format", "")
    if wanted not in WANTED:
        raise BadRequest(f"There is no format “{wanted}”: use ?format=csv or ?format=json.")
    if wanted == "csv":
        return export_response(_export(cleanup), FORMATS["csv"])
    return _json(cleanup) if wanted == "json" else _page(request, cleanup)


def _export(cleanup: Cleanup) -> Export:
    def rows() -> Iterator[Row]:
        about = (cleanup.pk, cleanup.account.account_id)
        for entry in cleanup.journal.all():
            yield tuple(map(plain, (*about, *journal_row(entry))))

    return Export(f"clean-up-{cleanup.pk}-report", ("plan", "account_id", *JOURNAL_COLUMNS), rows)


def _json(cleanup: Cleanup) -> HttpResponse:
    text = json.dumps(report_of(cleanup), indent=2, ensure_ascii=False) + "\n"
    name = f"rolecall-clean-up-{cleanup.pk}-report-{timezone.now():%Y%m%d-%H%M}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


def _page(request: ViewerRequest, cleanup: Cleanup) -> HttpResponse:
    context = {
        "cleanup": cleanup,
        "account": cleanup.account,
        "plan": cleanup.plan,
        "people": people_of(cleanup),
        "targets": list(cleanup.targets.all()),
        "journal": list(cleanup.journal.all()),
        "over": cleanup.state in ENDS,
        "now": timezone.now(),
    }
    return render(request, "cleanup_report.html", context)
