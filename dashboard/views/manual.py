"""The documentation, readable where Rolecall runs."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import Role, open_to
from dashboard.manual import INDEX, address_of, manual_page, names


@require_safe
@open_to(Role.VIEWER)
def manual(request: HttpRequest, page: str = INDEX) -> HttpResponse:
    """One page of docs/, with a list of the others."""
    if page not in names():
        raise Http404
    chapters = [name for name in names() if "/" not in name and name != INDEX]
    others = [(manual_page(name).title, address_of(name), name == page) for name in chapters]
    return render(request, "help.html", {"page": manual_page(page), "others": others})
