"""The kill benchmark, short: docs and figures of the long run are in tests/benchmarks/kill.py."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.processes


def test_clean_ups_survive_the_death_of_every_part_and_delete_nothing_that_no_plan_names() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.kill", "--cleanups", "10", "--seed", "7"]
    command += ["--every", "2", "--kills", "6", "--limit", "240"]
    # A house of its own: nothing of this test's servers may reach it.
    inherited = {
        name: value for name, value in os.environ.items() if not name.endswith("_URL") and name != "REDIS_PREFIX"
    }

    done = subprocess.run(command, cwd=ROOT, env=inherited, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything is as it must be" in done.stdout
