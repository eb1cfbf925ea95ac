"""One cell of the matrix: its panel, which is also a page of its own."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.models import Sweep
from accounts.services.sweeps import get_or_request_sweep
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.cell_page import cell_context, cell_of
from dashboard.following import follows_sweeps
from dashboard.views.common import start_sweep, wants_fragment


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def account_region(request: ViewerRequest, account_id: str, code: str) -> HttpResponse:
    """What is known of one account in one region: a panel for the matrix, a page for everybody else."""
    context = cell_context(request.user, account_id, code)
    if wants_fragment(request):
        response = render(request, "_cell_panel.html", context)
    else:
        response = render(request, "cell.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@open_to(Role.OPERATOR)
def account_region_poll(request: ViewerRequest, account_id: str, code: str) -> HttpResponseBase:
    """Start a sweep over this account; the panel stays open and says so."""
    account, region = cell_of(request.user, account_id, code)
    chosen = visible_accounts(request.user).filter(pk=account.pk)
    if account.rests or not wants_fragment(request):
        return start_sweep(request, chosen, account.name, reverse("account-region", args=[account_id, region.code]))
    sweep, begun = get_or_request_sweep(chosen, Sweep.Reason.PAGE, request.user.get_username())
    said = render(request, "_cell_said.html", {"sweep": sweep, "begun": begun, "account": account})
    return trigger_client_event(said, "sweep-begun")
