"""A report that two people act on at once: what one of them has read before is not written over the other."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import AuditEntry
from dashboard.models import Report, SavedView
from dashboard.reports import hashed, renew_token
from dashboard.saved import Refused


@pytest.fixture
def read_before(viewer: User) -> Report:
    view = SavedView.objects.create(owner=viewer, name="Unused", page="accounts", query="verdict=unused")
    return Report.objects.create(owner=viewer, name="Idle roles", view=view, format="csv", token_sha256=hashed("old"))


def test_a_new_token_leaves_alone_what_else_has_become_of_the_report(read_before: Report, viewer: User) -> None:
    Report.objects.update(last_rows=7, counted=3)

    token = renew_token(read_before, viewer)

    kept = Report.objects.get()
    assert (kept.last_rows, kept.counted, kept.token_sha256) == (7, 3, hashed(token))


def test_a_new_token_does_not_bring_back_a_report_that_was_revoked(read_before: Report, viewer: User) -> None:
    Report.objects.update(revoked_at=timezone.now())

    with pytest.raises(Refused):
        renew_token(read_before, viewer)

    assert Report.objects.get().revoked_at is not None
    assert not AuditEntry.objects.filter(action="renew token of report").exists()
