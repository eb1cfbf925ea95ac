"""An address that only takes forms, opened like a page, says so and leads back: never an empty answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse


class WrongWayMiddleware:
    """Gives a page to what Django answers with a 405 and not one byte."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; a refusal keeps the header that says what the address does take."""
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        is_page = "GET" in response["Allow"]
        back = request.path if is_page else page_above(request.path)
        page = render(request, "405.html", {"is_page": is_page, "back": back}, status=405)
        page["Allow"] = response["Allow"]
        return page


def page_above(address: str) -> str:
    """The nearest page above an address that is about the same thing: where its form stands."""
    if address.startswith("/reports/"):
        return reverse("views")
    about = resolve(address).kwargs.items()
    for above in PurePosixPath(address).parents:
        path = f"{above}/".replace("//", "/")
        try:
            if resolve(path).kwargs.items() <= about:  # the “changes” of /accounts/changes/1/undo/ are no account
                return path
        except Resolver404:
            continue
    return reverse("overview")
