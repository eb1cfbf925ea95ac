"""Fixtures for everybody: people with roles, accounts, and no way to reach a real AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from pytest_django.fixtures import Settings

from accounts.models import Account, Region

pytest_plugins = ["tests.local_aws"]


@receiver(post_migrate)
def _fill_again(sender: AppConfig, **kwargs: object) -> None:
    """Put back what migration 0002 filled in, when the end of a transactional test has emptied the tables."""
    if sender.name == "accounts" and not Region.objects.exists():
        migration = import_module("accounts.migrations.0002_regions_and_roles")
        migration.fill_regions(apps, None)
        migration.make_groups(apps, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, in turn one that drives a browser and one that waits for processes.

    Browsers keep the processor busy, workers and servers of a test's own are waited for: side by side neither is idle.
    """
    turns, place = {True: count(0, 2), False: count(1, 2)}, dict[Path, int]()
    for item in items:
        drives = "browser" in item.path.parts
        if item.path not in place and (drives or item.get_closest_marker("processes")):
            place[item.path] = next(turns[drives])
    last = len(items)
    items.sort(key=lambda item: place.get(item.path, last))


@pytest.fixture(autouse=True)
def _no_real_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that slips past the local AWS must fail, not reach an account."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Settings) -> None:
    """Tests run without `collectstatic`; passwords are hashed cheaply."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _person(name: str, group: str | None) -> User:
    user = User.objects.create_user(name, password="correct horse")
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def viewer(db: None) -> User:
    """May look."""
    return _person("viewer", "viewer")


@pytest.fixture
def operator(db: None) -> User:
    """May look and act."""
    return _person("operator", "operator")


@pytest.fixture
def stranger(db: None) -> User:
    """May sign in, and nothing else."""
    return _person("stranger", None)


@pytest.fixture
def make_account(db: None) -> Iterator[Callable[..., Account]]:
    """Make accounts with ids that count up."""
    ids = count(111100000001)

    def make(**fields: object) -> Account:
        account_id = str(fields.pop("account_id", None) or next(ids))
        partition = fields.get("partition", "aws")
        defaults: dict[str, object] = {
            "name": f"account-{account_id[-3:]}",
            "partition": partition,
            "reader_role_arn": f"arn:{partition}:iam::{account_id}:role/MqSlrReader",
            "external_id": f"ext-{account_id}",
        }
        return Account.objects.create(account_id=account_id, **{**defaults, **fields})

    yield make
