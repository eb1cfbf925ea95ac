"""The read model of the strip on top of an account's page: what stops a deletion, and the one next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from django.conf import settings

from accounts.domain.cleanups import State
from accounts.domain.outcomes import Flag, Outcome, Presence, TrustGrade, Verdict
from accounts.domain.protection import frozen_until
from accounts.models import Account, Cleanup, RoleStatus
from dashboard.account_page import Blockers
from dashboard.cleanup_words import STATE_WORDS
from dashboard.organization_words import rest_words
from dashboard.words import plural

Act = Literal["poll", "plan", "go", ""]
NAMED: Final = 8  # of a list; the rest is a number


@dataclass(frozen=True)
class Link:
    """One thing named, and where it is to be found."""

    words: str
    url: str


@dataclass(frozen=True)
class Obstacle:
    """One reason why nothing can be deleted now: a chip, a sentence, what it names, and where it is changed."""

    word: str
    text: str
    tone: str = "warn"
    names: Sequence[Link] = ()
    more: int = 0
    mend: Link | None = None


@dataclass(frozen=True)
class NextStep:
    """The one thing to do now: a sentence, and what its button does. No act: nothing is to be done."""

    text: str
    act: Act = ""
    link: Link | None = None


@dataclass(frozen=True)
class Known:
    """All that the strip rests on."""

    account: Account
    status: RoleStatus
    found: Blockers
    cleanup: Cleanup | None
    protections: Sequence[str]
    drifted: bool = False  # its policy differs from the documented one, by no doing of AWS


def obstacles(known: Known) -> list[Obstacle]:
    """What stands in the way beside the brokers themselves; a role that is known to be absent has no obstacle."""
    if known.status.presence == Presence.ABSENT and known.status.outcome == Outcome.OK:
        return []
    return [*_unknowns(known.status, known.found), *_protections(known), *_means(known)]


def _unknowns(status: RoleStatus, found: Blockers) -> Iterator[Obstacle]:
    if Flag.PATH_MISMATCH in status.flags:
        text = "The role of this name stands outside the service-linked path: no clean-up touches what is not AWS’s."
        yield Obstacle("not AWS’s", text, "bad", mend=Link("Its facts", "#role"))
    elif status.checked_at is not None and status.outcome != Outcome.OK:
        yield Obstacle(
            "no answer", "The role could not be read at the last look.", "bad", mend=Link("Access", "#access")
        )
    if found.unread and status.checked_at is not None:
        links = [Link(one.region.code, f"#region-{one.region.code}") for one in found.unread[:NAMED]]
        text = f"{plural(len(found.unread), 'region')} without an answer, which may hold brokers:"
        yield Obstacle("no answer", text, names=links, more=len(found.unread) - len(links))


def _protections(known: Known) -> Iterator[Obstacle]:
    for sentence in known.protections:
        mend = Link("Protection", "#access") if known.account.protected else None
        yield Obstacle("protected", f"No clean-up deletes anything here: {sentence}", mend=mend)


def _means(known: Known) -> Iterator[Obstacle]:
    if not known.account.cleaner_role_arn:
        text = "There is no cleaner role: a plan can be drawn, but nothing deleted."
        yield Obstacle("no cleaner role", text, mend=Link("Its roles", "#access"))
    count = sum(len(brokers) for _, brokers in known.found.rabbitmq)
    if count > (most := settings.CLEANUP_PROTECTION.max_brokers):
        yield Obstacle("too many", f"{plural(count, 'broker')} are more than one plan may delete: the most is {most}.")


def frozen(now: datetime) -> datetime | None:
    """Until when nothing is deleted anywhere; None when no freeze holds."""
    return frozen_until(now, settings.CLEANUP_PROTECTION.freezes)


def next_step(known: Known) -> NextStep:
    """What a careful admin would do first: follow what is under way, mend what keeps Rolecall blind, then act."""
    return next(_steps(known))


def _steps(known: Known) -> Iterator[NextStep]:
    status = known.status
    if (cleanup := known.cleanup) is not None:
        said = f"{cleanup} is {STATE_WORDS[State(cleanup.state)]}."
        yield NextStep(said, "go", Link(f"To {cleanup}", cleanup.get_absolute_url()))
    if rests := rest_words(known.account):
        yield NextStep(f"Nothing here: it is {rests}, and nobody can get in.")
    if status.checked_at is None:
        yield NextStep("Poll it to learn whether it has the role.", "poll")
    yield from _mending(status, known.found)
    if status.verdict == Verdict.UNUSED and known.protections:
        yield NextStep("Nothing: no broker uses the role, and the account is protected.")
    if status.verdict == Verdict.UNUSED:
        yield NextStep("Plan its deletion. That only looks; nothing goes before somebody confirms.", "plan")
    if known.drifted:  # after an offer to delete: that ends the difference, too
        yield NextStep(
            "See how its policy differs from the documented one.", "go", Link("To the permissions", "#permissions")
        )
    if status.verdict == Verdict.IN_USE:
        yield NextStep("Nothing, while its brokers are wanted. A plan would list what has to go with the role.")
    if status.verdict == Verdict.ABSENT:
        yield NextStep("Nothing: AWS creates the role with the next RabbitMQ broker.")
    yield NextStep("Look again: what was read is not enough for a verdict.", "poll")


def _mending(status: RoleStatus, found: Blockers) -> Iterator[NextStep]:
    access, regions = Link("To its access", "#access"), Link("To the regions", "#regions")
    if status.outcome == Outcome.ASSUME_DENIED:
        yield NextStep("Let Rolecall in: the reader role cannot be assumed.", "go", access)
    if status.permission or status.policy_permission:
        yield NextStep(f"Allow {status.permission or status.policy_permission} to the reader role.", "go", access)
    if status.outcome not in (Outcome.OK, Outcome.NEVER):
        yield NextStep("Poll it again; if it still gives no answer, look at its access.", "poll")
    if Flag.PATH_MISMATCH in status.flags:
        yield NextStep("Find out who made a role of AWS’s name.", "go", Link("To the facts", "#role"))
    if status.trust_grade == TrustGrade.TRUST_MISMATCH:
        yield NextStep("Find out who else may assume the role.", "go", Link("To the trust policy", "#trust"))
    if status.verdict == Verdict.UNKNOWN and found.unread:
        yield NextStep("Mend the regions that gave no answer, then poll again.", "go", regions)
