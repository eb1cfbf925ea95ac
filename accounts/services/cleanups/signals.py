"""What a step may come to, other than the next step: each is raised, and `running` acts on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings

from accounts.aws.errors import AwsError, ErrorKind, problem_of
from accounts.domain.cleanups import State

# Questions in a row without an answer, the pause doubling from one to the next: an hour and a half by default.
PATIENCE: Final = 20
LONGEST_PAUSE_SECONDS: Final = 300.0
# What is over when AWS, the network or a session has recovered. A refusal is not.
PASSING: Final = frozenset(
    {
        *(ErrorKind.THROTTLED, ErrorKind.SERVER, ErrorKind.UNREACHABLE, ErrorKind.BROKEN, ErrorKind.EXPIRED),
        *(ErrorKind.WRONG_STATE, ErrorKind.NO_CREDENTIALS, ErrorKind.CLOCK),
    }
)


class Signal(Exception):
    """A step has come as far as it can for now."""


class Again(Signal):
    """Come back in so many seconds; all is well."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds: Final = seconds


class Later(Signal):
    """Wait until a stated time, for a stated reason."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(until, reason)
        self.until: Final = until
        self.reason: Final = reason


class Unanswered(Signal):
    """AWS did not answer. Ask again, `most` times in a row at most."""

    def __init__(self, detail: str, most: int) -> None:
        super().__init__(detail, most)
        self.detail: Final = detail
        self.most: Final = most


class Stop(Signal):
    """The clean-up is at an end, good or bad."""

    def __init__(self, state: State, reason: str, differences: Sequence[str] = ()) -> None:
        super().__init__(state, reason)
        self.state: Final = state
        self.reason: Final = reason
        self.differences: Final = list(differences)


def unanswered(error: AwsError) -> Unanswered:
    """What to do about a question that AWS did not answer: a region is not waited for as long as what passes."""
    passing = error.kind in PASSING and error.action != "mq:ListBrokers"
    return Unanswered(said(error), PATIENCE if passing else settings.CLEANUP_UNKNOWN_TRIES)


def refused(error: AwsError) -> Signal:
    """What to do about a change that AWS did not make: what passes is tried again, a refusal ends the clean-up."""
    return unanswered(error) if error.kind in PASSING else Stop(State.FAILED, said(error))


def said(error: AwsError) -> str:
    """The error for a person: what was asked, what AWS said, and for a refusal what to do."""
    if error.kind in PASSING:
        place = f" in {error.region}" if error.region else ""
        return f"{error.action}{place} was not answered ({error.code}): {error.message}"
    return problem_of(error).detail


def pause_after_misses(misses: int) -> float:
    """Seconds until the next try, after so many in a row that failed."""
    return min(settings.CLEANUP_POLL_SECONDS * 2.0 ** (misses - 1), LONGEST_PAUSE_SECONDS)


def pause_after(seconds_gone: float) -> float:
    """Seconds until the next look at something that AWS is busy with: the longer it takes, the longer the pause."""
    return min(max(settings.CLEANUP_POLL_SECONDS, seconds_gone / 4), 10 * settings.CLEANUP_POLL_SECONDS)
