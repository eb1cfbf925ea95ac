"""Plain lists: brokers and the audit record."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.matrix import census
from dashboard.views.common import listing_page


@require_safe
@open_to(Role.VIEWER)
def broker_list(request: ViewerRequest) -> HttpResponseBase:
    """All brokers of all accounts."""
    counted = census(visible_accounts(request.user), timezone.now())
    unread = counted.failing + counted.never
    return listing_page(request, "brokers", "brokers.html", {"unread": unread})


@require_safe
@open_to(Role.OPERATOR)
def audit_list(request: ViewerRequest) -> HttpResponseBase:
    """Who did what."""
    return listing_page(request, "audit", "audit.html", {})
