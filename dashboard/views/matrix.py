"""The matrix page."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import ASKED
from dashboard.access import Role, ViewerRequest, open_to
from dashboard.behind import behind
from dashboard.filters import AccountFilter, account_filter
from dashboard.following import follows_sweeps
from dashboard.listings import LISTINGS
from dashboard.selection import matching
from dashboard.views.common import choice_counts, elsewhere, listing_page, start_sweep
from dashboard.words import fresh_words, plural


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def matrix(request: ViewerRequest) -> HttpResponseBase:
    """The matrix, or all of it as an export."""
    if address := elsewhere(request, "matrix"):  # before anything is counted
        return redirect(address)
    if counts := choice_counts(request, "matrix"):
        return counts
    shown = LISTINGS["matrix"].shown(request.GET, request.user)
    accounts = cast(AccountFilter, shown.filter).accounts
    counted = shown.table.census
    rows = behind(counted, request.GET)
    shown.table.as_list = rows.every
    context = {
        "census": counted,
        "behind": rows,
        "fresh": fresh_words(),
        "pollable": accounts.filter(ASKED).count(),
    }
    return listing_page(request, "matrix", "matrix.html", context, shown)


@require_POST
@open_to(Role.OPERATOR)
def poll_now(request: ViewerRequest) -> HttpResponse:
    """Start a sweep over the accounts that the filters leave; a paused one is polled only from its own page."""
    chosen = matching(account_filter(request.GET, request.user), request.user).filter(ASKED)
    query = request.GET.urlencode()
    back = f"{reverse('matrix')}?{query}" if query else reverse("matrix")
    if not chosen.exists():
        messages.warning(request, "No account that is not paused matches these filters, so nothing is polled.")
        return redirect(back)
    return start_sweep(request, chosen, plural(chosen.count(), "account"), back)
