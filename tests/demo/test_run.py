"""`./run` from end to end: the demo is up, signed in to, swept, stopped, and nothing is left."""

from __future__ import annotations

import http.cookiejar
import re
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.demo.house_tools import RUN, needs_proc, processes, rolecall, say

pytestmark = [pytest.mark.processes, needs_proc]
FIRST_LOOK = re.compile(r"First look: (\d+) of \1 accounts after (\d+) s\.")
RESTART_SECONDS = 15


def test_the_demo_from_the_first_start_to_the_last_process(tmp_path: Path) -> None:
    with rolecall(tmp_path, line=" s.\n") as process:
        output = (tmp_path / "output.txt").read_text()
        looked = FIRST_LOOK.search(output)
        assert looked and int(looked[1]) > 30, output  # paused accounts are not polled
        assert "Sign out" in signed_in(output), "the password that was printed opens the dashboard"
        assert "approver" in signed_in(output, "approver"), "the second person has a login, too"
        assert exported_rows(tmp_path) >= 40
        stop(process)
    assert processes(tmp_path) == []

    began = time.monotonic()
    with rolecall(tmp_path, line="Sign in") as process:
        assert time.monotonic() - began < RESTART_SECONDS
        assert "(your password;" in (tmp_path / "output.txt").read_text()
        assert exported_rows(tmp_path) >= 40
        stop(process)
    assert processes(tmp_path) == []


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop it as Ctrl-C does; that must be over within ten seconds and be no failure."""
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


def exported_rows(folder: Path) -> int:
    """How many rows the matrix has, by the command line that the output names."""
    done = say(["sh", "-c", f". {folder}/env && {RUN[0]} manage.py export matrix"], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.count("\n") - 1


def signed_in(output: str, name: str = "admin") -> str:
    """Sign in as a browser does, with the address and a login that were printed; give the page behind."""
    address = re.findall(r"http://\S+", output)[0]
    password = re.findall(rf"{name} / (\S+)", output)[0]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(address, timeout=20) as page:
        form, where = page.read().decode(), page.url
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[0]
    fields = {"csrfmiddlewaretoken": token, "username": name, "password": password, "next": "/"}
    request = urllib.request.Request(where, urllib.parse.urlencode(fields).encode(), {"Referer": where})
    with browser.open(request, timeout=20) as page:
        return str(page.read().decode())
