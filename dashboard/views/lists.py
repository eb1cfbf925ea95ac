"""Plain lists: brokers, regions and the audit record."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import AuditEntry, Region
from accounts.services.regions import set_polled
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.filters import broker_filter
from dashboard.matrix import census
from dashboard.tables.brokers import BrokerTable
from dashboard.tables.regions import RegionTable, regions_with_counts
from dashboard.tables.sweeps import AuditTable
from dashboard.views.common import list_page


@require_safe
@open_to(Role.VIEWER)
def broker_list(request: ViewerRequest) -> HttpResponseBase:
    """All brokers of all accounts."""
    narrowed = broker_filter(request.GET, request.user)
    counted = census(visible_accounts(request.user), timezone.now())
    unread = counted.failing + counted.never
    return list_page(request, BrokerTable(narrowed.qs), "brokers.html", "brokers", filter=narrowed, unread=unread)


@require_safe
@open_to(Role.VIEWER)
def region_list(request: ViewerRequest) -> HttpResponseBase:
    """The supported-regions table."""
    table = RegionTable(regions_with_counts(visible_accounts(request.user)))
    return list_page(request, table, "regions.html", "regions")


@require_POST
@open_to(Role.OPERATOR)
def region_polled(request: ViewerRequest, code: str) -> HttpResponse:
    """Switch a region on or off."""
    region = get_object_or_404(Region, code=code)
    wanted = request.POST.get("polled", "")
    if wanted not in ("yes", "no"):
        raise BadRequest("polled: use yes or no.")
    if set_polled(region, wanted == "yes", request.user.get_username()):
        when = "is polled from the next sweep on" if region.polled else "is no longer polled; its cells say unsupported"
        messages.success(request, f"{region.code} {when}.")
    return redirect("regions")


@require_safe
@open_to(Role.OPERATOR)
def audit_list(request: ViewerRequest) -> HttpResponseBase:
    """Who did what."""
    return list_page(request, AuditTable(AuditEntry.objects.all()), "audit.html", "audit")
