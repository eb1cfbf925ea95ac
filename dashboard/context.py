"""What every page needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dashboard.access import Role, may


def page(request: HttpRequest) -> dict[str, Any]:
    """The local-AWS banner and what the person may do."""
    user = getattr(request, "user", None)
    return {
        "aws_endpoint_url": settings.AWS_ENDPOINT_URL,
        "may_operate": user is not None and may(user, Role.OPERATOR),
    }
