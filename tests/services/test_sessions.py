"""A session is stored only while it is wanted: what was changed, refused or forgotten meanwhile keeps it out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, SealedCredential
from accounts.services.credentials import StoredSession, forget_credentials

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]


def begun(account: Account) -> StoredSession:
    """A session as a poll has it that is asking AWS."""
    session = StoredSession(Account.objects.get(pk=account.pk), SealedCredential.Purpose.READER)
    session.load()
    session.current()
    return session


@pytest.mark.parametrize(
    "change",
    [
        {"external_id": "ext-2"},
        {"reader_role_arn": "arn:aws:iam::111122223333:role/Other"},
        {"open_role_arns": "the reader role's"},
    ],
    ids=["external id", "role", "refused as open"],
)
def test_what_was_changed_while_aws_was_asked_is_not_stored(watched: Watched, change: dict[str, Any]) -> None:
    account = watched()
    session = begun(account)
    if "open_role_arns" in change:
        change = {"open_role_arns": [account.reader_role_arn]}
    Account.objects.filter(pk=account.pk).update(**change)

    session.save()

    assert not SealedCredential.objects.exists()


def test_a_session_forgotten_while_a_poll_renews_it_does_not_come_back(watched: Watched) -> None:
    account = watched()
    begun(account).save()
    SealedCredential.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    poll = begun(account)

    forgotten = forget_credentials(account, "olga")
    poll.save()

    assert (forgotten, SealedCredential.objects.count()) == (1, 0)


def test_a_session_of_an_account_that_is_gone_is_not_stored(watched: Watched) -> None:
    account = watched()
    session = begun(account)
    account.delete()

    session.save()

    assert not SealedCredential.objects.exists()


def test_a_renewed_session_takes_the_place_of_the_old_one(watched: Watched) -> None:
    account = watched()
    begun(account).save()
    SealedCredential.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    begun(account).save()

    assert SealedCredential.objects.get().expires_at > timezone.now() + timedelta(minutes=30)
