"""The small parts of the house, one by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.demo.house import House, HouseError, sign_lock, take_lock
from dashboard.demo.run import parse
from dashboard.demo.secrets import load_secrets
from dashboard.demo.watchdog import end_groups, read_groups, send

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "house")
    house.make()
    return house


def test_the_watchdog_forgets_groups_that_are_gone() -> None:
    assert read_groups(["+10 15\n", "+11 2\n", "-10\n", "half a li"]) == {11: 2}


def test_the_watchdog_kills_what_will_not_end() -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, start_new_session=True) as deaf:
        assert deaf.stdout and deaf.stdout.readline()

        end_groups({deaf.pid: signal.SIGTERM}, grace=0.2)

        assert deaf.wait(5) == -signal.SIGKILL
        assert not send(deaf.pid, 0)


def test_secrets_are_made_once(house: House) -> None:
    assert load_secrets(house) == load_secrets(house)


def test_lost_secrets_are_not_replaced_beside_the_database_they_open(house: House) -> None:
    (house.root / "postgres").mkdir()

    with pytest.raises(HouseError, match="restore"):
        load_secrets(house)


def test_unreadable_secrets_are_named(house: House) -> None:
    (house.root / "secrets.json").write_text('{"secret_key": ')

    with pytest.raises(HouseError, match=r"secrets\.json cannot be read"):
        load_secrets(house)


def test_a_nearly_full_disk_is_refused(house: House) -> None:
    with pytest.raises(HouseError, match="MB are needed"):
        house.make(least_free_bytes=1 << 62)


def test_a_lock_names_its_holder(house: House) -> None:
    with take_lock(house) as first:
        sign_lock(first, "http://127.0.0.1:1/")

        with pytest.raises(HouseError, match=rf"at http://127.0.0.1:1/ \(process {os.getpid()}\)"):
            take_lock(house)


def test_a_lock_is_free_once_its_holder_is_gone(house: House) -> None:
    take_lock(house).close()

    take_lock(house).close()


def test_the_demo_and_the_real_aws_have_folders_of_their_own() -> None:
    assert parse([]).data != parse(["--no-demo"]).data


@pytest.mark.parametrize("wrong", [["--port", "http"], ["--port", "70000"], ["--prot", "1"]])
def test_a_wrong_option_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(wrong)

    assert wrong[1] in capsys.readouterr().err
