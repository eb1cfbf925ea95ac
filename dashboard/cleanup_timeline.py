"""The steps of a running clean-up as its page tells them: what is over, what goes on, what comes, and for how long."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.domain.cleanups import ENDS, State
from accounts.domain.plans import Plan
from accounts.models import Cleanup, JournalEntry, Target
from dashboard.cleanup_words import broker_counts
from dashboard.words import exact_span, plural

ORDER: Final = (State.APPROVED, State.DELETING_BROKERS, State.DELETING_ROLE, State.VERIFYING)
SIGNS: Final = {"done": "✓", "now": "▸", "wait": "◷", "next": "", "stopped": "✕", "never": "", "needless": "–"}
KIND_WORDS: Final = {
    "done": "done",
    "now": "going on",
    "wait": "waiting",
    "next": "to come",
    "stopped": "stopped",
    "never": "not reached",
    "needless": "not needed",
}
NEEDLESS: Final = {
    State.DELETING_BROKERS: "No broker had to be deleted",
    State.DELETING_ROLE: "The role did not have to be deleted",
}
# Titles of a step: to come, going on, over. `{}` is what it deletes or looks at.
TITLES: Final = {
    State.APPROVED: ("Look at {} again", "Looking at {} again", "Looked at {} again"),
    State.DELETING_BROKERS: ("Delete {}", "Deleting {}", "Deleted {}"),
    State.DELETING_ROLE: ("Delete the role", "Deleting the role", "Deleted the role"),
    State.VERIFYING: ("Verify that the role is gone", "Verifying that the role is gone", "Asked GetRole for proof"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the timeline. `kind` is one of KIND_WORDS."""

    name: str
    kind: str
    title: str
    text: str
    began: datetime | None = None
    seconds: float | None = None
    tries: int = 0

    @property
    def sign(self) -> str:
        """The mark beside the title."""
        return SIGNS[self.kind]

    @property
    def said(self) -> str:
        """The mark in a word, for those who do not see it."""
        return KIND_WORDS[self.kind]


def timeline(cleanup: Cleanup, plan: Plan, journal: Sequence[JournalEntry]) -> list[Step]:
    """The steps in their order; those that this plan does not need are left out."""
    order = [state for state in ORDER if _is_needed(state, plan)]
    place = _place(cleanup, journal, order)
    kinds = [_kind(cleanup, state, at - place, journal) for at, state in enumerate(order)]
    return [_step(cleanup, plan, state, kind, journal) for state, kind in zip(order, kinds, strict=True)]


def _is_needed(state: State, plan: Plan) -> bool:
    if state is State.DELETING_BROKERS:
        return bool(plan.deletes)
    return bool(plan.role_arn) or state is State.APPROVED


def _place(cleanup: Cleanup, journal: Sequence[JournalEntry], order: Sequence[State]) -> int:
    """The step that goes on, or at which it ended; beyond the last when all are over."""
    state = State(cleanup.state)
    if state is State.DONE:
        return len(order)
    if state not in ENDS:
        step = cleanup.step or State.APPROVED
        return order.index(State(step)) if step in order else 0
    reached = [order.index(State(entry.step)) for entry in journal if entry.step in order]
    return max(reached, default=0)


def _kind(cleanup: Cleanup, state: State, ahead: int, journal: Sequence[JournalEntry]) -> str:
    """What a step is; `ahead` counts from the one that goes on."""
    over = State(cleanup.state) in ENDS
    if ahead < 0:
        # A role that was gone already lets a clean-up end before its turn: what was not done is not told as done.
        skipped = state in NEEDLESS and not any(entry.step == state for entry in journal)
        return "needless" if skipped else "done"
    if ahead > 0 or over:
        return "next" if not over else "never" if ahead else "stopped"
    return "wait" if cleanup.state == State.WAITING or cleanup.paused else "now"


def _step(cleanup: Cleanup, plan: Plan, state: State, kind: str, journal: Sequence[JournalEntry]) -> Step:
    entries = [entry for entry in journal if entry.step == state]
    began = entries[0].at if entries else None
    ended = max((entry.answered_at or entry.at for entry in entries), default=None)
    seconds = (ended - began).total_seconds() if began and ended and kind == "done" else None
    tries = cleanup.attempts if state is State.DELETING_ROLE else 0
    return Step(state.value, kind, _title(state, kind, plan), _text(cleanup, state, kind, plan), began, seconds, tries)


def _title(state: State, kind: str, plan: Plan) -> str:
    to_come, going_on, over = TITLES[state]
    title = {"next": to_come, "never": to_come, "done": over, "needless": NEEDLESS.get(state, "")}.get(kind, going_on)
    regions = len(plan.looked) + len(plan.unknown) + len(plan.disabled)
    what = plural(regions, "region") if state is State.APPROVED else plural(len(plan.deletes), "broker")
    return title.format(what)


def _text(cleanup: Cleanup, state: State, kind: str, plan: Plan) -> str:
    if kind in ("never", "needless", "stopped"):
        return ""
    if state is State.APPROVED:
        return _same_world(plan) if kind == "done" else "Anything that is new since the plan stops the clean-up."
    if state is State.DELETING_BROKERS:
        return "" if kind == "done" else "Each is looked at once more right before AWS is asked to delete it."
    if state is State.VERIFYING:
        return "" if kind == "done" else "GetRole, until AWS says NoSuchEntity."
    if cleanup.usage and kind == "wait":
        return "AWS accepted the request and then reported that the role is still in use."
    return "" if kind == "done" else "All regions are listed once more right before AWS is asked to delete it."


def _same_world(plan: Plan) -> str:
    goes = f"{broker_counts(plan.deletes)} to delete" if plan.deletes else "no broker to delete"
    return f"Same world as the plan: {goes}" + (f", {broker_counts(plan.keeps)} to keep." if plan.keeps else ".")


@dataclass(frozen=True, slots=True)
class BrokerProgress:
    """How far one broker's deletion has come: a word, its tone, and AWS's own word on its state."""

    target: Target
    said: str
    tone: str


def broker_progress(targets: Sequence[Target], over: bool, dark: Collection[str] = ()) -> list[BrokerProgress]:
    """The plan's brokers, each with how far it has come; `dark` are the ARNs of whose deletion no answer came."""
    return [BrokerProgress(target, *_said(target, over, target.arn in dark)) for target in targets]


def _said(target: Target, over: bool, dark: bool) -> tuple[str, str]:
    if target.state == Target.State.GONE:
        if target.asked_at is None or target.gone_at is None:
            return "was gone already", "ok"
        return f"gone after {exact_span((target.gone_at - target.asked_at).total_seconds())}", "ok"
    if target.state == Target.State.DELETING:
        return "AWS was asked to delete it" if over else "being deleted", "warn"
    if over and dark:
        return "perhaps asked to go: AWS’s answer is not known", "warn"
    if over and target.asked_at:
        return "asked to go, and AWS refused", "soft"
    return ("not touched" if over else "to come"), "soft"
