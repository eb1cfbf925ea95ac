"""Rotation re-seals what a key opens and forgets the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, AuditEntry, SealedCredential
from accounts.services.credentials import StoredSession, forget_credentials
from accounts.services.rotation import rotate_credentials
from accounts.services.sealing import open_sealed, seal

pytestmark = pytest.mark.django_db


def stored(account: Account) -> SealedCredential:
    now = timezone.now()
    sealed = seal({"session_token": "t"}, f"{account.account_id}/reader")
    return SealedCredential.objects.create(
        account=account, purpose="reader", sealed=sealed, role_arn="r", expires_at=now, created_at=now
    )


def test_everything_is_sealed_with_the_first_key_afterwards(
    make_account: Callable[..., Account], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, lost = (Fernet.generate_key().decode() for _ in range(3))
    settings.CREDENTIAL_KEYS = [old]
    row = stored(make_account())
    settings.CREDENTIAL_KEYS = [lost]
    stored(make_account())

    settings.CREDENTIAL_KEYS = [new, old]
    call_command("rotate_credentials")
    settings.CREDENTIAL_KEYS = [new]

    row.refresh_from_db()
    assert open_sealed(bytes(row.sealed), f"{row.account.account_id}/reader") == {"session_token": "t"}
    said = capsys.readouterr()
    assert "1 sessions re-sealed, 0 had the first key already, 1 forgotten" in said.out
    assert "1 were sealed with a key that is not among CREDENTIAL_KEYS, 0 were damaged" in said.err


def test_an_interrupted_rotation_goes_on_where_it_was(make_account: Callable[..., Account], settings: Settings) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.CREDENTIAL_KEYS = [old]
    rows = [stored(make_account()) for _ in range(3)]
    settings.CREDENTIAL_KEYS = [new, old]

    with pytest.raises(KeyboardInterrupt):
        rotate_credentials("test", interrupted_after(2))
    again = rotate_credentials("test")

    assert (again.resealed, again.current, again.forgotten) == (1, 2, 0)
    assert [entry.subject for entry in AuditEntry.objects.all()] == ["sessions: 1", "sessions: 2"]
    assert SealedCredential.objects.count() == len(rows)


def interrupted_after(steps: int) -> Callable[[int], None]:
    left = [steps]

    def progress(done: int) -> None:
        left[0] -= done
        if not left[0]:
            raise KeyboardInterrupt

    return progress


def test_a_damaged_session_is_told_apart_and_forgotten(make_account: Callable[..., Account]) -> None:
    row = stored(make_account())
    SealedCredential.objects.filter(pk=row.pk).update(sealed=bytes(row.sealed)[:-1] + b"?")

    done = rotate_credentials("test")

    assert (done.damaged, done.wrong_key) == (1, 0)
    assert not SealedCredential.objects.exists()


def test_a_session_copied_to_another_accounts_row_is_not_used(make_account: Callable[..., Account]) -> None:
    mine, theirs = make_account(), make_account()
    secret = dict.fromkeys(("access_key_id", "secret_access_key", "session_token"), "x")
    until, digest = timezone.now() + timedelta(hours=1), hashlib.sha256(mine.external_id.encode()).hexdigest()
    fields = {"purpose": "reader", "expires_at": until, "created_at": timezone.now(), "external_id_sha256": digest}
    sealed = seal(secret, f"{mine.account_id}/reader")
    SealedCredential.objects.create(account=mine, sealed=sealed, role_arn=mine.reader_role_arn, **fields)
    Account.objects.filter(pk=theirs.pk).update(external_id=mine.external_id)
    theirs.refresh_from_db()
    SealedCredential.objects.create(account=theirs, sealed=sealed, role_arn=theirs.reader_role_arn, **fields)

    loaded = [StoredSession(account, "reader") for account in (mine, theirs)]
    for session in loaded:
        session.load()

    assert [session._credentials is not None for session in loaded] == [True, False]


def test_forgetting_is_on_record_and_happens_once(make_account: Callable[..., Account]) -> None:
    account = stored(make_account()).account

    assert [forget_credentials(account, "olga") for _ in range(2)] == [1, 0]
    assert AuditEntry.objects.get().action == "forget credentials"
