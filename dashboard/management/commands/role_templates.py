"""`manage.py role_templates --account ID --format cloudformation|terraform|cli|stackset [--purpose reader|cleaner]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.domain.role_policies import Purpose
from accounts.domain.role_templates import Format
from accounts.services.hub import ask_hub, hub_identity
from accounts.services.onboarding import NoRole, role_file
from dashboard.access import Shell
from dashboard.named_accounts import named_accounts


class Command(BaseCommand):
    """Writes one role of one account to standard output."""

    help = "Write a role that Rolecall assumes, ready for this account and this installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--account", required=True, metavar="ID", help="the account that the role is for")
        parser.add_argument("--format", required=True, choices=[form.value for form in Format], dest="form")
        parser.add_argument("--purpose", default="reader", choices=[purpose.value for purpose in Purpose])
        parser.add_argument(
            "--create-and-describe",
            action="store_true",
            help="let the cleaner make the role anew and edit its description",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, asking AWS first who Rolecall is when no worker has."""
        account = named_accounts([options["account"]], Shell.OPERATOR).get()
        identity = hub_identity(account.partition)
        if not identity.principal_arn:
            identity = ask_hub(account.partition)
        purpose, form = Purpose(options["purpose"]), Format(options["form"])
        try:
            file = role_file(account, purpose, form, identity, create_and_describe=options["create_and_describe"])
        except NoRole as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(file.text, ending="")
