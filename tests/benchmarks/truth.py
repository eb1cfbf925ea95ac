"""How many cells of random worlds are wrong? The answer to give is none.

Run: python -m tests.benchmarks.truth --cells 100000
It works in a test database of its own, beside that of DATABASE_URL.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.demo.local_aws.client import LocalAws
    from tests.truth import Tally

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

ACCOUNTS = 100  # in each world


def main() -> int:
    """Compare worlds until there are enough cells; 1 when any was wrong."""
    options = _options()
    import django

    django.setup()
    from django.test.utils import override_settings, setup_databases, teardown_databases

    from dashboard.demo.local_aws.client import start_local_aws
    from tests.local_aws import hub_environment
    from tests.truth import Tally

    tally = Tally()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        with start_local_aws("empty") as aws, override_settings(AWS_MAX_ATTEMPTS=2):
            os.environ.update(hub_environment(aws))
            _compare(options, aws, tally)
    finally:
        teardown_databases(made, verbosity=0)
    return _report(tally)


def _compare(options: argparse.Namespace, aws: LocalAws, tally: Tally) -> None:
    from tests.truth import compare_world

    seed, started = options.seed, time.monotonic()
    while tally.cells.total() < options.cells:
        compare_world(aws, seed, ACCOUNTS, options.threads, tally)
        cells, seconds = tally.cells.total(), time.monotonic() - started
        print(f"seed {seed}: {cells:,} cells, {seconds:.0f} s, {len(tally.wrong)} wrong", flush=True)  # noqa: T201
        seed += 1


def _report(tally: Tally) -> int:
    for said, number in tally.cells.most_common():
        print(f"{number:>8,} {said}")  # noqa: T201
    for line in tally.wrong[:50]:
        print(line, file=sys.stderr)  # noqa: T201
    print(f"{tally.cells.total():,} cells, {len(tally.wrong)} wrong")  # noqa: T201
    return 1 if tally.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=8, help="accounts polled at once")
    parser.add_argument("--seed", type=int, default=1, help="of the first world; the next ones count up")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
