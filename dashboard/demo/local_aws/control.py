"""The control API below /_local/: what the world is, and how to change it while it runs. JSON in, JSON out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from dashboard.demo import estate
from dashboard.demo.local_aws.app import LocalAws
from dashboard.demo.local_aws.descriptions import (
    BadDescription,
    account_from,
    add_broker,
    tell_account,
    tell_broker,
    tell_world,
)
from dashboard.demo.local_aws.faults import BadRule
from dashboard.demo.local_aws.wire import HttpAnswer, HttpRequest, json_answer
from dashboard.demo.local_aws.world import Organization, Settings, World

ESTATES = ("demo", "empty")


class BadRequest(Exception):
    """A request to the control API that cannot be met; the message says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def load_estate(aws: LocalAws, name: str) -> None:
    """Make the world anew: all accounts and faults go, those of the estate come. Settings stay."""
    if name not in ESTATES:
        raise BadRequest(f"estate “{name}” is not one of {', '.join(ESTATES)}")
    demo = name == "demo"
    accounts = [account_from(account) for account in (estate.descriptions() if demo else [])]
    with aws.world.lock:
        aws.world.accounts = {account.account_id: account for account in accounts}
        aws.world.estate = name
        aws.world.organization = Organization()
    aws.faults.clear(estate_too=True)
    for rule in estate.FAULTS if demo else ():
        aws.faults.add(rule, estate=True)
    aws.log.clear()
    aws.changes.clear()


def control(aws: LocalAws, http: HttpRequest) -> HttpAnswer:
    """Answer one request to the control API."""
    try:
        given = json.loads(http.body) if http.body else {}
        if not isinstance(given, dict):
            raise BadRequest("the body must be a JSON object")
        return json_answer(_route(http)(aws, given))
    except BadRequest as error:
        return json_answer({"error": str(error)}, error.status)
    except (BadDescription, BadRule, ValueError, TypeError) as error:
        return json_answer({"error": str(error)}, 400)


_Handler = Callable[[LocalAws, dict[str, Any]], object]


def _route(http: HttpRequest) -> _Handler:
    for method, pattern, handler in _ROUTES:
        found = re.fullmatch(pattern, http.path)
        if found and method == http.method:
            return lambda aws, given: handler(aws, given, *found.groups())
    raise BadRequest(f"{http.method} {http.path} is not part of the control API: see local_aws/README.md", 404)


def _world(aws: LocalAws, given: dict[str, Any]) -> object:
    with aws.world.lock:
        return tell_world(aws.world)


def _get_account(aws: LocalAws, given: dict[str, Any], account_id: str) -> object:
    with aws.world.lock:
        return tell_account(_known(aws.world, account_id))


def _put_account(aws: LocalAws, given: dict[str, Any], account_id: str) -> object:
    account = account_from({**given, "account_id": account_id})
    with aws.world.lock:
        aws.world.accounts[account.account_id] = account
        return tell_account(account)


def _delete_account(aws: LocalAws, given: dict[str, Any], account_id: str) -> object:
    with aws.world.lock:
        _known(aws.world, account_id)
        del aws.world.accounts[account_id]
    return {}


def _known(world: World, account_id: str) -> Any:
    account = world.look(account_id)
    if account is None:
        raise BadRequest(f"there is no account {account_id}", 404)
    return account


def _add_broker(aws: LocalAws, given: dict[str, Any]) -> object:
    missing = [name for name in ("account_id", "region", "name", "engine") if name not in given]
    if missing:
        raise BadRequest(f"field “{missing[0]}” is missing")
    with aws.world.lock:
        return tell_broker(add_broker(_known(aws.world, given["account_id"]), given))


def _add_fault(aws: LocalAws, given: dict[str, Any]) -> object:
    return asdict(aws.faults.add(given))


def _faults(aws: LocalAws, given: dict[str, Any]) -> object:
    return aws.faults.told()


def _clear_faults(aws: LocalAws, given: dict[str, Any]) -> object:
    aws.faults.clear(estate_too=bool(given.get("estate_too")))
    return aws.faults.told()


def _remove_fault(aws: LocalAws, given: dict[str, Any], rule_id: str) -> object:
    if not aws.faults.remove(rule_id):
        raise BadRequest(f"there is no fault {rule_id}", 404)
    return {}


def _reset(aws: LocalAws, given: dict[str, Any]) -> object:
    load_estate(aws, given.get("estate", aws.world.estate))
    return {"estate": aws.world.estate}


def _log(aws: LocalAws, given: dict[str, Any]) -> object:
    return list(aws.log.copy())


def _changes(aws: LocalAws, given: dict[str, Any]) -> object:
    return list(aws.changes.copy())


def _handed_out(aws: LocalAws, given: dict[str, Any]) -> object:
    return list(aws.world.handed_out.copy())


def _clear_log(aws: LocalAws, given: dict[str, Any]) -> object:
    aws.log.clear()
    aws.changes.clear()
    return {}


def _settings(aws: LocalAws, given: dict[str, Any]) -> object:
    known = [spec.name for spec in fields(Settings)]
    for name, value in given.items():
        if name not in known or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadRequest(f"“{name}”: known settings are {', '.join(known)}, each a number of seconds")
    for name, value in given.items():
        setattr(aws.world.settings, name, float(value))
    return asdict(aws.world.settings)


def _organization(aws: LocalAws, given: dict[str, Any]) -> object:
    with aws.world.lock:
        aws.world.organization = Organization(**{**asdict(aws.world.organization), **given})
        return asdict(aws.world.organization)


_ROUTES: tuple[tuple[str, str, Callable[..., object]], ...] = (
    ("GET", "/_local/world", _world),
    ("GET", r"/_local/accounts/(\d{12})", _get_account),
    ("PUT", r"/_local/accounts/(\d{12})", _put_account),
    ("DELETE", r"/_local/accounts/(\d{12})", _delete_account),
    ("POST", "/_local/brokers", _add_broker),
    ("GET", "/_local/faults", _faults),
    ("POST", "/_local/faults", _add_fault),
    ("DELETE", "/_local/faults", _clear_faults),
    ("DELETE", "/_local/faults/([^/]+)", _remove_fault),
    ("POST", "/_local/reset", _reset),
    ("GET", "/_local/log", _log),
    ("DELETE", "/_local/log", _clear_log),
    ("GET", "/_local/changes", _changes),
    ("GET", "/_local/handed-out", _handed_out),
    ("POST", "/_local/settings", _settings),
    ("POST", "/_local/organization", _organization),
)
