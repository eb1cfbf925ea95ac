"""`manage.py delete_account ID --confirm ID [--purge]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.domain.identifiers import parse_account_id
from accounts.services.deleting import delete_accounts
from dashboard.access import Shell, known_accounts


class Command(BaseCommand):
    """Takes one account out of Rolecall. Nothing is deleted in AWS."""

    help = "Delete one account from Rolecall, its history kept; or purge it, also one that was deleted before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("account", metavar="ID")
        parser.add_argument("--confirm", metavar="ID", required=True, help="the same id once more")
        parser.add_argument("--purge", action="store_true", help="keep nothing but the audit record")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete it, or say what is in the way."""
        account_id, again = _parsed(options["account"]), _parsed(options["confirm"])
        if account_id != again:
            raise CommandError(f"--confirm says {again}, not {account_id}: nothing was deleted")
        chosen = known_accounts(Shell.OPERATOR).filter(account_id=account_id)
        account = chosen.first()
        if account is None:
            raise CommandError(f"no such account: {account_id}")
        if account.archived_at and not options["purge"]:
            raise CommandError(f"{account} is deleted already; --purge takes away what was kept")
        done = delete_accounts(chosen, "manage.py", purge=options["purge"])
        for reason in done.tally.refused:
            raise CommandError(f"{account} {reason}")
        self.stdout.write(f"{account} is {'purged' if options['purge'] else 'deleted, its history is kept'}")


def _parsed(text: str) -> str:
    try:
        return parse_account_id(text)
    except ValueError as error:
        raise CommandError(str(error)) from error
