"""PostgreSQL and Valkey out of wheels, and what is left of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.demo.house_tools import needs_proc, processes, say, start, wait_until

pytestmark = [pytest.mark.processes, needs_proc]
WITH_SERVERS = [sys.executable, "-m", "dashboard.demo.with_servers", "--"]
ASK_BOTH = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"]) as database:
    print(database.execute("select 'postgres answers'").fetchone()[0])
print("valkey answers", redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
"""
WITHOUT_PASSWORD = """
import os, psycopg, redis
from urllib.parse import urlsplit
for error, ask in (
    (psycopg.OperationalError, lambda: psycopg.connect(os.environ["DATABASE_URL"], password="wrong")),
    (redis.AuthenticationError, lambda: redis.Redis(port=urlsplit(os.environ["REDIS_URL"]).port).ping()),
):
    try:
        ask()
    except error:
        print("refused")
"""


def test_a_command_finds_both_servers(tmp_path: Path) -> None:
    done = say([*WITH_SERVERS, sys.executable, "-c", ASK_BOTH], tmp_path)

    assert done.stdout == "postgres answers\nvalkey answers True\n", done.stderr


def test_neither_server_answers_without_its_password(tmp_path: Path) -> None:
    done = say([*WITH_SERVERS, sys.executable, "-c", WITHOUT_PASSWORD], tmp_path)

    assert done.stdout == "refused\nrefused\n", done.stderr


def test_the_exit_code_is_the_commands_and_no_process_is_left(tmp_path: Path) -> None:
    done = say([*WITH_SERVERS, "sh", "-c", "sleep 300 & exit 7"], tmp_path)

    assert done.returncode == 7
    assert processes(tmp_path) == []


def test_a_command_never_sees_real_aws_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")

    done = say([*WITH_SERVERS, "env"], tmp_path)

    assert "AWS_ENDPOINT_URL=http://127.0.0.1:9\n" in done.stdout
    assert "production" not in done.stdout
    assert "AKIAREAL" not in done.stdout


def test_a_killed_parent_leaves_no_process(tmp_path: Path) -> None:
    output = tmp_path / "output.txt"
    process = start([*WITH_SERVERS, "sh", "-c", "echo up; sleep 300"], tmp_path, output)
    wait_until(lambda: "up" in output.read_text(), 60)
    assert len(processes(tmp_path)) > 3

    process.kill()

    process.wait()
    wait_until(lambda: not processes(tmp_path), 10)
