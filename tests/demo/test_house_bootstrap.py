"""deploy/bootstrap.sh: which Python, and in which state is .venv?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.demo.house import BASE_DIR
from tests.demo.house_tools import wait_until

FILES = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt", "constraints.txt")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose requirements are empty, so that installing them takes no network."""
    return empty_clone(tmp_path / "clone")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose .venv is ready, to be copied: making one takes seconds."""
    clone = empty_clone(tmp_path_factory.mktemp("ready") / "clone")
    sh(clone, "prepare demo")
    return clone


@pytest.fixture
def prepared(ready: Path, tmp_path: Path) -> Path:
    """A clone of one's own whose .venv is ready."""
    return shutil.copytree(ready, tmp_path / "clone", symlinks=True)


def empty_clone(folder: Path) -> Path:
    (folder / "deploy").mkdir(parents=True)
    shutil.copy(BASE_DIR / "deploy" / "bootstrap.sh", folder / "deploy")
    for name in FILES:
        (folder / name).write_text("# nothing\n")
    return folder


def sh(clone: Path, script: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a few lines of shell after sourcing the bootstrap."""
    environment = {"PATH": path or f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(clone)}
    command = ["/bin/sh", "-c", f". deploy/bootstrap.sh\n{script}"]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=120, check=False)


def state(clone: Path, kind: str = "demo") -> str:
    return sh(clone, f'venv_state {kind} "$(fingerprint "$(find_python)")"').stdout.strip()


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_venv_is_made_once(clone: Path) -> None:
    assert state(clone) == "missing"

    first, second = sh(clone, "prepare demo"), sh(clone, "prepare demo")

    assert first.stdout.startswith("Making .venv"), first.stderr
    assert second.stdout == ""
    assert state(clone) == "ready"


def test_a_venv_made_by_hand_is_completed_and_never_removed(prepared: Path) -> None:
    (prepared / ".venv" / "rolecall-demo").unlink()
    (prepared / ".venv" / "mine").touch()

    sh(prepared, "prepare demo")

    assert (prepared / ".venv" / "mine").exists()
    assert state(prepared) == "ready"


def test_a_venv_made_only_in_half_is_made_anew(prepared: Path) -> None:
    (prepared / ".venv" / "rolecall-unfinished").touch()
    (prepared / ".venv" / "rest").touch()

    done = sh(prepared, "prepare demo")

    assert "made only in half" in done.stdout
    assert not (prepared / ".venv" / "rest").exists()
    assert state(prepared) == "ready"


def test_a_venv_whose_python_is_gone_is_made_anew(prepared: Path) -> None:
    (prepared / ".venv" / "bin" / "python").unlink()

    assert state(prepared) == "unusable"


def test_new_requirements_are_installed_into_the_old_venv(prepared: Path) -> None:
    (prepared / "constraints.txt").write_text("# something new\n")
    assert state(prepared) == "behind"

    done = sh(prepared, "prepare demo")

    assert "bringing it up to date" in done.stdout
    assert state(prepared) == "ready"


def test_a_venv_for_run_is_not_enough_for_test_but_the_other_way_round_it_is(prepared: Path) -> None:
    assert state(prepared, "dev") == "behind"

    sh(prepared, "prepare dev")

    assert state(prepared, "dev") == state(prepared, "demo") == "ready"


def test_a_failed_install_is_one_line_and_leaves_no_stamp(clone: Path) -> None:
    (clone / "requirements-demo.txt").write_text("./no-such-folder\n")

    done = sh(clone, "prepare demo")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "installing failed" in done.stderr
    assert state(clone) == "unusable"


def test_an_old_python_is_one_line(clone: Path) -> None:
    program(clone / "bin", "python3", 'case "$2" in *platform*) echo "python3 is 3.9.2" ;; *) exit 1 ;; esac')

    done = sh(clone, "prepare demo", path=str(clone / "bin"))

    assert done.returncode == 1
    assert done.stderr == ("Rolecall: needs Python 3.11 or newer, python3 is 3.9.2. Install one and start again.\n")


def test_a_name_on_the_path_that_does_not_work_is_passed_over(clone: Path) -> None:
    program(clone / "bin", "python3", "exit 127")
    program(clone / "bin", "python3.12", f'exec {sys.executable} "$@"')

    done = sh(clone, "find_python", path=f"{clone / 'bin'}")

    assert done.stdout.strip() == str(clone / "bin" / "python3.12")


def test_a_killed_bootstrap_takes_pip_with_it_and_gives_its_turn_back(clone: Path) -> None:
    script = ". deploy/bootstrap.sh; mkdir .rolecall; take_turn; logged sh -c 'echo $$ >pid; exec sleep 300'"
    with subprocess.Popen(["/bin/sh", "-c", script], cwd=clone) as process:
        wait_until(lambda: (clone / "pid").exists() and (clone / "pid").read_text(), 10)

        process.terminate()

        assert process.wait(10) == 130
    wait_until(lambda: not _alive((clone / "pid").read_text()), 5)
    assert not (clone / ".rolecall" / "bootstrap.lock").exists()


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def test_two_do_not_make_one_venv_at_once(clone: Path) -> None:
    lock = clone / ".rolecall" / "bootstrap.lock"
    lock.mkdir(parents=True)
    (lock / "pid").write_text(str(os.getpid()))

    done = sh(clone, "prepare demo")

    assert done.returncode == 1
    assert "is making .venv right now" in done.stderr


def test_a_clone_that_cannot_be_written_is_one_line(clone: Path) -> None:
    (clone / ".rolecall").write_text("in the way")

    done = sh(clone, "prepare demo")

    assert done.returncode == 1
    assert "cannot write in" in done.stderr
    assert done.stderr.count("\n") == 1
