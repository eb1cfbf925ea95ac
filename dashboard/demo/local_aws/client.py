"""The control API from Python, and a way to start the local AWS for as long as a `with` block lasts."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LocalAwsError(Exception):
    """The control API refused; the message is its own."""


class LocalAws:
    """A running local AWS, by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def world(self) -> dict[str, Any]:
        """The truth: accounts by id, each with its role, documents, regions and brokers."""
        return dict(self._ask("GET", "world"))

    def account(self, account_id: str) -> dict[str, Any]:
        """One account of the truth."""
        return dict(self._ask("GET", f"accounts/{account_id}"))

    def put_account(self, account_id: str, **description: Any) -> dict[str, Any]:
        """Create or replace an account from a description."""
        return dict(self._ask("PUT", f"accounts/{account_id}", description))

    def delete_account(self, account_id: str) -> None:
        """Take an account away."""
        self._ask("DELETE", f"accounts/{account_id}")

    def add_broker(self, account_id: str, region: str, name: str, engine: str = "RabbitMQ", **more: Any) -> str:
        """Put a broker into an account, at once and without asking MQ; gives its ARN."""
        given = {"account_id": account_id, "region": region, "name": name, "engine": engine, **more}
        return str(self._ask("POST", "brokers", given)["arn"])

    def add_fault(self, **rule: Any) -> str:
        """Put a fault rule in force; gives its id."""
        return str(self._ask("POST", "faults", rule)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force."""
        return list(self._ask("GET", "faults"))

    def remove_fault(self, rule_id: str) -> None:
        """End one rule."""
        self._ask("DELETE", f"faults/{rule_id}")

    def clear_faults(self, estate_too: bool = False) -> None:
        """End all rules added while running; the estate's own too if asked."""
        self._ask("DELETE", "faults", {"estate_too": estate_too})

    def reset(self, estate: str = "demo") -> None:
        """Make the world anew."""
        self._ask("POST", "reset", {"estate": estate})

    def log(self) -> list[dict[str, Any]]:
        """The calls so far, oldest first."""
        return list(self._ask("GET", "log"))

    def changes(self) -> list[dict[str, Any]]:
        """The calls so far that change something, oldest first, refused ones too."""
        return list(self._ask("GET", "changes"))

    def handed_out(self) -> list[tuple[str, str]]:
        """Every secret access key and session token that AssumeRole gave."""
        return [(secret, token) for secret, token in self._ask("GET", "handed-out")]

    def clear_log(self) -> None:
        """Forget the calls so far."""
        self._ask("DELETE", "log")

    def set(self, **settings: float) -> dict[str, float]:
        """Change settings, in seconds; gives all of them."""
        return dict(self._ask("POST", "settings", settings))

    def organization(self, **rules: Any) -> dict[str, Any]:
        """Change who manages the organization and how it pages; gives all of it. A reset puts it back."""
        return dict(self._ask("POST", "organization", rules))

    def _ask(self, method: str, path: str, given: object = None) -> Any:
        body = json.dumps(given).encode() if given is not None else None
        request = urllib.request.Request(f"{self.url}/_local/{path}", data=body, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise LocalAwsError(json.load(error)["error"]) from None


@contextmanager
def start_local_aws(estate: str = "empty", port: int = 0) -> Iterator[LocalAws]:
    """Run a local AWS in a process of its own while the block lasts. Raises RuntimeError when it does not start."""
    command = [sys.executable, "-m", "dashboard.demo.local_aws", "--port", str(port), "--estate", estate]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield LocalAws(f"http://{_address(process)}")
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    word, _, address = line.strip().partition(" ")
    if word != "ready":
        raise RuntimeError("the local AWS did not start; what it said is on standard error")
    return address
