"""What list pages share: paging, export, and a page or its fragment from one URL."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django_tables2 import RequestConfig

from accounts.models import AccountQuerySet, Sweep
from accounts.services.sweeps import get_or_request_sweep
from dashboard.access import ViewerRequest
from dashboard.exports import Export, csv_response, table_export
from dashboard.filters import ChipFilterSet, query_without

PAGE_SIZES = (25, 50, 100)


def configure(request: HttpRequest, table: Any) -> Any:
    """Sort and page a table as the URL says; another page size than those offered is taken as the first."""
    RequestConfig(request, paginate=False).configure(table)
    asked = request.GET.get("per_page", "")
    size = int(asked) if asked in map(str, PAGE_SIZES) else PAGE_SIZES[0]
    table.paginate(per_page=size, page=1)
    table.page = table.paginator.get_page(request.GET.get("page"))
    table.sizes, table.size = PAGE_SIZES, size
    table.query = query_without(request.GET, "per_page")
    return table


def list_page(
    request: HttpRequest, table: Any, template: str, name: str, export: Export | None = None, **context: Any
) -> HttpResponseBase:
    """A table's page, or with `_export=csv` all its rows in their order."""
    configure(request, table)
    if wants_csv(request, context.get("filter")):
        return csv_response(export or table_export(name, table))
    return render(request, template, {"table": table, "page_name": name, **context})


def wants_csv(request: HttpRequest, narrowed: ChipFilterSet | None = None) -> bool:
    """True for `_export=csv`. Raises BadRequest for a format that does not exist, and for filters that make no sense.

    A page can say beside its empty table what was wrong; a file without rows would say that there is nothing.
    """
    wanted = request.GET.get("_export", "")
    if wanted not in ("", "csv"):
        raise BadRequest(f"There is no export “{wanted}”: use _export=csv.")
    if wanted and narrowed is not None and (problems := narrowed.problems()):
        raise BadRequest(" ".join(problems))
    return wanted == "csv"


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
    sweep, begun = get_or_request_sweep(accounts, Sweep.Reason.PAGE, request.user.get_username())
    if begun:
        messages.success(request, f"{sweep} over {whom} has begun.")
        return redirect(back)
    messages.info(request, f"{sweep} is still polling {whom}: nothing was queued a second time.")
    return redirect(sweep)
