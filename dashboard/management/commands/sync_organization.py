"""`manage.py sync_organization [--partition P] [--dry-run] [--take]`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.domain.identifiers import PARTITIONS
from accounts.domain.organization import Change, Kind
from accounts.models import Organization
from accounts.services.organization_changes import STATE_KINDS, WorldMoved, difference, fingerprint, take
from accounts.services.organizations import NotRead, read_now, request_reading, what_would_differ
from dashboard.organization_words import MOVED, state_words
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
            raise CommandError("no organization is connected: Onboarding → Add accounts → From AWS Organizations")
        sync = self._look if options["dry_run"] else self._sync
        good = [sync(one, takes=options["take"]) for one in organizations]
        if options["dry_run"]:
            self.stdout.write("a dry run: nothing was kept")
        if not all(good):
            sys.exit(1)

    def _look(self, one: Organization, *, takes: bool) -> bool:
        try:
            found = what_would_differ(one)
        except NotRead as none:
            self.stderr.write(f"{one}: {none}")
            return False
        self._list(one, found)
        if not takes or not found:
            return True
        if one.chosen:
            self.stdout.write(f"{one}: would be taken: {_counted(Counter(change.kind.value for change in found))}")
        return self._is_chosen(one)

    def _sync(self, one: Organization, *, takes: bool) -> bool:
        if not self._read(one):
            return False
        found = difference(one)
        self._list(one, found)
        if not takes or not found:
            return True
        return self._is_chosen(one) and self._take(one, found)

    def _list(self, one: Organization, found: list[Change]) -> None:
        self.stdout.write(f"{one}: {plural(len(found), 'difference')}")
        for line in table(found):
            self.stdout.write(line)

    def _is_chosen(self, one: Organization) -> bool:
        if not one.chosen:
            self.stderr.write(
                f"{one}: nobody has chosen its accounts yet: nothing was taken. Choose on its page first."
            )
        return one.chosen

    def _take(self, one: Organization, found: list[Change]) -> bool:
        try:
            taken = take(one, set(Kind), ACTOR, seen=fingerprint(found))
        except WorldMoved as error:
            raise CommandError(f"{one}: {MOVED}") from error
        self.stdout.write(f"{one}: taken: {_counted(taken.counts if taken else {})}")
        return True

    def _read(self, one: Organization) -> bool:
        last = one.takes.first()
        request_reading(one, ACTOR, send=False)
        if not read_now(one.pk):
            self.stderr.write(f"{one}: a worker is reading it: try again in a minute")
            return False
        one.refresh_from_db()
        if one.problem:
            self.stderr.write(f"{one}: {one.problem} Nothing of the reading was kept.")
        elif (taken := one.takes.first()) and taken != last:
            self.stdout.write(f"{one}: taken by itself: {_counted(taken.counts)}")
        return not one.problem


def _counted(counts: Mapping[str, int]) -> str:
    """`3 new, 1 renamed`."""
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())


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
