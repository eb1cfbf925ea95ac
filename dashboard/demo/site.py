"""The Django side of `./run`, in one process: database, static files, sign-in, demo estate, first sweep.

Imported only once the environment is complete and Django is set up.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection

from accounts.models import Account, HubIdentity, Poll, Sweep
from dashboard.demo.house import BASE_DIR, House

ADMIN = "admin"
APPROVER = "approver"


def migrate() -> None:
    """Bring the database to this version of the code."""
    call_command("migrate", verbosity=0, interactive=False)


def collect_static(house: House) -> None:
    """Collect static files, unless neither they nor the packages have changed since the last time."""
    stamp = house.root / "static.stamp"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    files = [BASE_DIR / "requirements.txt", BASE_DIR / "constraints.txt"]
    files += [path for folder in settings.STATICFILES_DIRS for path in sorted(Path(folder).rglob("*"))]
    digest = hashlib.sha256(str(settings.STATIC_ROOT).encode())
    for path in filter(Path.is_file, files):
        digest.update(f"{path.relative_to(BASE_DIR)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def ensure_people(demo: bool, new_passwords: bool) -> dict[str, str | None]:
    """Make the first user, and in the demo a second one who approves what the first asks for.

    Gives each one's password when it was made just now: it is kept nowhere.
    """
    people: dict[str, str | None] = {ADMIN: _ensure(ADMIN, new_passwords)}
    if demo:
        people[APPROVER] = _ensure(APPROVER, new_passwords)
    return people


def _ensure(name: str, new_password: bool) -> str | None:
    user = User.objects.filter(username=name).first()
    if user and not new_password:
        return None
    password = secrets.token_urlsafe(15)
    if user is None and name == ADMIN:
        User.objects.create_superuser(name, password=password)
    elif user is None:
        User.objects.create_user(name, password=password).groups.add(Group.objects.get(name="operator"))
    else:
        user.set_password(password)
        user.save(update_fields=["password"])
    return password


def has_accounts() -> bool:
    """Say whether there is anything to watch."""
    return Account.objects.exists()


def import_estate(house: House) -> None:
    """Import the demo estate by the command that a person would use."""
    from dashboard.demo.estate import ACCOUNTS, STACKSET_PREFIX, estate_csv

    path = house.root / "demo-estate.csv"
    path.write_text(estate_csv(), encoding="utf-8")
    call_command("import_accounts", str(path), stdout=StringIO())
    paused = [account.account_id for account in ACCOUNTS if account.paused]
    Account.objects.filter(account_id__in=paused).update(paused=True)
    for unit in {account.unit for account in ACCOUNTS}:
        there = [account.account_id for account in ACCOUNTS if account.unit == unit]
        Account.objects.filter(account_id__in=there).update(unit=unit)
    HubIdentity.objects.get_or_create(partition="aws", defaults={"external_id_prefix": STACKSET_PREFIX})


def ask_for_sweep() -> int:
    """Ask for a sweep of everything; give its number."""
    call_command("poll", stdout=StringIO())
    return Sweep.objects.latest("pk").pk


def progress(sweep: int) -> Iterator[tuple[int, int]]:
    """Give (polls over, polls in all) each time it is asked for, until all are over."""
    polls = Poll.objects.filter(sweep=sweep)
    over, total = -1, 0
    while over < total:
        total = polls.count()
        over = polls.exclude(state__in=Poll.OPEN).count()
        yield over, total
    connection.close()  # nothing more to ask; PostgreSQL's places are for the others


def make_up_a_past() -> bool:
    """Give the demo's charts ninety days to draw; False when they have days of their own."""
    from dashboard.demo import past

    made = past.make_up_a_past()
    connection.close()
    return made
