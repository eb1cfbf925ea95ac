"""The rules of the house that no linter holds."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"accounts", "dashboard", "templates", "static", "tests", "docs", "deploy"}
MADE = {".git", ".venv", ".rolecall", "test-results"}  # not ours, or made by running
REQUIREMENTS = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt")
LIST_FILES = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
PINNED = re.compile(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+")
# Where archived accounts count, and why: everywhere else `Account.objects` leaves them out.
KNOW_ARCHIVED = {
    "accounts/services/deleting.py",  # deletes, purges and brings back
    "accounts/services/undoing.py",  # brings back
    "accounts/services/importing.py",  # the same id again is the same account
    "accounts/services/onboarding.py",  # likewise
    "accounts/services/regions.py",  # the cells of a removed region come back whole
    "accounts/services/standing.py",  # they come back with verdicts that fit the region table
    "accounts/services/organization_changes.py",  # what a person has deleted is not new in its organization
    "accounts/services/organizations.py",  # what an organization said of one must not outlive it
    "dashboard/access.py",  # for what is read by its address alone
}
# Put together here, so that this file does not name what it forbids.
FORBIDDEN = ("/wo" + "rk/", "/ro" + "ot/", "py" + "pi.org", "python" + "hosted", "index" + "-url", "find" + "-links")


@cache
def files() -> tuple[Path, ...]:
    """Every file that git has or is about to get; in an unpacked archive, every file."""
    listed = subprocess.run(LIST_FILES, cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0")[:-1] if listed.returncode == 0 else _walk()
    return tuple(path for name in names if (path := ROOT / name).is_file() and not path.is_symlink())


def _walk() -> list[str]:
    made = MADE | {"__pycache__"}
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not made & set(path.parts)]


@cache
def code() -> tuple[Path, ...]:
    """Every Python file that a person wrote."""
    return tuple(path for path in files() if path.suffix == ".py" and "migrations" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_file_is_longer_than_400_lines() -> None:
    assert [name(path) for path in code() if len(path.read_text().splitlines()) > 400] == []


def test_no_function_is_longer_than_40_lines() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in code()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= 40
    ]

    assert long == []


def test_nothing_of_the_product_knows_the_demo() -> None:
    product = [path for path in code() if not name(path).startswith(("dashboard/demo/", "tests/"))]

    knows = [name(path) for path in product if any(module.startswith("dashboard.demo") for module in imports(path))]

    assert knows == []


def test_every_folder_at_the_top_is_one_of_the_designs() -> None:
    assert {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} <= FOLDERS | MADE


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_every_requirement_is_pinned_and_gives_its_reason(file: str) -> None:
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith(("#", "-r "))]

    for line in lines:
        requirement, _, reason = line.partition("#")
        assert PINNED.fullmatch(requirement.strip()), line
        assert len(reason.split()) >= 2, f"no reason: {line}"


def test_constraints_freeze_what_the_requirements_name() -> None:
    frozen = {_key(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")}
    named = {
        _key(line.partition("#")[0])
        for file in REQUIREMENTS
        for line in (ROOT / file).read_text().splitlines()
        if "==" in line
    }

    assert named - frozen == set()


def _key(line: str) -> str:
    return re.sub(r"\[.*\]", "", line).strip().lower().replace("_", "-")


def test_no_file_names_a_registry_or_a_folder_of_the_machine_it_was_written_on() -> None:
    named = [f"{name(path)}: {word}" for path in files() for word in FORBIDDEN if word.encode() in path.read_bytes()]

    assert named == []


def test_the_page_on_configuration_names_every_variable_that_the_settings_read() -> None:
    readers = re.compile(
        r'(?:env\.\w+|required|whole_number|yes_or_no|seconds|several_seconds|words|one_of)\(\s*"([A-Z_]+)"'
    )
    read = set(readers.findall((ROOT / "dashboard" / "settings.py").read_text()))
    page = (ROOT / "docs" / "configuration.md").read_text()

    assert len(read) > 20
    assert {variable for variable in read if f"`{variable}`" not in page} == set()


def test_one_script_alone_speaks_to_the_browsers_store() -> None:
    """Where the browser refuses it, every access throws, and what stands below it in a script is never run."""
    scripts = sorted((ROOT / "static" / "js").glob("*.js"))

    assert [script.name for script in scripts if re.search(r"(local|session)Storage\b(?!\")", script.read_text())] == []


def test_every_link_of_the_docs_leads_somewhere() -> None:
    pages = [path for path in files() if path.suffix == ".md"]

    broken = [
        f"{name(page)}: {link}"
        for page in pages
        for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#:]+)(?:#[\w-]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]

    assert broken == []


def test_no_test_asks_for_a_second_way_to_refill_emptied_tables() -> None:
    # `tests/conftest.py` refills them; with Django's way on top, the second filling fails on the first one's rows,
    # but only in a worker where another transactional test ran before.
    forbidden = "serialized" + "_rollback"

    assert [name(path) for path in code() if forbidden in path.read_text()] == []


def test_only_what_has_to_sees_archived_accounts() -> None:
    ways = re.compile(r"\bAccount\.(every|_base_manager|_default_manager)\b|get_object_or_404\(Account\b")
    product = [path for path in code() if not name(path).startswith("tests/")]

    knows = {name(path) for path in product if ways.search(path.read_text())}

    assert knows == KNOW_ARCHIVED


def test_sql_by_hand_names_the_accounts_it_is_given() -> None:
    # A query that no manager narrows: each of these is handed keys that one has narrowed.
    product = [path for path in code() if not name(path).startswith("tests/")]

    by_hand = [name(path) for path in product if "accounts_account" in path.read_text()]

    assert by_hand == ["accounts/services/schedule.py"]
