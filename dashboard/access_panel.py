"""The read model of an access check: per role how it lets Rolecall in, and every call with what mends it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from accounts.domain.access import NEEDED_FOR, Door, Result
from accounts.domain.role_policies import Purpose, statement_for
from accounts.models import AccessCheck, Account
from accounts.services.credentials import role_arn_for
from dashboard.words import plural

DOOR_WORDS: Final = {
    Door.READY: "ready",
    Door.INCOMPLETE: "incomplete",
    Door.OPEN: "refused",
    Door.SHUT: "shut",
    Door.UNKNOWN: "unknown",
}
DOOR_CHIPS: Final = {
    Door.READY: "good",
    Door.INCOMPLETE: "danger",
    Door.OPEN: "danger",
    Door.SHUT: "danger",
    Door.UNKNOWN: "unknown",
}
RESULT_WORDS: Final = {
    Result.ALLOWED: "✓ allowed",
    Result.DENIED: "✕ denied",
    Result.NOT_TRIED: "– not tried",
    Result.UNKNOWN: "? no answer",
}
RESULT_TONES: Final = {Result.ALLOWED: "ok", Result.DENIED: "bad", Result.NOT_TRIED: "soft", Result.UNKNOWN: "warn"}
MOST_NAMED: Final = 3  # of the calls in a row of the list; the account’s page has all
ROLES: Final = "roles"
CALLS: Final = "calls"
SAME: Final = "For the same reason as the reader role."
_DENIERS: Final = {"scp": "a service control policy"}


@dataclass(frozen=True)
class CallRow:
    """One call as the page lists it. `statement` is what to add, as JSON; empty when adding would not help."""

    action: str
    result: Result
    denied_by: str
    detail: str
    statement: str

    @property
    def words(self) -> str:
        """The result with its sign."""
        return RESULT_WORDS[self.result]

    @property
    def tone(self) -> str:
        """The result's colour."""
        return RESULT_TONES[self.result]

    @property
    def needed_for(self) -> str:
        """What Rolecall asks it for."""
        return NEEDED_FOR[self.action]


@dataclass(frozen=True)
class RolePanel:
    """One role of the account and what its last check found. Without a `door` it was never checked."""

    purpose: Purpose
    arn: str
    door: Door | None
    detail: str
    calls: list[CallRow]
    changed: bool

    @property
    def chip(self) -> str:
        """The style of its chip."""
        return DOOR_CHIPS[self.door] if self.door else "no"

    @property
    def word(self) -> str:
        """Its state in a word."""
        return DOOR_WORDS[self.door] if self.door else "not checked"

    @property
    def sentence(self) -> str:
        """What was found, in a sentence."""
        count = sum(call.result is Result.DENIED for call in self.calls)
        said = {
            None: "Nobody has checked this role yet.",
            Door.READY: "It opens with the external id and not without, and every call that can be tried is allowed.",
            Door.INCOMPLETE: f"It opens with the external id and not without. {count} of its calls "
            f"{'is' if count == 1 else 'are'} denied.",
            Door.UNKNOWN: self.detail or "AWS gave no answer to some of the questions.",
        }
        return said.get(self.door, self.detail)

    @property
    def troubles(self) -> list[CallRow]:
        """The calls that a person has to mend."""
        return [call for call in self.calls if call.result in (Result.DENIED, Result.UNKNOWN)]

    @property
    def summary(self) -> str:
        """How many calls came to what."""
        counts = Counter(call.result for call in self.calls)
        named = ((Result.DENIED, "denied"), (Result.UNKNOWN, "without an answer"), (Result.ALLOWED, "allowed"))
        parts = [
            f"{counts[result]} {word}" for result, word in (*named, (Result.NOT_TRIED, "not tried")) if counts[result]
        ]
        return f"All {plural(len(self.calls), 'call')}: {', '.join(parts)}"


def panels_of(account: Account) -> list[RolePanel]:
    """The account's roles, each with what is known of it."""
    check = AccessCheck.objects.filter(account=account).first() or AccessCheck(account=account)
    panels = [_panel(account, purpose, check) for purpose in Purpose if role_arn_for(account, purpose)]
    reader, *others = panels
    same = [replace(one, detail=SAME) if one.detail and one.detail == reader.detail else one for one in others]
    return [reader, *same]


# What mends a role that is not ready, in words, and where it stands: with its templates, or with the check's calls.
_NEXT: Final = {
    Door.SHUT: ("Make or mend the role", ROLES),
    Door.OPEN: ("Mend its trust policy", ROLES),
    Door.INCOMPLETE: ("See the statements to add", CALLS),
    Door.UNKNOWN: ("See what was asked", CALLS),
}


@dataclass(frozen=True)
class Trouble:
    """Why an account's roles are not ready, role by role, and what to do next; without a check only the latter."""

    said: tuple[str, ...]
    todo: str
    place: str


def trouble_of(check: AccessCheck) -> Trouble | None:
    """What the last check found wrong, in short; None when nothing is."""
    if not check.reader:
        return Trouble((), "Make the role, then check it", ROLES)
    found = {purpose: Door(getattr(check, purpose)) for purpose in Purpose if getattr(check, purpose)}
    bad = {purpose: door for purpose, door in found.items() if door is not Door.READY}
    if not bad:
        return None
    why = {purpose: _in_short(check.results.get(purpose, {})) for purpose in bad}
    reasons = list(why.values())
    if len(reasons) > 1 and len(set(reasons)) == 1:
        said: tuple[str, ...] = (f"Both roles: {reasons[0]}",)
    else:
        said = tuple(f"{purpose.value.capitalize()} role: {reason}" for purpose, reason in why.items())
    return Trouble(said, *_NEXT[next(iter(bad.values()))])


def _in_short(found: Mapping[str, Any]) -> str:
    """The first sentence of what AWS's answer means; or the calls that are denied, or were not answered."""
    if detail := found.get("detail", ""):
        return f"{detail.partition('. ')[0].rstrip('.')}."
    calls = {
        result: [call["action"] for call in found.get("calls", ()) if call["result"] == result] for result in Result
    }
    denied, unknown = _some(calls[Result.DENIED]), _some(calls[Result.UNKNOWN])
    return f"denied {denied}." if denied else f"no answer to {unknown or 'the check'}."


def _some(actions: list[str]) -> str:
    more = len(actions) - MOST_NAMED
    return ", ".join(actions[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _panel(account: Account, purpose: Purpose, check: AccessCheck) -> RolePanel:
    found: dict[str, Any] = check.results.get(purpose, {})
    door, arn = getattr(check, purpose), role_arn_for(account, purpose)
    return RolePanel(
        purpose=purpose,
        arn=arn,
        door=Door(door) if door else None,
        detail=found.get("detail", ""),
        calls=[_row(call, purpose, account.partition) for call in found.get("calls", ())],
        changed=bool(door) and getattr(check, f"{purpose}_role_arn") != arn,
    )


def _row(call: dict[str, Any], purpose: Purpose, partition: str) -> CallRow:
    statement = json.dumps(statement_for(call["action"], purpose, partition), indent=2) if call["add"] else ""
    denied_by = _DENIERS.get(call["denied_by"], call["denied_by"] and f"the {call['denied_by']}")
    return CallRow(call["action"], Result(call["result"]), denied_by, call["detail"], statement)
