"""`manage.py import_accounts FILE.csv [--dry-run]`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.account_files import BadFile, read_accounts
from accounts.services.importing import ExternalIds, WorldChanged, fill_external_ids, import_accounts


class Command(BaseCommand):
    """Takes a CSV of accounts whole, or refuses it whole with every bad line."""

    help = "Add and update accounts from a CSV: account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", metavar="FILE.csv", help="the file, or - for standard input")
        parser.add_argument(
            "--external-ids",
            choices=[made.value for made in ExternalIds],
            default=ExternalIds.STACKSET.value,
            help="what a new account without one gets: the StackSet's (default), or a random one of its own",
        )
        parser.add_argument("--dry-run", action="store_true", help="check and count, store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, or say what is wrong with which line."""
        try:
            rows = read_accounts(_content(options["file"]))
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except BadFile as refusal:
            for problem in refusal.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"{refusal}: nothing was imported") from refusal
        rows, _ = fill_external_ids(rows, ExternalIds(options["external_ids"]))
        try:
            done = import_accounts(rows, "manage.py", dry_run=options["dry_run"])
        except WorldChanged as refusal:
            raise CommandError("accounts were added meanwhile: nothing was imported, run it again") from refusal
        would = "would be " if options["dry_run"] else ""
        noun = "account" if done.created == 1 else "accounts"
        self.stdout.write(
            f"{done.created} {noun} {would}added, {done.updated} {would}updated, {done.unchanged} unchanged"
        )
        for protecting in done.unprotected:
            self.stdout.write(f"{protecting}: its new name {'would end' if would else 'has ended'} its protection")


def _content(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
