"""System checks: what `manage.py check --deploy` says before an installation goes live."""

from __future__ import annotations

import stat
from pathlib import Path
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


@register(deploy=True)
def leases_outlast_tasks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when a clean-up's lease is over before its worker may be: tests alone can do with so little."""
    lease, longest = settings.CLEANUP_LEASE_SECONDS, settings.CELERY_TASK_TIME_LIMIT
    if lease > longest:
        return []
    return [
        Warning(
            f"CLEANUP_LEASE_SECONDS is {lease}: a worker that looks at an account for longer is taken for dead, and "
            "the next one begins the same look again, and again.",
            hint=f"A task may take {longest} seconds: more than that, such as the default of 300.",
            id="rolecall.W003",
        )
    ]


@register(Tags.security, deploy=True)
def keys_are_kept_close(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn when everybody on the machine may read the sealing keys: a mounted secret is, so it is no error."""
    file = settings.CREDENTIAL_KEYS_FILE
    if not file or not Path(file).stat().st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        return []
    return [
        Warning(
            f"CREDENTIAL_KEYS_FILE={file} may be read, or changed, by others on this machine.",
            hint=f"chmod 0400 {file}, owned by the user that runs Rolecall; a mounted secret: set its mode.",
            id="rolecall.W002",
        )
    ]
