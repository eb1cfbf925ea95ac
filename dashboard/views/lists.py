"""Plain lists: brokers, regions and the audit record."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Broker, Region
from accounts.services.regions import set_polled
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.matrix import census
from dashboard.tables.brokers import OLD, with_knowledge
from dashboard.views.common import listing_page


@require_safe
@open_to(Role.VIEWER)
def broker_list(request: ViewerRequest) -> HttpResponseBase:
    """All brokers of all accounts."""
    counted = census(visible_accounts(request.user), timezone.now())
    mine = Broker.objects.filter(account__in=visible_accounts(request.user).order_by().values("pk"))
    old = with_knowledge(mine).filter(Q(knowledge=OLD)).count()
    return listing_page(request, "brokers", "brokers.html", {"unread": counted.failing + counted.never, "old": old})


@require_safe
@open_to(Role.VIEWER)
def region_list(request: ViewerRequest) -> HttpResponseBase:
    """The supported-regions table."""
    return listing_page(request, "regions", "regions.html", {})


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
    return listing_page(request, "audit", "audit.html", {})
