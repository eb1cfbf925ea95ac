"""Old history and dead sessions go; what is young, and the audit record, stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, AuditEntry, BulkAct, Change
from accounts.services import audit
from accounts.tasks import forget_old

pytestmark = pytest.mark.django_db
MakeAccount = Callable[..., Account]


def change(account: Account, days_ago: int) -> Change:
    at = timezone.now() - timedelta(days=days_ago)
    return Change.objects.create(account=account, at=at, kind=Change.Kind.VERDICT, new="in_use")


def test_history_beyond_the_setting_is_forgotten(make_account: MakeAccount, settings: Settings) -> None:
    settings.CHANGE_KEEP_DAYS = 400
    account = make_account()
    young = change(account, days_ago=399)
    change(account, days_ago=401)

    forget_old()

    assert list(Change.objects.all()) == [young]


def test_sessions_that_are_over_are_cleared(db: None) -> None:
    now = timezone.now()
    for key, ends in (("over", now - timedelta(seconds=1)), ("open", now + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)

    forget_old()

    assert Session.objects.get().session_key == "open"


def test_acts_that_were_chosen_more_than_a_day_ago_are_forgotten(db: None) -> None:
    for person, hours in (("ana", 25), ("bob", 23)):
        BulkAct.objects.create(person=person, act="pause", created_at=timezone.now() - timedelta(hours=hours))

    forget_old()

    assert BulkAct.objects.get().person == "bob"


def test_the_audit_record_is_never_shortened(db: None) -> None:
    audit.note("ana", "poll")
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=5000))

    forget_old()

    assert AuditEntry.objects.exists()
