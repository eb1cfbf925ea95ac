"""`./run` without the demo: what it says when it cannot start, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.house_tools import RUN, needs_proc, processes, rolecall, say, wait_until

pytestmark = [pytest.mark.processes, needs_proc]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Rolecall that runs."""
    folder = tmp_path_factory.mktemp("running")
    with rolecall(folder, "--no-demo"):
        yield folder


def refusal(*arguments: str, mark: Path) -> str:
    """What `./run` says when it does not start. It must be one line, and leave nothing behind."""
    done = say([*RUN, *arguments], mark)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_the_web_server_answers_where_it_says(running: Path) -> None:
    address = (running / "lock").read_text().split()[1]

    assert address in (running / "output.txt").read_text()
    assert status_of(address) < 500


def test_a_second_run_is_told_where_the_first_one_is(running: Path, tmp_path: Path) -> None:
    pid, address = (running / "lock").read_text().split()

    said = refusal("--no-demo", "--data", str(running), mark=tmp_path)

    assert f"already running at {address} (process {pid})" in said


def test_secrets_are_for_the_owner_alone(running: Path) -> None:
    modes = {name: stat.S_IMODE((running / name).stat().st_mode) for name in ("secrets.json", "env", "valkey.conf")}

    assert set(modes.values()) == {0o600}


def test_the_written_environment_serves_the_command_line(running: Path) -> None:
    ask = "from accounts.models import Region; Region.objects.get(pk='us-east-1')"

    done = say(["sh", "-c", f'. {running}/env && {RUN[0]} manage.py shell -v 0 -c "{ask}"'], running)

    assert done.returncode == 0, done.stderr


def test_a_busy_port_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal("--no-demo", "--port", str(port), "--data", str(tmp_path / "house"), mark=tmp_path)

    assert f"port {port} is in use" in said
    assert processes(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    assert "cannot write in" in refusal("--no-demo", "--data", str(tmp_path / "file" / "house"), mark=tmp_path)


def test_demo_accounts_are_never_shown_to_the_real_aws(tmp_path: Path) -> None:
    (tmp_path / "world").write_text("demo")

    assert "the other world" in refusal("--no-demo", "--data", str(tmp_path), mark=tmp_path)


def test_a_killed_run_leaves_no_process_and_the_next_one_starts_at_once(tmp_path: Path) -> None:
    with rolecall(tmp_path, "--no-demo") as process:
        process.kill()
        process.wait()

        with rolecall(tmp_path, "--no-demo") as second:
            second.send_signal(signal.SIGINT)
            second.send_signal(signal.SIGTERM)  # an impatient second one breaks nothing off
            assert second.wait(10) == 0

    assert "Stopping" in (tmp_path / "output.txt").read_text()
    assert processes(tmp_path) == []


def test_a_dead_child_is_named_and_takes_the_others_with_it(tmp_path: Path) -> None:
    with rolecall(tmp_path, "--no-demo") as process:
        os.kill(child_of(process, "beat"), signal.SIGKILL)

        assert process.wait(20) == 1

    assert "beat ended by itself (signal 9)" in (tmp_path / "output.txt").read_text()
    wait_until(lambda: not processes(tmp_path), 5)


def child_of(process: subprocess.Popen[bytes], word: str) -> int:
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return next(int(pid) for pid, parent, command in rows if int(parent) == process.pid and f" {word} " in command)


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
