"""`./run`: Rolecall with everything it needs, until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import django

from dashboard.demo import programs
from dashboard.demo.aws_environment import speak_only_to
from dashboard.demo.children import Child, Children
from dashboard.demo.house import BASE_DIR, House, HouseError, free_port, listen, port_of, sign_lock, take_lock
from dashboard.demo.secrets import write_private
from dashboard.demo.servers import Servers, start_servers, wait_for_servers
from dashboard.demo.stopping import Stopped, raise_when_told, take_no_more

FOLDER = BASE_DIR / ".rolecall"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    port: int
    demo: bool
    new_password: bool
    data: Path


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line. Exits with 2 when it is wrong."""
    parser = argparse.ArgumentParser(prog="./run", description="Run Rolecall with all it needs. Ctrl-C stops it.")
    parser.add_argument("--port", type=int, default=8000, help="port of 127.0.0.1 for the browser (default 8000)")
    parser.add_argument("--no-demo", action="store_true", help="ask the real AWS, or what AWS_ENDPOINT_URL names")
    parser.add_argument("--new-password", action="store_true", help="print new passwords for the users it made")
    parser.add_argument("--data", type=Path, help="folder for data and logs (default .rolecall/run)")
    given = parser.parse_args(arguments)
    if not 0 <= given.port <= 65535:
        parser.error(f"--port {given.port}: use 1 to 65535, or 0 for any free port")
    # Demo accounts must never be asked for in the real AWS: each world has a folder of its own.
    default = FOLDER / ("run-no-demo" if given.no_demo else "run")
    return Options(given.port, not given.no_demo, given.new_password, (given.data or default).resolve())


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; 0 then, 1 when something went wrong, in one clear line."""
    options = parse(arguments)
    raise_when_told()
    try:
        _run(options)
    except HouseError as error:
        print(f"Rolecall: {error}", file=sys.stderr)
        return 1
    except Stopped:
        pass
    return 0


def _run(options: Options) -> None:
    house = House(options.data)
    house.make()
    with take_lock(house) as lock:
        _one_world(house, options.demo)
        with listen(options.port) as listener:
            sign_lock(lock, _address(listener))
            children = Children(house, keep_open=(lock.fileno(),))
            try:
                _Start(options, house, children, listener).run()
                _watch(children)
            finally:
                take_no_more()
                _stop(children)


def _one_world(house: House, demo: bool) -> None:
    """Refuse to show one world's accounts to the other."""
    mark, world = house.root / "world", "demo" if demo else "aws"
    if mark.exists() and mark.read_text() != world:
        raise HouseError(f"{house.root} belongs to the other world ({mark.read_text()}): choose another --data FOLDER.")
    mark.write_text(world)


def _watch(children: Children) -> None:
    while True:
        children.check()
        time.sleep(0.5)


def _stop(children: Children) -> None:
    print("Stopping …", flush=True)
    for names in programs.STOP_ORDER:
        children.stop(names, grace=3.0)
    children.close()


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{port_of(listener)}/"


class _Start:
    """One start, from the first server to the first full matrix."""

    def __init__(self, options: Options, house: House, children: Children, listener: socket.socket) -> None:
        self.options = options
        self.house = house
        self.children = children
        self.listener = listener
        self.began = time.monotonic()

    def run(self) -> None:
        """Start everything; return when the first sweep is over. Raises HouseError."""
        try:
            self._start()
        except (HouseError, Stopped):
            raise
        except Exception as error:  # whatever it was, the person reads one line and everything is stopped
            self.children.check()
            log = self.house.log("run")
            log.write_text(traceback.format_exc())
            raise HouseError(
                f"the start failed: {type(error).__name__}: {_first_line(error)} (whole story: {log})"
            ) from error

    def _start(self) -> None:
        print("Starting Rolecall …", flush=True)
        aws = self._start_local_aws() if self.options.demo else None
        starting = start_servers(self.children)
        self._set_environment(starting.servers)
        _set_up_django()
        from dashboard.demo import site

        site.collect_static(self.house)
        wait_for_servers(self.children, starting)
        site.migrate()
        web = self._start_programs()
        people = site.ensure_people(self.options.demo, self.options.new_password)
        if aws:
            self.children.wait_until(aws, lambda: programs.local_aws_answers(self.house))
            if not site.has_accounts():
                site.import_estate(self.house)
        sweep = site.ask_for_sweep() if site.has_accounts() else None
        self.children.wait_until(web, lambda: programs.web_answers(self.listener))
        self._say_where(people)
        self._show_progress(sweep) if sweep else self._say_how_to_import()
        if aws and site.make_up_a_past():
            print("The charts show 89 days before today that are made up, for this demo alone.", flush=True)

    def _start_local_aws(self) -> Child:
        from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY

        port = free_port()
        speak_only_to(f"http://127.0.0.1:{port}", HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY)
        return self.children.start(programs.local_aws(port))

    def _start_programs(self) -> Child:
        self.children.start(programs.worker())
        self.children.start(programs.beat())
        return self.children.start(programs.web(self.listener))

    def _set_environment(self, servers: Servers) -> None:
        """Set it for us and our children, and write it down so that a person can use `manage.py` beside us."""
        ours = {**servers.environment(), "STATIC_ROOT": str(self.house.root / "static")}
        os.environ.update(ours, PYTHONUNBUFFERED="1")  # a log must hold the last words of a child that died
        if self.options.demo:
            ours |= {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in ours.items()]
        write_private(self.house.root / "env", "".join(lines))

    def _say_where(self, people: Mapping[str, str | None]) -> None:
        print(f"\n  Rolecall   {_address(self.listener)}")
        for label, (name, password) in zip(("Sign in", "Approve"), people.items(), strict=False):
            print(f"  {label:<9}  {name} / " + (password or "(your password; ./run --new-password makes new ones)"))
        if any(people.values()):
            print("             Passwords are shown once. Keep them.")
        print(f"  Commands   . {_short(self.house.root / 'env')} && .venv/bin/python manage.py export matrix")
        print(f"  Logs       {_short(self.house.logs)}")
        print("  Ctrl-C stops everything; the data stays.\n", flush=True)

    def _say_how_to_import(self) -> None:
        print("No accounts yet. Load the environment above, then: manage.py import_accounts FILE.csv", flush=True)

    def _show_progress(self, sweep: int) -> None:
        from dashboard.demo import site

        for over, total in site.progress(sweep):
            self.children.check()
            line = f"First look: {over} of {total} accounts after {time.monotonic() - self.began:.0f} s"
            if over >= total:
                print(line + ".", flush=True)
            elif sys.stdout.isatty():
                print(line, end="\r", flush=True)
            time.sleep(0.2)


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    logging.getLogger().setLevel(logging.WARNING)  # this terminal is for the person; the children log to files


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
