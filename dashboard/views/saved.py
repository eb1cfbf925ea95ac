"""The acts on saved views, and the page that lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import saved
from dashboard.access import Role, ViewerRequest, may, open_to
from dashboard.formats import FORMATS
from dashboard.listings import LISTINGS
from dashboard.models import DefaultView, Report, SavedView
from dashboard.reports import TOKEN_DAYS
from dashboard.told_tokens import take_token
from dashboard.views.common import yes_or_no


@require_safe
@open_to(Role.VIEWER)
@never_cache
def view_list(request: ViewerRequest) -> HttpResponse:
    """The views that one may open, and the reports; once, the token of one that was just made."""
    told = take_token(request.session) if request.method == "GET" else None
    if told is not None and told.token is None:
        messages.warning(request, f"The token of “{told.report}” can be shown no more: give it a new one below.")
    return render(request, "views.html", {**views_context(request), "told": told if told and told.token else None})


def views_context(request: ViewerRequest) -> dict[str, Any]:
    """What the page of views and reports shows."""
    views = saved.views_of(request.user).select_related("owner").prefetch_related("reports")
    reports = Report.objects.filter(revoked_at=None).select_related("owner", "view")
    everybodys = may(request.user, Role.OPERATOR)
    return {
        "views": [(view, LISTINGS[view.page].title, saved.may_change(view, request.user)) for view in views],
        "defaults": set(DefaultView.objects.filter(person=request.user).values_list("view_id", flat=True)),
        "reports": reports if everybodys else reports.filter(owner=request.user),
        "formats": FORMATS,
        "gone": SavedView.objects.restorable_by(request.user),
        "token_days": TOKEN_DAYS,
    }


@require_safe
@open_to(Role.VIEWER)
def open_view(request: ViewerRequest, view_id: int) -> HttpResponse:
    """Lead to the page as the view is saved."""
    return redirect(saved.address_of(_openable(request, view_id)))


@require_POST
@open_to(Role.VIEWER)
def save_view(request: ViewerRequest) -> HttpResponse:
    """Keep what a page shows under a name."""
    page, query = request.POST.get("page", ""), request.POST.get("query", "")
    back = f"{reverse(page)}?{query}" if page in LISTINGS else reverse("views")
    try:
        shared = request.POST.get("shared") == "yes"
        view = saved.save_view(request.user, page, request.POST.get("name", ""), query, shared)
    except saved.Refused as refusal:
        messages.error(request, f"Not saved. {refusal}")
        return redirect(back)
    if request.POST.get("default") == "yes":
        saved.set_default(view, request.user, True)
    messages.success(request, f"“{view}” is saved{' and everybody can open it' if view.shared else ''}.")
    return redirect(saved.address_of(view))


@require_POST
@open_to(Role.VIEWER)
def update_view(request: ViewerRequest, view_id: int) -> HttpResponse:
    """Let a view be what its page shows now."""
    view = _openable(request, view_id)
    _try(request, lambda: saved.update_view(view, request.user, request.POST.get("query", "")), f"“{view}” is updated.")
    return redirect(saved.address_of(view))


@require_POST
@open_to(Role.VIEWER)
def rename_view(request: ViewerRequest, view_id: int) -> HttpResponse:
    """Give a view another name, share it or stop sharing it."""
    view = _openable(request, view_id)
    name, shared = request.POST.get("name", ""), request.POST.get("shared") == "yes"
    _try(request, lambda: saved.rename_view(view, request.user, name, shared), f"The view is “{name.strip()}” now.")
    return redirect("views")


@require_POST
@open_to(Role.VIEWER)
def default_view(request: ViewerRequest, view_id: int) -> HttpResponse:
    """Open a page with this view from now on, or no longer."""
    view, wanted = _openable(request, view_id), yes_or_no(request, "default")
    saved.set_default(view, request.user, wanted)
    page = LISTINGS[view.page].title
    messages.success(request, f"{page} opens {f'with “{view}”' if wanted else 'without a view'} for you from now on.")
    return redirect("views")


@require_POST
@open_to(Role.VIEWER)
def delete_view(request: ViewerRequest, view_id: int) -> HttpResponse:
    """Take a view away; the page it leads to can take it back."""
    view = _openable(request, view_id)
    _try(request, lambda: saved.delete_view(view, request.user), f"“{view}” is deleted. You can take it back below.")
    return redirect("views")


@require_POST
@open_to(Role.VIEWER)
def restore_view(request: ViewerRequest, view_id: int) -> HttpResponse:
    """Take a deleted view back."""
    view = get_object_or_404(SavedView.objects.restorable_by(request.user), pk=view_id)
    _try(request, lambda: saved.restore_view(view, request.user), f"“{view}” is back.")
    return redirect("views")


def _openable(request: ViewerRequest, view_id: int) -> SavedView:
    return get_object_or_404(saved.views_of(request.user).select_related("owner"), pk=view_id)


def _try(request: ViewerRequest, act: Callable[[], None], done: str) -> None:
    """Do it and say so, or say why not."""
    try:
        act()
    except saved.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
