"""`manage.py check_accounts [--account ID …]`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from accounts.domain.access import Door
from accounts.models import Account
from accounts.services.access_checks import check_account, request_checks
from dashboard.access import Shell, visible_accounts
from dashboard.access_panel import panels_of
from dashboard.named_accounts import named_accounts
from dashboard.words import plural


class Command(BaseCommand):
    """Checks how the roles of accounts let Rolecall in, and says what to mend."""

    help = "Check the reader and cleaner roles of all accounts, or of those named; exit 1 when one is not ready."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--account", action="append", metavar="ID", default=[], help="only this one; may be repeated"
        )
        parser.add_argument("--send", action="store_true", help="leave it to the workers, and do not wait")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check in this process, or send to the workers."""
        wanted = options["account"]
        chosen = named_accounts(wanted, Shell.OPERATOR) if wanted else visible_accounts(Shell.OPERATOR)
        if options["send"]:
            count = request_checks(chosen, "manage.py")
            self.stdout.write(f"{plural(count, 'account')} will be checked by the workers")
            return
        ready = [
            self._check(account) for account in tqdm(list(chosen), disable=not sys.stderr.isatty(), unit="account")
        ]
        self.stdout.write(f"{plural(len(ready), 'account')} checked, {sum(ready)} ready")
        if not all(ready):
            sys.exit(1)

    def _check(self, account: Account) -> bool:
        check_account(account.pk)
        panels = panels_of(account)
        for role in panels:
            self.stdout.write(f"{account}: {role.purpose} role {role.word}. {role.sentence}")
            for call in role.troubles:
                self.stdout.write(f"  {call.words} {call.action}: {call.detail}")
                if call.statement:
                    self.stdout.write("    add: " + " ".join(call.statement.split()))
        return all(role.door is Door.READY for role in panels)
