"""What list pages share: paging, export, and a page or its fragment from one URL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.models import AccountQuerySet, Sweep
from accounts.services.sweeps import get_or_request_sweep
from dashboard.access import Role, ViewerRequest, may
from dashboard.addresses import CLEAR, is_tidy, several, tidied
from dashboard.arrange import EXPORTING, arrange, strangers
from dashboard.chips import ChipFilterSet
from dashboard.exports import Export, NoSuchExport, table_export
from dashboard.file_names import disposition, file_name, narrowing_words
from dashboard.formats import FORMATS, Format
from dashboard.listings import LISTINGS, Listing, Shown, narrowed_export, wants_all
from dashboard.saved import default_address, saved_context

NO_FILE = "A file without it could show more than was asked for, so none is made: take it out of the address."


def listing_page(
    request: ViewerRequest, name: str, template: str, context: dict[str, Any], shown: Shown | None = None
) -> HttpResponseBase:
    """A list's page with its saved views, or with `_export=` all its rows in their order."""
    if address := elsewhere(request, name):
        return redirect(address)
    if counts := choice_counts(request, name):
        return counts
    listing = LISTINGS[name]
    shown = shown or listing.shown(request.GET, request.user)
    saved = saved_context(request, name)
    if form := wanted_format(request, shown.filter, shown.dropped):
        view = saved["opened"].name if saved["opened"] and not saved["opened_changed"] else ""
        narrowed = narrowing_words(shown.filter, listing.leaves_out(shown, request.GET), named=bool(view))
        return export_response(listing_export(listing, shown, request), form, view, *narrowed)
    shown.table.ticks, tools = may(request.user, Role.OPERATOR), shown.table.tools
    tools.dropped, tools.saved, tools.narrowed = shown.dropped, saved, shown.filter
    arranged = {"table": shown.table, "filter": shown.filter, "page_name": name, "formats": FORMATS}
    return render(request, template, {**arranged, **context})


def choice_counts(request: ViewerRequest, name: str) -> JsonResponse | None:
    """How many rows each choice of a filter would leave, for the menu that asks; None when the page is wanted.

    Views that count a lot for their page ask this first. Raises BadRequest.
    """
    if not (wanted := request.GET.get("_counts")):
        return None
    _, narrowed = LISTINGS[name].build(request.GET, request.user)
    if narrowed is None or wanted not in narrowed.choosing:
        raise BadRequest(f"There is no filter “{wanted}” with choices here.")
    return JsonResponse(narrowed.counts(wanted))


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
    """What a list's address exports. Raises BadRequest for a column or shape that is not there."""
    try:
        return listing.export_of(shown, request.GET)
    except NoSuchExport as error:
        raise BadRequest(str(error)) from error


def list_page(
    request: HttpRequest,
    table: Any,
    template: str,
    name: str,
    understands: frozenset[str] = frozenset(),
    **context: Any,
) -> HttpResponseBase:
    """The page of a table that is part of something else and has no views; with `_export=` all its rows.

    `understands` are the names that the page itself reads from its address.
    """
    if address := tidier_address(request):
        return redirect(address)
    dropped = arrange(table, request.GET)
    narrowed: ChipFilterSet | None = context.get("filter")
    if form := wanted_format(request, narrowed, [*strangers(request.GET, narrowed, understands), *dropped]):
        try:
            export = narrowed_export(table_export(name, table), table, request.GET)
            return export_response(export, form, *narrowing_words(narrowed))
        except NoSuchExport as error:
            raise BadRequest(str(error)) from error
    table.tools.dropped = dropped
    return render(request, template, {"table": table, "page_name": name, "formats": FORMATS, **context})


def wanted_format(
    request: HttpRequest, narrowed: ChipFilterSet | None = None, dropped: Sequence[str] = ()
) -> Format | None:
    """The format that `_export=` names. Raises BadRequest for one that does not exist, and for what means nothing here.

    A page says beside its table what was wrong or left out; a file without rows would say that there is nothing, and
    one without a filter that it is all that was asked for.
    """
    wanted = request.GET.get("_export", "")
    if wanted and wanted not in FORMATS:
        raise BadRequest(f"There is no export “{wanted}”: use _export={', '.join(FORMATS)}.")
    if wanted and narrowed is not None and (problems := narrowed.problems()):
        raise BadRequest(" ".join(problems))
    if wanted:
        refuse_strangers(dropped)
    return FORMATS.get(wanted)


def refuse_strangers(dropped: Sequence[str]) -> None:
    """Make no file of an address that names what is not there. Raises BadRequest."""
    if dropped:
        raise BadRequest(f"This address names what is not here. {' '.join(dropped)} {NO_FILE}")


def table_file(
    request: HttpRequest, export: Export, understands: frozenset[str] = frozenset(), *said: str
) -> StreamingHttpResponse:
    """A table that has no page of its own, at an address of its own: as CSV, or as `_export=` says."""
    refuse_strangers(strangers(request.GET, None, understands, EXPORTING))
    names = [] if wants_all(request.GET) else several(request.GET, "_columns")
    try:
        return export_response(export.only(names) if names else export, wanted_format(request) or FORMATS["csv"], *said)
    except NoSuchExport as error:
        raise BadRequest(str(error)) from error


def export_response(export: Export, form: Format, *said: str) -> StreamingHttpResponse:
    """The export as a download that has in its name what is said; streamed, so that its size costs no memory."""
    name = file_name((export.name, *said), timezone.now(), form.extension)
    return download(form.blocks(export), name, form.content_type)


def download(blocks: Iterable[bytes] | Iterable[str], name: str, content_type: str) -> StreamingHttpResponse:
    """A file to be kept, streamed; no browser opens it as something else."""
    headers = {"Content-Disposition": disposition(name), "X-Content-Type-Options": "nosniff"}
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
