"""Resetting the region table to the guide, and taking AWS's word into it: both are looked at before they are taken."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.published_regions import statement
from accounts.domain.region_table import Kind, fingerprint
from accounts.models import RegionReading
from accounts.services.region_readings import (
    asked_partition,
    differences_of,
    not_watched,
    request_reading,
    stored_reading,
    take_differences,
)
from accounts.services.regions import SHIPPED, Refused, reset_preview, reset_regions, rows_of_table
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.region_states import states_by_region
from dashboard.views.common import wants_fragment
from dashboard.words import plural

GET_AND_POST = ("GET", "HEAD", "POST")
KIND_WORDS = {
    Kind.NEW: "New",
    Kind.SUPPORT: "Support",
    Kind.GONE: "Not listed",
    Kind.NAME: "Name",
    Kind.OPT_IN: "Opt-in",
}


@require_http_methods(GET_AND_POST)
@open_to(Role.OPERATOR)
def regions_reset(request: ViewerRequest) -> HttpResponse:
    """Show what a reset to the guide would change, of the rows that `code` names or of all; then do it."""
    codes = [code for code in request.GET.getlist("code") if code] or None
    problem = ""
    if request.method == "POST":
        try:
            edit = reset_regions(request.user.get_username(), codes, request.POST.get("seen", ""))
        except Refused as refusal:
            problem = str(refusal)
        else:
            said = plural(len(edit.codes), "row") if edit else "Nothing"
            messages.success(request, f"{said} reset to the guide. It can be undone under “Changes”.")
            return redirect("regions")
    changes = reset_preview(codes)
    by_hand = len(set(rows_of_table()) - set(SHIPPED)) if codes is None else 0
    context = {"changes": changes, "seen": fingerprint(changes), "codes": codes or [], "by_hand": by_hand}
    return render(request, "regions/reset.html", {**context, "problem": problem})


@require_http_methods(GET_AND_POST)
@open_to(Role.OPERATOR)
def regions_refresh(request: ViewerRequest) -> HttpResponse:
    """Show in what AWS's list differs from the table; then take what was ticked."""
    name, problem = asked_partition(), ""
    if request.method == "POST":
        keys = request.POST.getlist("pick")
        try:
            edit = take_differences(name, keys, request.POST.get("seen", ""), request.user.get_username())
        except Refused as refusal:
            problem = str(refusal)
        else:
            if edit is not None:
                said = f"{plural(len(edit.codes), 'row')} taken from AWS: {', '.join(edit.codes)}."
                messages.success(request, f"{said} It can be undone under “Changes”.")
                return redirect("regions")
            problem = "Nothing was ticked, so nothing was changed."
    context = {**refresh_context(name), "problem": problem}
    if not context["waits"] and not wants_fragment(request):
        context["states"] = states_by_region(visible_accounts(request.user))
    template = "regions/_refresh.html" if wants_fragment(request) else "regions/refresh.html"
    return render(request, template, context)


def refresh_context(name: str) -> dict[str, object]:
    """What was last read, and how it differs."""
    reading: RegionReading | None = stored_reading(name)
    found = differences_of(reading) if reading else []
    return {
        "partition": name,
        "reading": reading,
        "waits": reading is not None and reading.waits,
        "statement": json.dumps(statement(name), indent=2),
        "differences": [(KIND_WORDS[one.kind], one) for one in found],
        "seen": fingerprint(found),
        "left_out": not_watched(reading) if reading else [],
        "preticked": [one.key for one in found if one.kind is Kind.NEW],
    }


@require_POST
@open_to(Role.OPERATOR)
def regions_ask(request: ViewerRequest) -> HttpResponse:
    """Have a worker ask AWS for its list."""
    request_reading(asked_partition(), request.user.get_username())
    return redirect("regions-refresh")
