"""What list pages share: paging, export, and a page or its fragment from one URL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.models import AccountQuerySet, Sweep
from accounts.services.sweeps import get_or_request_sweep
from dashboard.access import ViewerRequest
from dashboard.addresses import CLEAR, is_tidy, tidied
from dashboard.arrange import arrange
from dashboard.exports import Export, UnknownColumn, table_export
from dashboard.filters import ChipFilterSet
from dashboard.formats import FORMATS, Format
from dashboard.listings import LISTINGS, Listing, Shown, narrowed_export
from dashboard.saved import default_address, saved_context


def listing_page(
    request: ViewerRequest, name: str, template: str, context: dict[str, Any], shown: Shown | None = None
) -> HttpResponseBase:
    """A list's page with its saved views, or with `_export=` all its rows in their order."""
    if address := elsewhere(request, name):
        return redirect(address)
    listing = LISTINGS[name]
    shown = shown or listing.shown(request.GET, request.user)
    if form := wanted_format(request, shown.filter):
        of_what = "filtered" if shown.filter is not None and shown.filter.narrows else ""
        return export_response(listing_export(listing, shown, request), form, of_what)
    shown.table.tools.dropped, shown.table.tools.saved = shown.dropped, saved_context(request, name)
    arranged = {"table": shown.table, "filter": shown.filter, "page_name": name, "formats": FORMATS}
    return render(request, template, {**arranged, **context})


def elsewhere(request: ViewerRequest, name: str) -> str:
    """Where a list's address leads instead: to the person's default view, or to the same address tidied."""
    if not request.META.get("QUERY_STRING"):
        return default_address(request.user, name) or ""
    return tidier_address(request, CLEAR)


def tidier_address(request: HttpRequest, bare: str = "") -> str:
    """Where the page stands without what a form sends empty or value by value; nothing when that is here.

    Only for pages: a file answers at once, and HTMX has drawn its address itself. `bare` is the query that is left
    when there is nothing else, for pages that open a default view without one.
    """
    if getattr(request, "htmx", None) or request.GET.get("_export") or is_tidy(request.GET):
        return ""
    query = tidied(request.GET).urlencode(safe=",") or bare
    return f"{request.path}?{query}" if query else request.path


def listing_export(listing: Listing, shown: Shown, request: HttpRequest) -> Export:
    """What a list's address exports. Raises BadRequest for a column that is not there."""
    try:
        return listing.export_of(shown, request.GET)
    except UnknownColumn as error:
        raise BadRequest(str(error)) from error


def list_page(
    request: HttpRequest, table: Any, template: str, name: str, export: Export | None = None, **context: Any
) -> HttpResponseBase:
    """The page of a table that is part of something else and has no views; with `_export=` all its rows."""
    if address := tidier_address(request):
        return redirect(address)
    dropped = arrange(table, request.GET)
    if form := wanted_format(request, context.get("filter")):
        try:
            return export_response(narrowed_export(export or table_export(name, table), table, request.GET), form)
        except UnknownColumn as error:
            raise BadRequest(str(error)) from error
    table.tools.dropped = dropped
    return render(request, template, {"table": table, "page_name": name, "formats": FORMATS, **context})


def wanted_format(request: HttpRequest, narrowed: ChipFilterSet | None = None) -> Format | None:
    """The format that `_export=` names. Raises BadRequest for one that does not exist, and for senseless filters.

    A page can say beside its empty table what was wrong; a file without rows would say that there is nothing.
    """
    wanted = request.GET.get("_export", "")
    if wanted and wanted not in FORMATS:
        raise BadRequest(f"There is no export “{wanted}”: use _export={', '.join(FORMATS)}.")
    if wanted and narrowed is not None and (problems := narrowed.problems()):
        raise BadRequest(" ".join(problems))
    return FORMATS.get(wanted)


def export_response(export: Export, form: Format, of_what: str = "") -> StreamingHttpResponse:
    """The export as a download, streamed: its size does not matter to the server's memory."""
    said = re.sub(r"[^A-Za-z0-9]+", "-", of_what).strip("-").lower()
    name = "-".join(filter(None, ("rolecall", export.name, said[:60], f"{timezone.now():%Y%m%dT%H%MZ}")))
    return download(form.blocks(export), f"{name}.{form.extension}", form.content_type)


def download(blocks: Iterable[bytes] | Iterable[str], name: str, content_type: str) -> StreamingHttpResponse:
    """A file to be kept, streamed; no browser opens it as something else."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(blocks, content_type=content_type, headers=headers)


def wants_fragment(request: HttpRequest) -> bool:
    """True when HTMX asks for a part; going back in the browser's history wants the whole page."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.history_restore_request


def yes_or_no(request: HttpRequest, name: str) -> bool:
    """What a button sent. Raises BadRequest for anything but yes and no."""
    wanted = request.POST.get(name, "")
    if wanted not in ("yes", "no"):
        raise BadRequest(f"{name}: use yes or no.")
    return wanted == "yes"


def start_sweep(request: ViewerRequest, accounts: AccountQuerySet, whom: str, back: str) -> HttpResponse:
    """Start a sweep and go `back`; where one over exactly these accounts is open already, go to it instead."""
    if accounts.exists() and not accounts.awake().exists():
        messages.warning(request, f"Nothing was polled: {whom} cannot be entered, as AWS Organizations says.")
        return redirect(back)
    sweep, begun = get_or_request_sweep(accounts, Sweep.Reason.PAGE, request.user.get_username())
    if begun:
        messages.success(request, f"{sweep} over {whom} has begun.")
        return redirect(back)
    messages.info(request, f"{sweep} is still polling {whom}: nothing was queued a second time.")
    return redirect(sweep)
