"""The search box of the bar."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.access import Role, ViewerRequest, open_to
from dashboard.search import search

LONGEST = 200  # no name is longer


@require_safe
@open_to(Role.VIEWER)
def search_page(request: ViewerRequest) -> HttpResponse:
    """All that has the text in its name; where that is one thing alone, its page."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    found = search(text, request.user) if text else []
    hits = [hit for kind in found for hit in kind.hits]
    if len(hits) == 1:
        return redirect(hits[0].url)
    return render(request, "search.html", {"searched": text, "found": [kind for kind in found if kind.count]})
