"""`manage.py regions [--refresh] [--take KIND:CODE …] [--reset [CODE …]] [--undo NUMBER] [--format json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.domain.published_regions import statement
from accounts.domain.region_table import Difference, Row, RowChange
from accounts.domain.regions import display_order
from accounts.models import RegionEdit, RegionReading
from accounts.services.region_readings import asked_partition, differences_of, read_regions, take_differences
from accounts.services.regions import Refused, reset_preview, reset_regions, rows_of_table, undo

ACTOR = "manage.py"
ALL = "all"


class Command(BaseCommand):
    """Shows the region table, compares it with AWS's list, resets it to the guide."""

    help = "Show the region table; compare it with AWS's list and take what differs; reset it to the guide."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--refresh", action="store_true", help="ask AWS and show what differs; changes no row")
        parser.add_argument(
            "--take", action="append", metavar="KIND:CODE", default=[], help="with --refresh: take this one, or “all”"
        )
        parser.add_argument("--reset", nargs="*", metavar="CODE", help="reset these rows, or all, to the guide")
        parser.add_argument("--dry-run", action="store_true", help="with --reset: show what would change")
        parser.add_argument("--undo", type=int, metavar="NUMBER", help="undo this edit of the table")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the one thing that was asked for, and show what it came to."""
        _check_together(options)
        try:
            told = self._told(options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["format"] == "json":
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self._write(told)

    def _told(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["refresh"]:
            return _refresh(options["take"])
        if options["reset"] is not None:
            return _reset(options["reset"], options["dry_run"])
        if options["undo"] is not None:
            edit = RegionEdit.objects.filter(pk=options["undo"]).first()
            if edit is None:
                raise CommandError(f"There is no edit {options['undo']} of the region table.")
            undo(edit, ACTOR)
            return {"undone": edit.pk, "regions": _rows()}
        return {"regions": _rows()}

    def _write(self, told: dict[str, Any]) -> None:
        for one in told.get("differences", ()):
            self.stdout.write(f"{one['key']:<28} table: {one['table']}; AWS: {one['aws']}; takes: {one['does']}")
        for change in told.get("changes", ()):
            self.stdout.write(f"{change['code']}: {change['words']}")
        for row in told.get("regions", ()):
            self.stdout.write(
                f"{row['code']:<16} {row['name']:<28} support {_yes(row['supported']):<4} polled {_yes(row['polled'])}"
            )
        if "differences" in told and not told["differences"]:
            self.stdout.write("the table says what AWS says")
        if "changes" in told and not told["changes"]:
            self.stdout.write("the table is as the guide has it")
        if told.get("edit"):
            self.stdout.write(f"edit {told['edit']}; --undo {told['edit']} takes it back")


def _check_together(options: dict[str, Any]) -> None:
    """Refuse what makes no sense together, before anything is asked or changed."""
    asked = [options["refresh"], options["reset"] is not None, options["undo"] is not None]
    if sum(asked) > 1:
        raise CommandError("Use one of --refresh, --reset and --undo at a time.")
    if options["take"] and not options["refresh"]:
        raise CommandError("--take goes with --refresh: AWS is asked first.")
    if options["dry_run"] and options["reset"] is None:
        raise CommandError("--dry-run goes with --reset; --refresh without --take changes nothing anyway.")


def _refresh(keys: list[str]) -> dict[str, Any]:
    """Ask AWS in this process; exit with its reason when it did not answer."""
    name = asked_partition()
    reading: RegionReading = read_regions(name)
    if reading.problem:
        add = f"\n{json.dumps(statement(name))}" if reading.denied_action else ""
        raise CommandError(f"{reading.problem}{add}")
    found = differences_of(reading)
    taken = [one.key for one in found] if keys == [ALL] else keys
    edit = take_differences(name, taken, None, ACTOR) if taken else None
    return {"differences": [_difference(one) for one in found], "taken": taken, "edit": edit and edit.pk}


def _reset(codes: list[str], dry_run: bool) -> dict[str, Any]:
    """Reset rows, or only say what it would change."""
    known = rows_of_table()
    if strange := sorted(set(codes) - set(known)):
        raise CommandError(f"{', '.join(strange)}: not in the region table. Nothing was changed.")
    changes = reset_preview(codes or None)
    edit = None if dry_run else reset_regions(ACTOR, codes or None)
    return {"changes": [_change(change) for change in changes], "edit": edit and edit.pk}


def _rows() -> list[dict[str, Any]]:
    rows: dict[str, Row] = rows_of_table()
    return [asdict(rows[code]) for code in sorted(rows, key=display_order)]


def _difference(one: Difference) -> dict[str, str]:
    return {"key": one.key, **{name: str(value) for name, value in asdict(one).items()}}


def _change(change: RowChange) -> dict[str, str]:
    return {"code": change.code, "words": change.words}


def _yes(value: bool) -> str:
    return "Yes" if value else "No"
