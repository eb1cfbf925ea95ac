"""The read model of one account's page: what is said of the role, and what stops it from being deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.conf import settings

from accounts.domain.cleanups import OPEN
from accounts.domain.outcomes import Flag, Outcome, Presence, Verdict
from accounts.domain.protection import account_refusals
from accounts.domain.regions import display_order
from accounts.domain.role import ROLE_USING_ENGINE
from accounts.models import Account, Broker, Cleanup, Region, RoleStatus
from dashboard.matrix import CellView
from dashboard.words import FLAG_WORDS, plural

CLEANUPS_SHOWN = 5
# Outcomes that many regions of an account share, in the order in which they are listed.
FOLDED_WORDS = {
    Outcome.OK: "answered: no brokers",
    Outcome.REGION_DISABLED: "not enabled in this account",
    Outcome.ASSUME_DENIED: "not reached: the reader role cannot be assumed",
    Outcome.NEVER: "not polled yet",
    Outcome.UNSUPPORTED: "not polled: switched off in the region table",
}


@dataclass(frozen=True)
class Standing:
    """One region of the account, as the page lists it."""

    region: Region
    view: CellView


@dataclass(frozen=True)
class Alike:
    """Regions of which the same is to be said, and nothing more; they are listed folded up."""

    words: str
    standings: list[Standing]


@dataclass(frozen=True)
class Blockers:
    """What stands in the way of deleting the role."""

    rabbitmq: list[tuple[str, list[Broker]]]
    unread: list[Standing]
    others: list[Broker]

    @property
    def any(self) -> bool:
        """True when something is in the way, or may be."""
        return bool(self.rabbitmq or self.unread)


@dataclass(frozen=True)
class Answers:
    """How many regions answered of those that can; the disabled ones cannot."""

    answered: int
    asked: int
    disabled: int
    failing: int


@dataclass(frozen=True)
class AccountCleanups:
    """The account's latest clean-ups, the one that is open, and why no clean-up may delete anything."""

    latest: list[Cleanup]
    open_one: Cleanup | None
    protections: list[str]


def standings(account: Account, cells: dict[str, CellView]) -> list[Standing]:
    """The account's regions in the order of the matrix."""
    regions = Region.objects.filter(partition=account.partition)
    ordered = sorted(regions, key=lambda region: display_order(region.code))
    return [Standing(region, cells[region.code]) for region in ordered]


def folded(regions: list[Standing], now: datetime) -> tuple[list[Standing], list[Alike]]:
    """Set apart the regions that need a row of their own from those that are alike."""
    plain = [standing for standing in regions if _is_plain(standing.view, now)]
    own = [standing for standing in regions if standing not in plain]
    groups = [Alike(words, [s for s in plain if s.view.outcome is outcome]) for outcome, words in FOLDED_WORDS.items()]
    return own, [group for group in groups if group.standings]


def _is_plain(view: CellView, now: datetime) -> bool:
    """True when the outcome says everything: no brokers known, no old answer, no cause that is this region's alone."""
    if view.outcome is Outcome.OK:
        return view.brokers == 0 and not view.old(now)
    return view.outcome in FOLDED_WORDS and view.brokers is None


def blockers(regions: Iterable[Standing], brokers: list[Broker]) -> Blockers:
    """Sort brokers into those that use the role and those that do not; a region without an answer is in the way too."""
    using = [broker for broker in brokers if broker.engine.lower() == ROLE_USING_ENGINE]
    by_region = [(code, list(group)) for code, group in groupby(using, key=lambda broker: broker.region_id)]
    settled = (Outcome.OK, Outcome.REGION_DISABLED)
    unread = [standing for standing in regions if standing.view.outcome not in settled]
    return Blockers(by_region, unread, [broker for broker in brokers if broker not in using])


def verdict_sentence(status: RoleStatus, found: Blockers) -> str:
    """The verdict, with what it rests on."""
    count = sum(len(brokers) for _, brokers in found.rabbitmq)
    if status.checked_at is None:
        return "Not polled yet: nothing is known of this account."
    if status.verdict == Verdict.IN_USE:
        said = f"In use: {plural(count, 'RabbitMQ broker')} in {plural(len(found.rabbitmq), 'region')}"
        old = ", as last known: not all of it could be read again" if _rests_on_old(status, found) else ""
        return f"{said}{old}."
    if status.verdict == Verdict.UNUSED:
        off = f"; {plural(status.regions_disabled, 'further region')} not enabled" if status.regions_disabled else ""
        return f"Unused: the role exists, and no RabbitMQ broker is in {plural(status.regions_ok, 'region')}{off}."
    if status.verdict == Verdict.ABSENT:
        return "Absent: the role does not exist in this account."
    return f"Unknown: {unknown_reason(status, found)}."


def _rests_on_old(status: RoleStatus, found: Blockers) -> bool:
    """True when the role, or a region that holds one of the brokers, gave no answer at the last look.

    The sentence counts all of them, so one is enough; the verdict itself is remembered only when no broker was seen.
    """
    silent = {standing.region.code for standing in found.unread}
    remembered = status.verdict_last_known_at is not None or status.outcome != Outcome.OK
    return remembered or any(code in silent for code, _ in found.rabbitmq)


def unknown_reason(status: RoleStatus, found: Blockers) -> str:
    """Why nothing can be said."""
    if Flag.PATH_MISMATCH in status.flags:
        return "a role of this name stands outside the service-linked path, so it is not AWS's"
    if status.outcome != Outcome.OK:
        before = {Presence.PRESENT: "; it was there at the last good look", Presence.ABSENT: "; it was absent before"}
        return "the role could not be read" + before.get(Presence(status.presence), "")
    if found.unread:
        return f"the role exists, and {plural(len(found.unread), 'region')} gave no answer"
    return "no region has been looked at"


def flag_sentences(status: RoleStatus) -> list[str]:
    """The flags in words; what the verdict, or the card of the policy, says already is left out."""
    told = (Flag.ROLE_ABSENT, Flag.NEWER_VERSION)
    return [words for flag, words in FLAG_WORDS.items() if flag.value in status.flags and flag not in told]


def protection_sentences(account: Account) -> list[str]:
    """Why no clean-up may delete anything in the account, by the rules of now."""
    rules = settings.CLEANUP_PROTECTION
    found = account_refusals(account.account_id, account.name, account.protected, rules)
    return [refusal.detail for refusal in found]


def cleanups_of(account: Account) -> AccountCleanups:
    """The account's latest clean-ups, the one that is open, and what protects the account."""
    latest = list(account.cleanups.all()[:CLEANUPS_SHOWN])
    still_open = next((cleanup for cleanup in latest if cleanup.state in OPEN), None)
    if still_open is None and len(latest) == CLEANUPS_SHOWN:  # a campaign may have been refused plans since
        still_open = account.cleanups.open().first()
    return AccountCleanups(latest, still_open, protection_sentences(account))


def answers(regions: Iterable[Standing]) -> Answers:
    """Count the regions by whether they have answered at the last look."""
    outcomes = [standing.view.outcome for standing in regions]
    asked = [outcome for outcome in outcomes if outcome not in (Outcome.UNSUPPORTED, Outcome.REGION_DISABLED)]
    return Answers(
        answered=outcomes.count(Outcome.OK),
        asked=len(asked),
        disabled=outcomes.count(Outcome.REGION_DISABLED),
        failing=sum(outcome.failing for outcome in outcomes),
    )
