"""`manage.py export matrix|accounts|brokers|cleanups|audit [--format csv|json] [--output FILE]`."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict

from dashboard.access import Shell
from dashboard.formats import FORMATS
from dashboard.listings import LISTINGS

EXPORTS = ("accounts", "audit", "brokers", "cleanups", "matrix")
TEXTS = ("csv", "json")  # a terminal can show them


class Command(BaseCommand):
    """Writes what the pages export, to standard output or to a file."""

    help = "Export the matrix, the accounts, the brokers, the clean-ups or the audit record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("what", choices=EXPORTS)
        parser.add_argument("--format", choices=TEXTS, default="csv", help="json: one object a line")
        parser.add_argument("--output", type=Path, metavar="FILE", help="written whole or not at all")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the export."""
        listing, everything = LISTINGS[options["what"]], QueryDict()
        export = listing.export_of(listing.shown(everything, Shell.OPERATOR), everything)
        blocks = FORMATS[options["format"]].blocks(export)
        if options["output"] is None:
            self._print(blocks)
            return
        try:
            write_whole(options["output"], blocks)
        except OSError as error:
            raise CommandError(f"cannot write {options['output']}: {error.strerror}") from error

    def _print(self, blocks: Iterator[bytes]) -> None:
        try:
            for block in blocks:
                self.stdout.write(block.decode(), ending="")
            self.stdout.flush()
        except BrokenPipeError:  # `… | head` has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_whole(path: Path, blocks: Iterator[bytes]) -> None:
    """Write beside the file and rename, so that no reader and no failure ever sees half of it. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o640)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
