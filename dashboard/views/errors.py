"""Error pages that say what was wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 with the sentence that the view raised; Django's own page would leave it out."""
    return render(request, "400.html", {"problem": str(exception)}, status=400)
