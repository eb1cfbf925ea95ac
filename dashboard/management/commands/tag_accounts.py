"""`manage.py tag_accounts add|replace|remove KEY=VALUE [--account ID …]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.acts import TooMany, perform, preview
from accounts.services.tagging import TagMode, tag_act
from dashboard.access import Shell, visible_accounts
from dashboard.named_accounts import named_accounts
from dashboard.words import plural


class Command(BaseCommand):
    """Changes one tag of all accounts, or of those named."""

    help = "Add, replace or remove one tag of all accounts, or of those named; a page of each account can undo it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("mode", choices=[mode.value for mode in TagMode])
        parser.add_argument("tag", metavar="KEY=VALUE", help="to remove: KEY alone, too")
        parser.add_argument(
            "--account", action="append", metavar="ID", default=[], help="only this one; may be repeated"
        )
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Change the tag, or say what would change."""
        wanted, dry = options["account"], options["dry_run"]
        chosen = named_accounts(wanted, Shell.OPERATOR) if wanted else visible_accounts(Shell.OPERATOR)
        try:
            act = tag_act(options["mode"], options["tag"])
            tally = preview(act, chosen) if dry else perform(act, chosen, "manage.py").tally
        except (ValueError, TooMany) as error:
            raise CommandError(str(error)) from error
        would = "would be " if dry else ""
        self.stdout.write(f"{plural(tally.changed, 'account')} {would}changed, {tally.alike} so already")
        for reason, count in tally.refused.items():
            self.stdout.write(f"{plural(count, 'account')} left alone; each {reason}")
