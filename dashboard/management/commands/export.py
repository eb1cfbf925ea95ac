"""`manage.py export matrix|accounts|brokers|cleanups|audit [--format csv|json] [--output FILE]`."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import AuditEntry, Broker
from dashboard.access import Shell, visible_accounts
from dashboard.exports import FORMATS, Export, in_blocks, matrix_export, table_export
from dashboard.tables.accounts import AccountTable
from dashboard.tables.brokers import BrokerTable
from dashboard.tables.cleanups import CleanupTable, cleanups_of
from dashboard.tables.sweeps import AuditTable


def _matrix() -> Export:
    return matrix_export(visible_accounts(Shell.OPERATOR))


def _accounts() -> Export:
    return table_export("accounts", AccountTable(visible_accounts(Shell.OPERATOR).select_related("role_status")))


def _brokers() -> Export:
    mine = visible_accounts(Shell.OPERATOR).order_by().values("pk")
    return table_export("brokers", BrokerTable(Broker.objects.filter(account__in=mine).select_related("account")))


def _cleanups() -> Export:
    return table_export("cleanups", CleanupTable(cleanups_of(visible_accounts(Shell.OPERATOR))))


def _audit() -> Export:
    return table_export("audit", AuditTable(AuditEntry.objects.all()))


EXPORTS: dict[str, Callable[[], Export]] = {
    "matrix": _matrix,
    "accounts": _accounts,
    "brokers": _brokers,
    "cleanups": _cleanups,
    "audit": _audit,
}


class Command(BaseCommand):
    """Writes what the pages export, to standard output or to a file."""

    help = "Export the matrix, the accounts, the brokers, the clean-ups or the audit record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("what", choices=sorted(EXPORTS))
        parser.add_argument("--format", choices=sorted(FORMATS), default="csv", help="json: one object a line")
        parser.add_argument("--output", type=Path, metavar="FILE", help="written whole or not at all")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the export."""
        blocks = in_blocks(FORMATS[options["format"]](EXPORTS[options["what"]]()))
        if options["output"] is None:
            self._print(blocks)
            return
        try:
            write_whole(options["output"], blocks)
        except OSError as error:
            raise CommandError(f"cannot write {options['output']}: {error.strerror}") from error

    def _print(self, blocks: Iterator[str]) -> None:
        try:
            for block in blocks:
                self.stdout.write(block, ending="")
            self.stdout.flush()
        except BrokenPipeError:  # `… | head` has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_whole(path: Path, blocks: Iterator[str]) -> None:
    """Write beside the file and rename, so that no reader and no failure ever sees half of it. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o640)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
