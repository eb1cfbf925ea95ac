"""`manage.py sync_organization [--partition P] [--dry-run] [--take]`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.domain.identifiers import PARTITIONS
from accounts.domain.organization import Change, Kind
from accounts.models import Organization
from accounts.services.organization_changes import STATE_KINDS, difference, take
from accounts.services.organizations import read_now, request_reading
from dashboard.organization_words import state_words
from dashboard.words import plural

ACTOR = "manage.py"
HEADINGS = ("kind", "account", "name", "now", "in AWS")


class Command(BaseCommand):
    """Reads the connected organizations in this process and shows what differs from what is watched."""

    help = (
        "Read the connected AWS organizations and list what is new, renamed, moved, suspended or gone; "
        "with --take also take it. Exit 1 when a reading fails."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--partition", choices=PARTITIONS, help="only the organizations of this partition")
        parser.add_argument("--dry-run", action="store_true", help="read and list, and keep nothing of it")
        parser.add_argument("--take", action="store_true", help="take all that differs; nothing is ever removed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, list, and take when told to."""
        organizations = Organization.objects.all()
        if options["partition"]:
            organizations = organizations.filter(partition=options["partition"])
        if not organizations:
            raise CommandError("no organization is connected: Onboarding → From AWS Organizations")
        dry_run = options["dry_run"]
        with transaction.atomic() if dry_run else nullcontext():
            good = [self._sync(one, takes=options["take"]) for one in organizations]
            if dry_run:
                transaction.set_rollback(True)
        if dry_run:
            self.stdout.write("a dry run: nothing was kept")
        if not all(good):
            sys.exit(1)

    def _sync(self, one: Organization, *, takes: bool) -> bool:
        if not self._read(one):
            return False
        found = difference(one)
        self.stdout.write(f"{one}: {plural(len(found), 'difference')}")
        for line in table(found):
            self.stdout.write(line)
        if takes and found and not one.chosen:
            self.stderr.write(
                f"{one}: nobody has chosen its accounts yet: nothing was taken. Choose on its page first."
            )
            return False
        if takes and (taken := take(one, set(Kind), ACTOR)):
            told = ", ".join(f"{count:,} {kind}" for kind, count in taken.counts.items())
            self.stdout.write(f"{one}: taken: {told}")
        return True

    def _read(self, one: Organization) -> bool:
        request_reading(one, ACTOR, send=False)
        if not read_now(one.pk):
            self.stderr.write(f"{one}: a worker is reading it: try again in a minute")
            return False
        one.refresh_from_db()
        if one.problem:
            self.stderr.write(f"{one}: {one.problem} Nothing of the reading was kept.")
        return not one.problem


def table(found: Iterable[Change]) -> list[str]:
    """The difference as aligned columns under headings; nothing when there is none."""
    rows = [HEADINGS, *(_row(change) for change in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return lines if len(rows) > 1 else []


def _row(change: Change) -> tuple[str, ...]:
    before, after = change.before, change.after
    if change.kind in STATE_KINDS:
        before, after = state_words(before), state_words(after)
    return (change.kind.value, change.account_id, change.name, before or "–", after or "–")
