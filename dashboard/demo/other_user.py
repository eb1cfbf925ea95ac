"""Root only: PostgreSQL runs as a user of its own, who must be able to reach its program and its data."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from dashboard.demo.house import HouseError

POSTGRES_USER = "embedded_postgres"


def give_to(user: str, *paths: Path) -> None:
    """Make the user the owner of the paths; the user is added to the machine when missing."""
    _ensure_user(user)
    for path in paths:
        shutil.chown(path, user, user)


def let_through(path: Path, contents: bool = False) -> None:
    """Let everybody pass (not list) the folders above a path and the path; with `contents`, read what is below it."""
    for folder in (path, *path.parents):
        _add(folder, stat.S_IXOTH)
    if contents and not _readable(path):
        for below, _, files in os.walk(path):
            _add(Path(below), stat.S_IROTH | stat.S_IXOTH)
            for name in files:
                file = Path(below, name)
                _add(file, stat.S_IROTH | (stat.S_IXOTH if file.stat().st_mode & stat.S_IXUSR else 0))


def _readable(path: Path) -> bool:
    wanted = stat.S_IROTH | stat.S_IXOTH
    return all((part.stat().st_mode & wanted) == wanted for part in (path, *path.glob("bin/*")))


def _add(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits == bits:
        return
    try:
        path.chmod(mode | bits)
    except OSError as error:
        raise HouseError(f"{path} is closed to PostgreSQL's user: do not start Rolecall as root.") from error


def _ensure_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", user]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise HouseError(f"root cannot run PostgreSQL, and the user {user} could not be added.") from error
