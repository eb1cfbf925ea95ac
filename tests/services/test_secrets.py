"""Law 6 with real processes: what AWS handed out is looked for in everything that was written. Only the seal has it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import AccessCheck, Account, SealedCredential, Sweep
from accounts.services.access_checks import request_checks
from accounts.services.sealing import open_sealed
from accounts.services.sweeps import progress_of, request_sweep
from dashboard.demo.estate import HUB_SECRET_ACCESS_KEY
from dashboard.demo.local_aws.client import LocalAws
from tests.processes import celery, wait_until, worker
from tests.written import everything_stored, everything_told_to_redis

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

Watched = Callable[..., Account]
DEBUG = {"LOG_LEVEL": "DEBUG"}
QUOTED = "theSecretThatABrokenAnswerOfStsQuotes000"
BROKEN_ANSWER = f"<AssumeRoleResponse><SecretAccessKey>{QUOTED}</SecretAccessKey><AssumeRole"
LISTS = ("/matrix/", "/accounts/", "/brokers/", "/regions/", "/sweeps/", "/audit/")


@pytest.fixture
def estate(watched: Watched, local_aws: LocalAws) -> list[Account]:
    """An account that answers, one whose answers are cut, and one whose session arrives in pieces."""
    good, cut, garbled = watched(), watched(), watched()
    local_aws.add_fault(account=cut.account_id, service="mq", truncate=True)
    local_aws.add_fault(account=garbled.account_id, service="sts", body=BROKEN_ANSWER)
    return [good, cut, garbled]


@pytest.fixture
def not_storable(watched: Watched) -> Iterator[Account]:
    """An account whose session PostgreSQL refuses, with the whole row in its message."""
    account = watched()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE accounts_sealedcredential ADD CONSTRAINT no CHECK (account_id <> {account.pk})")
    yield account
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_sealedcredential DROP CONSTRAINT no")


def test_secrets_are_nowhere_but_sealed(
    estate: list[Account], not_storable: Account, local_aws: LocalAws, operator: User, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with (
        everything_told_to_redis() as told,
        worker(log, "--loglevel=DEBUG", **DEBUG),
        celery("beat", "--loglevel=DEBUG", log=tmp_path / "beat.log", **DEBUG),
    ):
        request_checks(Account.objects.all(), "test")
        sweep = request_sweep(Account.objects.all(), Sweep.Reason.COMMAND, "test")
        wait_until(lambda: progress_of(Sweep.objects.get(pk=sweep.pk)).finished, 60, f"the sweep ends, see {log}")
        wait_until(lambda: not AccessCheck.objects.waiting().exists(), 60, f"the checks end, see {log}")
    export_everything(tmp_path)
    logs_and_files = [path.read_text() for path in tmp_path.iterdir()]
    written = "\n".join([*logs_and_files, *told, *everything_stored(), *pages(operator, sweep)])

    secrets = [secret for pair in local_aws.handed_out() for secret in pair]
    assert progress_of(sweep).failed == 2
    assert "Traceback" in written
    assert "accounts.poll_account" in "\n".join(told)
    assert {secret for row in SealedCredential.objects.all() for secret in opened(row)} <= set(secrets)
    assert found(written, [*secrets, HUB_SECRET_ACCESS_KEY, QUOTED, *our_own()]) == []


def our_own() -> tuple[str, ...]:
    """What Rolecall itself is started with."""
    passwords = (settings.DATABASES["default"]["PASSWORD"], urlsplit(settings.REDIS_URL).password or "")
    return (settings.SECRET_KEY, *settings.CREDENTIAL_KEYS, *filter(None, passwords))


def opened(row: SealedCredential) -> tuple[str, str]:
    secret = open_sealed(bytes(row.sealed), f"{row.account.account_id}/{row.purpose}")
    return secret["secret_access_key"], secret["session_token"]


def found(written: str, secrets: Iterable[str]) -> list[str]:
    """Those of the secrets that are written, plainly or in another alphabet."""
    return [secret for secret in secrets if any(form in written for form in forms(secret))]


def forms(secret: str) -> tuple[str, ...]:
    raw = secret.encode()
    return secret, raw.hex(), base64.b64encode(raw).decode().rstrip("=")[:-1]


def export_everything(folder: Path) -> None:
    for what in ("matrix", "accounts", "brokers", "audit"):
        for form in ("csv", "json"):
            call_command("export", what, format=form, output=folder / f"{what}.{form}")


def pages(person: User, sweep: Sweep) -> Iterable[str]:
    """Every page, and every list's CSV."""
    browser = Client()
    browser.force_login(person)
    one_each = [sweep.get_absolute_url(), *(account.get_absolute_url() for account in Account.objects.all())]
    for url in ("/", *LISTS, *one_each, *(f"{url}?_export=csv" for url in LISTS)):
        response = browser.get(url)
        assert response.status_code == 200, url
        yield response.getvalue().decode()
