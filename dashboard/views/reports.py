"""Reports: making and revoking them, and the one address that programs fetch."""

from __future__ import annotations

import base64
import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import reports
from dashboard.access import Role, ViewerRequest, client_address, open_to
from dashboard.addresses import number_of, several
from dashboard.formats import FORMATS
from dashboard.models import Report
from dashboard.saved import Refused, views_of
from dashboard.told_tokens import keep_token
from dashboard.views.common import export_response

logger = logging.getLogger(__name__)
REALM = 'Basic realm="Rolecall report"'


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.VIEWER)
def make_report(request: ViewerRequest) -> HttpResponse:
    """Make a report of a view, and lead to its token; whoever only looks is led to the reports."""
    if request.method != "POST":
        return redirect("views")
    view = get_object_or_404(views_of(request.user), pk=number_of(request.POST.get("view", "")))
    name, form = request.POST.get("name", "") or view.name, request.POST.get("format", "csv")
    columns, lasts = several(request.POST, "columns"), request.POST.get("lasts", "")
    try:
        report, token = reports.make_report(request.user, view, name, form, columns, lasts)
    except Refused as refusal:
        messages.error(request, f"No report is made. {refusal}")
        return redirect("views")
    keep_token(request.session, report, token)
    return redirect("views")


@require_POST
@open_to(Role.VIEWER)
def renew_token(request: ViewerRequest, report_id: int) -> HttpResponse:
    """Exchange a report's token, and lead to the new one."""
    report = get_object_or_404(Report, pk=report_id, owner=request.user, revoked_at=None)
    try:
        keep_token(request.session, report, reports.renew_token(report, request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("views")


@require_POST
@open_to(Role.VIEWER)
def revoke_report(request: ViewerRequest, report_id: int) -> HttpResponse:
    """End a report."""
    report = get_object_or_404(Report, pk=report_id)
    try:
        reports.revoke_report(report, request.user)
        messages.success(request, f"The report “{report}” is revoked: its token opens nothing any more.")
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("views")


@login_not_required
@require_safe
@never_cache
def report_file(request: HttpRequest, report_id: int) -> HttpResponseBase:
    """The report's file for whoever brings its token, and a sentence in plain text for everybody else."""
    report = reports.report_of_token(report_id, token_of(request))
    if report is None:
        logger.warning("report %s: refused, no valid token", report_id)
        refused = _said("Bring the report's token: curl -H 'Authorization: Bearer TOKEN' …", 401)
        refused["WWW-Authenticate"] = REALM
        return refused
    try:
        # First of all: a refusal, too, is written into a record that is kept for ever.
        reports.count_fetch(report, timezone.now())
        if not reports.may_fetch(report):
            reports.note_fetch(report, "refused report", "its owner may no longer see it")
            return _said("The owner of this report may no longer see what it shows.", 403)
        export = reports.export_of(report)
    except reports.NotNow as wait:
        later = _said(str(wait), 429)
        later["Retry-After"] = str(wait.seconds)
        return later
    except Refused as refusal:
        return _said(str(refusal), 409)
    reports.note_fetch(report, "fetch report", f"{report.format}, from {client_address(request)}")
    return export_response(export, reports.measured(report, FORMATS[report.format]), report.name)


def token_of(request: HttpRequest) -> str:
    """The token of a request: as a bearer, or as the password that an address carries; never from the address's path.

    Paths and queries stand in the logs of servers and proxies; what the Authorization header says does not.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except ValueError:  # no ASCII, no base64, no UTF-8: each is one of its kinds
        return ""


def _said(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
