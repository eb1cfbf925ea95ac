"""`manage.py rotate_credentials`."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from accounts.models import SealedCredential
from accounts.services.rotation import rotate_credentials


class Command(BaseCommand):
    """Seals every stored session again with the first key of CREDENTIAL_KEYS."""

    help = "Re-seal everything with the first key of CREDENTIAL_KEYS; afterwards the other keys may be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, with a progress bar on a terminal."""
        total = SealedCredential.objects.count()
        with tqdm(total=total, disable=not sys.stderr.isatty(), unit="session") as bar:
            done = rotate_credentials("manage.py", progress=bar.update)
        self.stdout.write(f"{done.resealed} sessions re-sealed, {done.forgotten} forgotten that no key opens")
