"""Entries from before the link find their account by the id at the end of their subject."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("orders (111122223333)", "111122223333"),
        ("odd (999988887777) name (111122223333)", "111122223333"),
        ("312 accounts", ""),
        ("Sweep 111122223333", ""),
    ],
)
def test_an_old_entry_is_linked_with_the_account_that_its_subject_ends_with(subject: str, number: str) -> None:
    AuditEntry.objects.create(actor="olga", action="pause account", subject=subject)

    with connection.cursor() as cursor:
        cursor.execute(import_module("accounts.migrations.0013_archived_accounts").LINK_OLD_ENTRIES)

    assert AuditEntry.objects.get().account_number == number
