"""Plain lists: cells, brokers and the audit record."""

from __future__ import annotations

from django.db.models import Q
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.models import Broker
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.following import follows_sweeps
from dashboard.tables.brokers import OLD, with_knowledge
from dashboard.unread import unread_cells
from dashboard.views.common import choice_counts, listing_page


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def cell_list(request: ViewerRequest) -> HttpResponseBase:
    """The matrix as a list, a row for each account and region."""
    return listing_page(request, "cells", "cells.html", {})


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def broker_list(request: ViewerRequest) -> HttpResponseBase:
    """All brokers of all accounts."""
    if counts := choice_counts(request, "brokers"):
        return counts
    mine = Broker.objects.filter(account__in=visible_accounts(request.user).order_by().values("pk"))
    old = with_knowledge(mine).filter(Q(knowledge=OLD)).count()
    context = {"unread": unread_cells(request.GET, request.user), "old": old}
    return listing_page(request, "brokers", "brokers.html", context)


@require_safe
@open_to(Role.OPERATOR)
def audit_list(request: ViewerRequest) -> HttpResponseBase:
    """Who did what."""
    return listing_page(request, "audit", "audit.html", {})
