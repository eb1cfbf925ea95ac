"""Two peers ask the questions of one sweep: botocove and Cloud Custodian's c7n-org, in a venv of their own.

Their answers are checked as ours are. Few accounts are enough: both take seconds for each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".rolecall" / "peers"
PINS = ("botocove==1.7.4", "c7n==0.9.53", "c7n-org==0.6.52")

POLICIES = {
    "policies": [
        {
            "name": "the-role",
            "resource": "aws.iam-role",
            "conditions": [{"region": "us-east-1"}],
            "filters": [{"RoleName": "AWSServiceRoleForAmazonMQ"}],
        },
        {"name": "brokers", "resource": "aws.message-broker"},
    ]
}


def prepare() -> None:
    """Make the peers' venv, once."""
    stamp = HOME / "stamp"
    if stamp.exists() and stamp.read_text() == " ".join(PINS):
        return
    venv.create(HOME, with_pip=True, clear=True)
    subprocess.run([HOME / "bin" / "pip", "install", "-q", *PINS], check=True)
    stamp.write_text(" ".join(PINS))


def _environment() -> dict[str, str]:
    return {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}


def botocove(account_ids: Sequence[str], regions: Sequence[str]) -> float:
    """Accounts per second of botocove."""
    asked = {**_environment(), "ACCOUNT_IDS": ",".join(account_ids), "REGIONS": ",".join(regions)}
    script = Path(__file__).with_name("peer_botocove.py")
    done = subprocess.run([HOME / "bin" / "python", script], env=asked, check=True, capture_output=True, text=True)
    return len(account_ids) / float(done.stdout.split()[-1])


def c7n_org(account_ids: Sequence[str], regions: Sequence[str]) -> float:
    """Accounts per second of c7n-org, with as many processes as it likes; its start is part of every run of it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        accounts = [_c7n_account(account_id) for account_id in account_ids]
        (folder / "accounts.yml").write_text(json.dumps({"accounts": accounts}))
        (folder / "policies.yml").write_text(json.dumps(POLICIES))
        command = [str(HOME / "bin" / "c7n-org"), "run", "-c", "accounts.yml", "-u", "policies.yml", "-s", "out"]
        for region in regions:
            command += ["-r", region]
        started = time.monotonic()
        done = subprocess.run(command, cwd=folder, env=_environment(), check=True, capture_output=True, text=True)
        seconds = time.monotonic() - started
    found = re.search(r"Counter\(\{(.*)\}\)", done.stderr)
    assert found and f"'the-role': {len(account_ids)}" in found[1], done.stderr
    return len(account_ids) / seconds


def _c7n_account(account_id: str) -> dict[str, str]:
    role = f"arn:aws:iam::{account_id}:role/R"
    return {"account_id": account_id, "name": f"a{account_id}", "role": role, "external_id": "ext"}


if __name__ == "__main__":
    prepare()
    sys.exit("The peers are ready. They are measured by tests.benchmarks.sweep --peers N.")
