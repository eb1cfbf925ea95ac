"""Faults by rule: what goes wrong, for whom, how often. The first rule that fits a call decides."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from dashboard.demo.local_aws.calls import Call
from dashboard.demo.local_aws.wire import AwsError, HttpAnswer, error_answer

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway<hr></body></html>"


class BadRule(Exception):
    """A rule that cannot be understood; the message names the field."""


@dataclass(slots=True)
class Rule:
    """One fault. Empty fields fit every call; `action` is a regular expression; `times` counts down to nothing."""

    id: str = ""
    account: str = ""
    region: str = ""
    service: str = ""
    action: str = ""
    times: int | None = None
    after: int = 0  # so many calls that fit are answered first: a fault in mid-paging
    delay: float = 0.0
    status: int = 0
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    truncate: bool = False
    html: bool = False
    body: str = ""
    owner: str = ""
    estate: bool = False

    def fits(self, call: Call) -> bool:
        """True when the rule is about this call."""
        named = ((self.account, call.account_id), (self.region, call.region), (self.service, call.service))
        return all(want in ("", have) for want, have in named) and bool(re.search(self.action, call.action))


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._numbers = itertools.count(1)

    def add(self, given: Mapping[str, Any], estate: bool = False) -> Rule:
        """Put a rule in force; a rule with the same id is replaced. Raises BadRule with the field that is wrong."""
        known = {spec.name for spec in fields(Rule)} - {"estate"}
        unknown = sorted(set(given) - known - {"estate"})
        if unknown:
            raise BadRule(f"unknown field “{unknown[0]}”; known: {', '.join(sorted(known))}")
        try:
            re.compile(given.get("action", ""))
        except (re.error, TypeError) as error:
            raise BadRule(f"action is not a regular expression: {error}") from error
        rule = Rule(**{**given, "estate": estate})
        with self._lock:
            rule.id = rule.id or f"fault-{next(self._numbers)}"
            # Newer first: a rule made by hand must win over the estate's.
            self._rules = [rule, *(other for other in self._rules if other.id != rule.id)]
        return rule

    def take(self, call: Call) -> Rule | None:
        """The rule that decides this call, one of its times used up."""
        with self._lock:
            rule = next((rule for rule in self._rules if rule.fits(call)), None)
            if rule is not None and rule.after > 0:
                rule.after -= 1
                return None
            if rule is not None and rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    self._rules.remove(rule)
            return rule

    def remove(self, rule_id: str) -> bool:
        """End one rule; False when there is none of that id."""
        with self._lock:
            before = len(self._rules)
            self._rules = [rule for rule in self._rules if rule.id != rule_id]
            return len(self._rules) < before

    def clear(self, estate_too: bool = False) -> None:
        """End all rules that were added while running; the estate's own too if asked."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.estate and not estate_too]

    def told(self) -> list[dict[str, Any]]:
        """The rules as JSON."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]


def spoil(rule: Rule, call: Call) -> HttpAnswer | None:
    """The answer that a rule gives; None when it only delays or cuts the true one."""
    if rule.reset:
        return HttpAnswer(500, b"", cut="reset")
    if rule.html:
        return HttpAnswer(rule.status or 502, _HTML, {"Content-Type": "text/html", **rule.headers})
    if rule.body:
        return HttpAnswer(rule.status or 200, rule.body.encode(), {"Content-Type": "text/plain", **rule.headers})
    if rule.code or rule.status:
        return _error(rule, call)
    return None


def disown(answer: HttpAnswer, asked: str, owner: str) -> HttpAnswer:
    """The true answer as if it were another account's: every mention of the asked account is one of `owner`."""
    return replace(answer, body=answer.body.replace(asked.encode(), owner.encode()))


def _error(rule: Rule, call: Call) -> HttpAnswer:
    if not rule.code:
        return HttpAnswer(rule.status, b"", rule.headers)
    answer = error_answer(call.service, AwsError(rule.status or 400, rule.code, rule.message or rule.code))
    return HttpAnswer(answer.status, answer.body, {**answer.headers, **rule.headers})
