"""The matrix page and its live parts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.exports import csv_response, matrix_export
from dashboard.filters import account_filter
from dashboard.matrix import census, regions_of
from dashboard.tables.matrix import matrix_table
from dashboard.views.common import configure, start_sweep, wants_csv, wants_fragment
from dashboard.views.sweeps import running_context
from dashboard.words import fresh_words, plural


@require_safe
@open_to(Role.VIEWER)
def matrix(request: ViewerRequest) -> HttpResponseBase:
    """The matrix, its rows alone while a sweep runs, or all of it as CSV."""
    narrowed = account_filter(request.GET, request.user)
    table = configure(request, matrix_table(narrowed.accounts))
    if wants_csv(request, narrowed):
        return csv_response(matrix_export(table.data.data))
    context = {
        "table": table,
        "filter": narrowed,
        "census": census(narrowed.accounts, timezone.now()),
        "fresh": fresh_words(),
        **running_context(),
        "page_name": "matrix",
        "columns": len(regions_of(narrowed.accounts)),
        "pollable": narrowed.accounts.filter(paused=False).count(),
    }
    return render(request, "_matrix_live.html" if wants_fragment(request) else "matrix.html", context)


@require_POST
@open_to(Role.OPERATOR)
def poll_now(request: ViewerRequest) -> HttpResponse:
    """Start a sweep over the accounts that the filters leave; a paused one is polled only from its own page."""
    narrowed = account_filter(request.GET, request.user).accounts.order_by().values("pk")
    chosen = visible_accounts(request.user).filter(pk__in=narrowed, paused=False)
    query = request.GET.urlencode()
    back = f"{reverse('matrix')}?{query}" if query else reverse("matrix")
    if not chosen.exists():
        messages.warning(request, "No account that is not paused matches these filters, so nothing is polled.")
        return redirect(back)
    return start_sweep(request, chosen, plural(chosen.count(), "account"), back)
