"""`manage.py rotate_credentials`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import SealedCredential
from accounts.services.rotation import Rotated, rotate_credentials

STEP = 500  # lines of progress where no terminal shows a bar


class Command(BaseCommand):
    """Seals every stored session again with the first key of CREDENTIAL_KEYS."""

    help = "Re-seal everything with the first key of CREDENTIAL_KEYS; afterwards the other keys may be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, with a progress bar on a terminal and a line now and then elsewhere."""
        total, seen = SealedCredential.objects.count(), 0

        def progress(done: int) -> None:
            nonlocal seen
            seen += done
            bar.update(done)
            if bar.disable and seen % STEP == 0:
                self.stderr.write(f"{seen} of {total} sessions")

        with tqdm(total=total, disable=not sys.stderr.isatty(), unit="session") as bar:
            try:
                done = rotate_credentials("manage.py", progress)
            except KeyboardInterrupt:
                said = f"Stopped after {seen} of {total} sessions. Keep all keys and start it again: it goes on there."
                raise CommandError(said, returncode=130) from None
        self._report(done)

    def _report(self, done: Rotated) -> None:
        self.stdout.write(
            f"{done.resealed} sessions re-sealed, {done.current} had the first key already, {done.forgotten} forgotten"
        )
        if done.forgotten:
            self.stderr.write(
                f"Forgotten: {done.wrong_key} were sealed with a key that is not among CREDENTIAL_KEYS, {done.damaged} "
                "were damaged. The next poll of their accounts makes new ones."
            )
