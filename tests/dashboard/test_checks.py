"""What `manage.py check --deploy` says of settings that work, and should not be lived with."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from dashboard.checks import leases_outlast_tasks


@pytest.mark.parametrize(("lease", "warned"), [(300, []), (270, ["rolecall.W003"]), (60, ["rolecall.W003"])])
def test_a_lease_that_ends_before_a_task_may_is_warned_of(settings: Settings, lease: int, warned: list[str]) -> None:
    settings.CLEANUP_LEASE_SECONDS, settings.CELERY_TASK_TIME_LIMIT = lease, 270

    assert [warning.id for warning in leases_outlast_tasks(None)] == warned
