"""The region table and one region's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.outcomes import Outcome
from accounts.models import Cell, Region, RegionEdit, RegionReading
from accounts.services.named_regions import named_regions
from accounts.services.regions import (
    Refused,
    add_region,
    edit_region,
    remove_region,
    row_of,
    set_polled,
    undo,
    why_not_removed,
)
from dashboard.access import Role, ViewerRequest, may, open_to, visible_accounts
from dashboard.conditions import with_outcomes
from dashboard.following import follows_sweeps
from dashboard.region_edits import last_edits
from dashboard.region_forms import RegionForm
from dashboard.region_page import region_view, rows_that_differ, tab_words, why_not_polled
from dashboard.tables.region_accounts import RegionAccountTable, accounts_in, in_state, lists_here
from dashboard.tables.regions import regions_with_counts
from dashboard.views.common import list_page, listing_page, yes_or_no
from dashboard.words import plural, stale_before

GET_AND_POST = ("GET", "HEAD", "POST")
UNCHECKED = "Whether Amazon MQ answers at {} was not checked: a poll will say."


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def region_list(request: ViewerRequest) -> HttpResponseBase:
    """The supported-regions table, what AWS named beyond it, and what people did to it."""
    operates = may(request.user, Role.OPERATOR)
    context = {
        "named": named_regions(visible_accounts(request.user)),
        "edits": last_edits() if operates else [],
        "differing": rows_that_differ() if operates else 0,
        "shut": visible_accounts(request.user).filter(with_outcomes([Outcome.ASSUME_DENIED])).count(),
    }
    return listing_page(request, "regions", "regions.html", context)


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def region_detail(request: ViewerRequest, code: str) -> HttpResponseBase:
    """One region: its row, and how its accounts stand there."""
    mine, now = visible_accounts(request.user), timezone.now()
    region = get_object_or_404(regions_with_counts(mine, code))
    page = region_view(region, mine, now)
    show = page.opened(request.GET.get("show", ""))
    state = next((one for one in page.states if one.mark == request.GET.get("state")), None)
    listed = lists_here(stale_before(now))[show] & (in_state(state.state) if state else Q())
    table = RegionAccountTable(accounts_in(mine, region).filter(listed))
    table.empty_text = tab_words(show, region)
    context: dict[str, Any] = {
        "region": region, "page": page, "show": show, "state": state,
        "why_off": "" if region.polled else why_not_polled(region),
        "stays": why_not_removed(code) if page.by_hand else "",
    }  # fmt: skip
    own = frozenset({"show"} if request.GET.get("show", show) == show else ())
    return list_page(request, table, "region.html", f"region-{code}-{show}", own, **context)


@require_POST
@open_to(Role.OPERATOR)
def region_polled(request: ViewerRequest, code: str) -> HttpResponse:
    """Switch a region on or off."""
    region = get_object_or_404(Region, code=code)
    if set_polled(region, yes_or_no(request, "polled"), request.user.get_username()):
        when = "is polled from the next sweep on" if region.polled else "is no longer polled; its cells say unsupported"
        messages.success(request, f"{region.code} {when}.")
    return redirect("region", code) if request.POST.get("back") == "region" else redirect("regions")


@require_http_methods(GET_AND_POST)
@open_to(Role.OPERATOR)
def region_add(request: ViewerRequest) -> HttpResponse:
    """Put a region into the table by hand."""
    if request.method != "POST":
        code = request.GET.get("code", "")[:60]
        return _form(request, RegionForm.for_new(code, _name_of(code)))
    form = RegionForm(request.POST)
    if not form.is_valid():
        return _form(request, form)
    try:
        row = form.wanted()
        add_region(row, request.user.get_username())
    except Refused as refusal:
        form.add_error("code", str(refusal))
        return _form(request, form)
    polled = "is in the table and polled from the next sweep on." if row.polled else "is in the table, not polled."
    messages.success(request, f"{row.code} {polled} {UNCHECKED.format(form.endpoint)}")
    return redirect("region", row.code)


def _name_of(code: str) -> str:
    """AWS's name for a region, when its list was read and has one."""
    readings = RegionReading.objects.exclude(names=None)
    return next((str(reading.names[code]) for reading in readings if reading.names and code in reading.names), "")


@require_http_methods(GET_AND_POST)
@open_to(Role.OPERATOR)
def region_edit(request: ViewerRequest, code: str) -> HttpResponse:
    """Change one row."""
    region = get_object_or_404(Region, code=code)
    form = RegionForm(request.POST or None, row=row_of(region))
    if not form.is_valid():
        return _form(request, form, region)
    try:
        edit = edit_region(form.wanted(), request.user.get_username())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("regions")
    if edit is None:
        messages.info(request, f"{code} was so already: nothing was changed.")
    else:
        messages.success(request, f"{code} is saved. It can be undone on the page of regions.")
    return redirect("region", code)


def _form(request: ViewerRequest, form: RegionForm, region: Region | None = None) -> HttpResponse:
    return render(request, "regions/form.html", {"form": form, "region": region})


@require_http_methods(GET_AND_POST)
@open_to(Role.OPERATOR)
def region_remove(request: ViewerRequest, code: str) -> HttpResponse:
    """Take a row out that was added by hand; one with cells only when its code is typed."""
    region = get_object_or_404(Region, code=code)
    cells = Cell.objects.filter(region=code).count()
    context = {"region": region, "cells": cells, "stays": why_not_removed(code)}
    if request.method != "POST":
        return render(request, "regions/remove.html", context)
    if cells and request.POST.get("phrase", "").strip() != code:
        problem = f"That is not {code}. Nothing was removed."
        return render(request, "regions/remove.html", {**context, "problem": problem})
    try:
        remove_region(code, request.user.get_username())
    except Refused as refusal:
        return render(request, "regions/remove.html", {**context, "problem": str(refusal)})
    kept = f" Its {plural(cells, 'cell')} are kept with this change, and come back when it is undone." if cells else ""
    messages.success(request, f"{code} is no longer in the table.{kept}")
    return redirect("regions")


@require_POST
@open_to(Role.OPERATOR)
def region_undo(request: ViewerRequest, number: int) -> HttpResponse:
    """Put the rows back as they were before one change."""
    edit = get_object_or_404(RegionEdit, pk=number)
    try:
        undo(edit, request.user.get_username())
    except Refused as refusal:
        messages.error(request, f"Not undone: {refusal}")
    else:
        messages.success(request, f"Undone: {', '.join(edit.codes)} as before.")
    return redirect("regions")
