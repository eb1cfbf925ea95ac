"""What protects an account and its brokers. A rule that says no gives its name, why, and where to change it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from accounts.domain.plans import Plan, PlannedBroker


class Rule(StrEnum):
    """The rules by name, as pages, commands and the journal tell them."""

    NOTHING_TO_DELETE = "nothing_to_delete"
    ROLE_UNKNOWN = "role_unknown"
    NOT_AWS_ROLE = "not_aws_role"
    NO_CLEANER_ROLE = "no_cleaner_role"
    ANOTHER_ACCOUNT = "another_account"
    RESTING_ACCOUNT = "resting_account"
    UNKNOWN_BROKER = "unknown_broker"
    PROTECTED_ACCOUNT = "protected_account"
    PROTECTED_NAME = "protected_name"
    PROTECTED_TAG = "protected_tag"
    TAGS_UNREADABLE = "tags_unreadable"
    REGION_UNREADABLE = "region_unreadable"
    UNKNOWN_STATE = "unknown_state"
    PAIRED_BROKER = "paired_broker"
    TOO_MANY_BROKERS = "too_many_brokers"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rule that says no."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing is deleted, both ends in UTC, the second not included."""

    start: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        """True while it lasts."""
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Protection:
    """The rules in force, as the settings have them."""

    account_ids: frozenset[str] = frozenset()
    name_words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # KEY or KEY=VALUE
    max_brokers: int = 10
    freezes: tuple[Freeze, ...] = ()


# A tag that only has to be there does not protect when its value says no.
_NO: Final = frozenset({"false", "no", "0", "off"})
# Every state that AWS documents. In another nobody can say what a deletion does.
KNOWN_STATES: Final = frozenset(
    {"CREATION_IN_PROGRESS", "CREATION_FAILED", "DELETION_IN_PROGRESS", "RUNNING", "REBOOT_IN_PROGRESS"}
    | {"CRITICAL_ACTION_REQUIRED", "REPLICA"}
)


def protecting_word(name: str, words: Iterable[str]) -> str:
    """The word that protects an account of this name: whole words only, `prod` is in `prod-eu` and not in `nonprod`."""
    alone = r"(?<![^\W_]){}(?![^\W_])"  # no letter and no digit on either side; an underscore parts words, too
    return next((word for word in words if re.search(alone.format(re.escape(word)), name, re.IGNORECASE)), "")


def ends_name_protection(before: str, after: str, words: Sequence[str]) -> bool:
    """True when an account that is called otherwise is no longer protected by its name."""
    return bool(protecting_word(before, words)) and not protecting_word(after, words)


def protecting_tag(tags: Mapping[str, str], rules: Iterable[str]) -> str:
    """The rule that a broker's tags fulfil, as KEY=VALUE of the broker; empty when none does. Case does not count."""
    for rule in rules:
        key, wants_value, wanted = (part.strip().lower() for part in rule.partition("="))
        for have, has in tags.items():  # AWS takes Env and env side by side: either protects
            value = has.strip().lower()
            if have.strip().lower() == key and (value == wanted if wants_value else value not in _NO):
                return f"{have}={has}"
    return ""


def account_refusals(account_id: str, name: str, flagged: bool, rules: Protection) -> Iterator[Refusal]:
    """Why nothing may be deleted in this account at all."""
    if flagged:
        yield Refusal(Rule.PROTECTED_ACCOUNT, f"{name} is marked as protected. Its page has the switch.")
    if account_id in rules.account_ids:
        yield Refusal(Rule.PROTECTED_ACCOUNT, f"{account_id} is in the setting CLEANUP_PROTECTED_ACCOUNTS.")
    if word := protecting_word(name, rules.name_words):
        yield Refusal(
            Rule.PROTECTED_NAME, f"The name {name} has the word “{word}” of the setting CLEANUP_PROTECTED_NAMES."
        )


def broker_refusals(brokers: Sequence[PlannedBroker], rules: Protection) -> Iterator[Refusal]:
    """Why these brokers may not be deleted."""
    if len(brokers) > rules.max_brokers:
        detail = (
            f"{len(brokers)} brokers are more than one plan may delete: CLEANUP_MAX_BROKERS is {rules.max_brokers}."
        )
        yield Refusal(Rule.TOO_MANY_BROKERS, detail)
    for broker in brokers:
        yield from _one_broker(broker, rules)


def _one_broker(broker: PlannedBroker, rules: Protection) -> Iterator[Refusal]:
    where = f"{broker.name} in {broker.region}"
    if broker.tags is None:
        yield Refusal(
            Rule.TAGS_UNREADABLE,
            f"The tags of {where} could not be read, so nobody knows whether they protect it. "
            f"{broker.tags_problem}".rstrip(),
        )
    elif tag := protecting_tag(broker.tags, rules.tags):
        yield Refusal(Rule.PROTECTED_TAG, f"{where} has the tag {tag}. The setting is CLEANUP_PROTECTED_TAGS.")
    if broker.state not in KNOWN_STATES:
        yield Refusal(Rule.UNKNOWN_STATE, f"{where} is in the state {broker.state}, which Rolecall does not know.")
    if broker.replication not in ("", "NONE") or broker.state == "REPLICA":
        yield Refusal(
            Rule.PAIRED_BROKER,
            f"{where} is paired for data replication: unpair it, reboot the primary, draw a new plan.",
        )


def unreadable_regions(plan: Plan, accepted: Iterable[str]) -> Iterator[Refusal]:
    """The regions that nobody could look into and that no second person has accepted as unseen."""
    for region in sorted(set(plan.unknown) - set(accepted)):
        yield Refusal(
            Rule.REGION_UNREADABLE,
            f"{region} could not be read: {plan.unknown[region]} Mend it and draw a new plan, or let a second person "
            "accept the region as unseen.",
        )


def frozen_until(now: datetime, freezes: Iterable[Freeze]) -> datetime | None:
    """When the freeze that holds now is over; None when none does."""
    ends = [freeze.end for freeze in freezes if freeze.holds(now)]
    return max(ends, default=None)


def parse_freezes(text: str) -> tuple[Freeze, ...]:
    """Read `START/END, START/END` in ISO 8601, UTC where no zone is given. Raises ValueError with the bad part."""
    return tuple(_freeze(part.strip()) for part in text.split(",") if part.strip())


def _freeze(part: str) -> Freeze:
    start, slash, end = part.partition("/")
    try:
        times = [datetime.fromisoformat(text.strip()) for text in (start, end)]
    except ValueError:
        times = []
    if not slash or len(times) != 2:
        raise ValueError(f"“{part}” is not START/END, such as 2026-12-18T00:00Z/2027-01-04T00:00Z")
    first, last = (time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC) for time in times)
    if first >= last:
        raise ValueError(f"“{part}” ends before it begins")
    return Freeze(first, last)
