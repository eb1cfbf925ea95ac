"""Does every clean-up come to its end, and nothing else go, while everything that runs is killed again and again?

    python -m tests.benchmarks.kill --cleanups 200 --seed 1

Servers of its own (PostgreSQL, Valkey, local AWS, web, two workers, beat), in a folder of its own. At random moments,
drawn from the seed, one of them gets SIGKILL and is started again, until all clean-ups are over; then what the local
AWS was asked to delete is held against the plans and the journal. Exit code 1 when anything is not as it must be.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.kill_house import VICTIMS, KillHouse

if TYPE_CHECKING:
    from tests.benchmarks.kill_world import KillWorld

SETTINGS = {
    "CLEANUP_POLL_SECONDS": "0.5",
    "CLEANUP_RETRY_SECONDS": "0.5,0.5,1,1,2,2",
    "CLEANUP_LEASE_SECONDS": "5",
    "CLEANUP_UNKNOWN_TRIES": "12",
    "LOG_LEVEL": "WARNING",
    "DJANGO_SETTINGS_MODULE": "dashboard.settings",
}


def main() -> int:
    """Run it once; 0 when everything is as it must be."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="rolecall-kill-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    os.environ.update(SETTINGS)
    house = KillHouse(folder)
    code = 1
    try:
        house.start()
        code = _kill_and_check(house, options)
    finally:
        house.stop()
        if code:
            _say(f"the logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cleanups", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two kills, on average")
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    parser.add_argument("--kills", type=int, default=10_000, help="after so many it is left in peace")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which it is given up")
    return parser.parse_args()


def _kill_and_check(house: KillHouse, options: argparse.Namespace) -> int:
    from tests.benchmarks.kill_world import KillWorld  # needs the environment that the house has set

    chance = random.Random(options.seed)
    world = KillWorld(house.aws, options.cleanups, chance)
    world.make()
    house.start_programs()
    killed, seconds = _until_all_are_over(house, world, options, chance)
    house.mend()
    wrong = world.wrongs()
    _say(f"{options.cleanups} clean-ups, seed {options.seed}, over after {seconds:.0f} s")
    _say(f"killed: {', '.join(f'{name} {count}' for name, count in sorted(killed.items())) or 'nothing'}")
    _say(f"ended by themselves and started again: {house.restarted or 'none'}")
    _say(f"ends: {dict(world.ends())}; deletions asked for: {dict(world.deletions())}")
    for line in wrong:
        _say(f"WRONG: {line}")
    _say("everything is as it must be" if not wrong else f"{len(wrong)} wrongs")
    return 1 if wrong else 0


def _until_all_are_over(
    house: KillHouse, world: KillWorld, options: argparse.Namespace, chance: random.Random
) -> tuple[Counter[str], float]:
    killed: Counter[str] = Counter()
    victims = _victims(chance, options.victims)
    began = time.monotonic()
    next_kill = began + options.every
    while not world.all_over() and time.monotonic() - began < options.limit:
        time.sleep(0.2)
        house.mend()
        world.disturb()
        if time.monotonic() > next_kill and killed.total() < options.kills:
            house.kill(victim := next(victims))
            killed[victim] += 1
            next_kill = time.monotonic() + chance.uniform(0.2, 1.8) * options.every
    return killed, time.monotonic() - began


def _victims(chance: random.Random, names: list[str]) -> Iterator[str]:
    """Everybody once, in an order of chance, again and again."""
    while True:
        yield from chance.sample(names, len(names))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
