"""System checks: what `manage.py check --deploy` says before an installation goes live."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security, deploy=True)
def not_the_local_aws(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when AWS's answers would come from somewhere other than AWS."""
    if not settings.AWS_ENDPOINT_URL:
        return []
    return [
        Warning(
            f"AWS_ENDPOINT_URL is {settings.AWS_ENDPOINT_URL}: answers do not come from AWS.",
            hint="Unset AWS_ENDPOINT_URL to look at real accounts.",
            id="rolecall.W001",
        )
    ]


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse to answer to every host name."""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS has “*”.", hint="Name the hosts that Rolecall answers to.", id="rolecall.E001")]
