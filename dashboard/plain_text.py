"""Forms hold text that PostgreSQL can hold: whatever they are for, a NUL in one is refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from dashboard.access import View


class PlainTextMiddleware:
    """Refuses a form with a NUL character, which no browser sends and which no table can store."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: a form is looked at once its sender is known to be let in."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> None:
        """Raise BadRequest, the field named."""
        for name, values in request.POST.lists():
            if "\0" in name or any("\0" in value for value in values):
                raise BadRequest(f"The field “{ascii(name)[1:-1][:40]}” has a NUL character in it: type it anew.")
