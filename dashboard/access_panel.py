"""The read model of an access check: per role how it lets Rolecall in, and every call with what mends it."""

from __future__ import annotations

import json
from collections import Counter
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
