"""What every page needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dashboard.access import Role, may
from dashboard.page_help import help_for
from dashboard.words import answering_server


def page(request: HttpRequest) -> dict[str, Any]:
    """The local-AWS banner, what the person may do, which entry of the bar is open, its help, and how sweeps stand."""
    user = getattr(request, "user", None)
    match = getattr(request, "resolver_match", None)
    return {
        "aws_endpoint_url": settings.AWS_ENDPOINT_URL,
        "answering_server": answering_server(settings.AWS_ENDPOINT_URL),
        "may_watch": user is not None and may(user, Role.VIEWER),
        "may_operate": user is not None and may(user, Role.OPERATOR),
        "page_help": help_for(match.url_name or "") if match else None,
        "here": (match.url_name or "").partition("-")[0] if match else "",  # `cleanup-confirm` is part of `cleanup`
        **getattr(request, "following", {}),
    }
