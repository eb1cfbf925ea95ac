"""What clean-ups are called on pages: states, rules and the acts of a journal, each with a word that stands alone."""

from __future__ import annotations

from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.cleanups import State
from accounts.domain.plans import Plan, PlannedBroker
from accounts.domain.protection import Rule
from accounts.models import Cleanup
from dashboard.words import ENGINE_WORDS, plural

STATE_WORDS: Final = {
    State.DRAFTED: "drafted",
    State.AWAITING_APPROVAL: "awaiting approval",
    State.APPROVED: "approved",
    State.DELETING_BROKERS: "deleting brokers",
    State.DELETING_ROLE: "deleting the role",
    State.VERIFYING: "verifying",
    State.WAITING: "waiting",
    State.DONE: "done",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.VOID: "void",
}
# The sign and the tone stand beside the word, never instead of it.
STATE_SIGNS: Final = {
    State.DRAFTED: ("○", "no"),
    State.AWAITING_APPROVAL: ("◔", "unused"),
    State.APPROVED: ("●", "in_use"),
    State.DELETING_BROKERS: ("▸", "in_use"),
    State.DELETING_ROLE: ("▸", "in_use"),
    State.VERIFYING: ("▸", "in_use"),
    State.WAITING: ("◷", "unused"),
    State.DONE: ("✓", "good"),
    State.FAILED: ("✕", "danger"),
    State.CANCELLED: ("–", "no"),
    State.VOID: ("⊘", "no"),
}
RULE_WORDS: Final = {
    Rule.NOTHING_TO_DELETE: "Nothing to delete",
    Rule.ROLE_UNKNOWN: "The role could not be read",
    Rule.NOT_AWS_ROLE: "Not AWS’s role",
    Rule.NO_CLEANER_ROLE: "No cleaner role",
    Rule.ANOTHER_ACCOUNT: "Another account",
    Rule.RESTING_ACCOUNT: "Not active in its organization",
    Rule.UNKNOWN_BROKER: "No such broker",
    Rule.PROTECTED_ACCOUNT: "Protected account",
    Rule.PROTECTED_NAME: "Protected name",
    Rule.PROTECTED_TAG: "Protected tag",
    Rule.TAGS_UNREADABLE: "Tags not readable",
    Rule.REGION_UNREADABLE: "Region not readable",
    Rule.UNKNOWN_STATE: "Unknown state",
    Rule.PAIRED_BROKER: "Paired broker",
    Rule.TOO_MANY_BROKERS: "Too many brokers",
    Rule.FREEZE: "Freeze",
}
# What a person can do about a refusal that its own sentence does not say already.
RULE_REMEDIES: Final = {
    Rule.NOTHING_TO_DELETE: "Nothing has to be done: discard the plan.",
    Rule.ROLE_UNKNOWN: "Mend the reader role’s access, then draw anew.",
    Rule.NOT_AWS_ROLE: "It was made by hand: whoever made it has to remove it.",
    Rule.ANOTHER_ACCOUNT: "Draw the plan anew.",
    Rule.RESTING_ACCOUNT: "Wait until it is active again, or disconnect the organization if it is wrong about it.",
    Rule.PROTECTED_NAME: "If the name misleads, rename the account here or change the setting.",
    Rule.PROTECTED_TAG: "If it may go, remove the tag in AWS, then draw anew.",
    Rule.TAGS_UNREADABLE: "Mend the reader role’s access (mq:DescribeBroker), then draw anew.",
    Rule.UNKNOWN_STATE: "Wait until AWS reports another state, then draw anew.",
}


def rule_words(rule: str) -> str:
    """A rule as people read it; one that this program does not know is shown as it is stored."""
    return RULE_WORDS.get(rule, rule.replace("_", " "))  # type: ignore[call-overload, no-any-return]


def remedy(rule: str) -> str:
    """What to do about a refusal; empty when its sentence says it."""
    return RULE_REMEDIES.get(rule, "")  # type: ignore[call-overload, no-any-return]


def state_words(cleanup: Cleanup) -> str:
    """The state in words, a pause and a wish to stop included."""
    word = STATE_WORDS[State(cleanup.state)]
    if cleanup.state == State.DRAFTED and cleanup.plan_json is None:
        word = "no plan" if cleanup.problem else "looking"
    if cleanup.cancel_wanted_by and cleanup.finished_at is None:
        return f"{word}, being cancelled"
    return f"{word}, paused" if cleanup.paused and cleanup.finished_at is None else word


def state_html(cleanup: Cleanup) -> SafeString:
    """The state as a chip with sign and word."""
    sign, tone = STATE_SIGNS[State(cleanup.state)]
    if cleanup.problem and cleanup.plan_json is None and cleanup.state == State.DRAFTED:
        sign, tone = "✕", "danger"
    said = '<span class="chip {}"><span aria-hidden="true">{}</span> {}</span>'
    return format_html(said, tone, sign, state_words(cleanup))


def engine_words(engine: str) -> str:
    """An engine as people write it."""
    return ENGINE_WORDS.get(engine.lower(), engine)


def broker_counts(brokers: tuple[PlannedBroker, ...]) -> str:
    """`2 RabbitMQ brokers and 1 ActiveMQ broker`; empty for none."""
    engines = [engine_words(broker.engine) for broker in brokers]
    parts = [plural(engines.count(engine), f"{engine} broker") for engine in sorted(set(engines), reverse=True)]
    return joined(parts)


def joined(parts: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def deletes_words(brokers: int, role: bool) -> str:
    """`2 brokers and the role`: what goes, without engines."""
    return joined([*([plural(brokers, "broker")] if brokers else []), *(["the role"] if role else [])]) or "nothing"


def plan_sentence(plan: Plan) -> str:
    """What a plan does, in one sentence."""
    goes = joined([*filter(None, [broker_counts(plan.deletes)]), *(["the role"] if plan.role_arn else [])])
    stays = f"; keeps {broker_counts(plan.keeps)}" if plan.keeps else ""
    return f"Deletes {goes or 'nothing'} in {plan.account_name}{stays}."


def short_hash(sha256: str) -> str:
    """The first eight digits, in two groups, as people compare them: 7f3a 19c2."""
    return f"{sha256[:4]} {sha256[4:8]}"
