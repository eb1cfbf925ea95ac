"""Rotation re-seals what a key opens and forgets the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, SealedCredential
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
    assert "1 sessions re-sealed, 1 forgotten" in capsys.readouterr().out


def test_a_rotation_may_be_started_again(make_account: Callable[..., Account]) -> None:
    stored(make_account())

    assert [rotate_credentials("test").resealed for _ in range(2)] == [1, 1]
