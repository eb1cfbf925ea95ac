"""AWS Organizations: which accounts of one are watched, and what has changed since Rolecall last took it over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.domain.globs import covers


class MemberState(StrEnum):
    """AWS's words for an account of an organization, and one of ours: gone, no longer listed."""

    ACTIVE = "ACTIVE"
    PENDING_ACTIVATION = "PENDING_ACTIVATION"
    PENDING_CLOSURE = "PENDING_CLOSURE"  # still works, and is polled
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"
    GONE = "GONE"


# No role can be assumed in these, or nobody knows whether one may: kept with all that is known, and not polled.
RESTING: Final = frozenset(
    {MemberState.PENDING_ACTIVATION, MemberState.SUSPENDED, MemberState.CLOSED, MemberState.GONE}
)


class Kind(StrEnum):
    """In what an account of the organization differs from what Rolecall has of it."""

    NEW = "new"
    RENAMED = "renamed"
    MOVED = "moved"
    TAGS = "tags"
    SUSPENDED = "suspended"
    BACK = "back"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Member:
    """One account as AWS tells of it. A unit or tags of None were not read: they say nothing, not “none”."""

    account_id: str
    name: str
    state: str
    unit: str | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What AWS said of an account when a person, or the schedule, last took or dismissed it."""

    name: str
    unit: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Watched:
    """The same account as Rolecall has it."""

    account_id: str
    name: str
    unit: str
    tags: Mapping[str, str]
    state: str
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, told in words."""

    kind: Kind
    account_id: str
    name: str
    before: str
    after: str

    @property
    def key(self) -> str:
        """Names it among the differences of an organization: `renamed:111122223333`."""
        return f"{self.kind.value}:{self.account_id}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which accounts are to be watched. Rules that are empty leave everything in."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def takes(self, member: Member) -> bool:
        """True when the rules want this account; what could not be read never fits a rule that asks for it."""
        return self.takes_unit(member.unit) and self._takes_tags(member.tags) and self._takes_name(member)

    def takes_unit(self, unit: str | None) -> bool:
        """The longest unit above the account decides: Workloads out, Workloads/Prod in."""
        if not self.include and not self.exclude:
            return True
        if unit is None:
            return False
        above = self.decider_of(unit)
        return not self.include if above is None else above not in self.exclude

    def decider_of(self, unit: str) -> str | None:
        """The unit whose rule is the nearest above one, itself included; None when no rule stands above it."""
        return max((path for path in (*self.include, *self.exclude) if is_below(unit, path)), key=len, default=None)

    def _takes_tags(self, tags: Mapping[str, str] | None) -> bool:
        """One of the values given for each key: env=prod or env=test, and owner whatever it is."""
        wanted: dict[str, list[str | None]] = {}
        for rule in self.tags:
            key, equals, value = rule.partition("=")
            wanted.setdefault(key, []).append(value if equals else None)
        had = tags or {}
        return all(key in had and (None in values or had[key] in values) for key, values in wanted.items())

    def _takes_name(self, member: Member) -> bool:
        words = (member.name.casefold(), member.account_id)
        out = [rule[1:] for rule in self.patterns if rule.startswith("!")]
        within = [rule for rule in self.patterns if not rule.startswith("!")]
        return not _any_fits(out, words) and (not within or _any_fits(within, words))


def _any_fits(patterns: Iterable[str], words: Iterable[str]) -> bool:
    return any(covers(pattern.casefold(), word) for pattern in patterns for word in words)


def is_below(unit: str, path: str) -> bool:
    """True for the unit itself and for all below it; every unit is below the root, whose path is empty."""
    return not path or unit == path or unit.startswith(f"{path}/")


def merged_tags(tags: Mapping[str, str], taken: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """An account's tags once AWS's news are in: what people here added or changed since stays."""
    merged = dict(tags)
    for key in taken.keys() - now.keys():
        if merged.get(key) == taken[key]:
            del merged[key]
    merged.update({key: value for key, value in now.items() if taken.get(key) != value})
    return merged


def changes(members: Iterable[Member], watched: Mapping[str, Watched], selection: Selection) -> list[Change]:
    """Every difference between the organization and what is watched, by kind and then by name."""
    found = [change for member in members for change in _changes_of(member, watched.get(member.account_id), selection)]
    order = list(Kind)
    return sorted(found, key=lambda change: (order.index(change.kind), change.name.casefold(), change.account_id))


def _changes_of(member: Member, account: Watched | None, selection: Selection) -> Iterator[Change]:
    if account is None:
        if member.state == MemberState.ACTIVE and selection.takes(member):
            yield Change(Kind.NEW, member.account_id, member.name, "", member.unit or "")
        return
    if kind := _state_change(member.state, account.state):
        yield Change(kind, account.account_id, account.name, account.state, member.state)
    if member.state != MemberState.GONE:
        yield from _news(member, account)


def _state_change(now: str, before: str) -> Kind | None:
    if now == before or (now == MemberState.ACTIVE and not before):
        return None
    if now == MemberState.GONE:
        return Kind.GONE
    return Kind.BACK if now == MemberState.ACTIVE else Kind.SUSPENDED


def _news(member: Member, account: Watched) -> Iterator[Change]:
    taken = account.taken or Taken(account.name, account.unit, {})
    if member.name not in (taken.name, account.name):
        yield Change(Kind.RENAMED, account.account_id, account.name, account.name, member.name)
    if member.unit is not None and member.unit not in (taken.unit, account.unit):
        yield Change(Kind.MOVED, account.account_id, account.name, account.unit, member.unit)
    if member.tags is not None:
        tags = merged_tags(account.tags, taken.tags, member.tags)
        if tags != account.tags:
            before, after = _told_apart(account.tags, tags)
            yield Change(Kind.TAGS, account.account_id, account.name, before, after)


def _told_apart(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, str]:
    """The tags that are not the same on both sides."""
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return _in_words(before, keys), _in_words(after, keys)


def _in_words(tags: Mapping[str, str], keys: Iterable[str]) -> str:
    return ", ".join(f"{key}={tags[key]}" if tags[key] else key for key in keys if key in tags)


MAX_RULES: Final = 200
MAX_RULE: Final = 520


def parse_rules(text: str) -> tuple[str, ...]:
    """Rules from a text, one a line or with commas between. Raises ValueError with the rule that cannot be one."""
    rules = tuple(dict.fromkeys(filter(None, (part.strip() for part in text.replace(",", "\n").splitlines()))))
    if len(rules) > MAX_RULES:
        raise ValueError(f"{len(rules)} rules are more than {MAX_RULES}")
    for rule in rules:
        if len(rule) > MAX_RULE:
            raise ValueError(f"“{rule[:40]}…” is longer than {MAX_RULE} characters")
        if not rule.isprintable():
            raise ValueError(f"“{ascii(rule)[1:41]}” has a control character")
        if rule in ("!", "=") or rule.startswith("="):
            raise ValueError(f"“{rule}” names nothing")
    return rules
