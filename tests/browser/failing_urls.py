"""The site's addresses and one whose view breaks: the only honest way to the page of a fault."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from dashboard.urls import handler400

__all__ = ("handler400",)


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """Break."""
    raise RuntimeError("a fault on purpose")


urlpatterns = [path("broken/", broken, name="broken"), path("", include("dashboard.urls"))]
