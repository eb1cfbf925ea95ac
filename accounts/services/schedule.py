"""When each account is asked next, and who may hold that up."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Least
from django.utils import timezone

from accounts.domain.schedule import spread
from accounts.models import Account, PollingPause
from accounts.services import audit
from accounts.services.acts import Switch, one, perform

_chance = random.SystemRandom()
MOST_FAILED_POLLS = 999  # beyond it nothing changes, and the column has an end


def move_next_polls(accounts: Iterable[Account], now: datetime) -> None:
    """Set when each account is due again: its spacing, spread so that accounts taken together drift apart."""
    _set_next_polls({account.pk: now + _until_next(account) for account in accounts})


def give_places_back(accounts: QuerySet[Account]) -> None:
    """Undo `move_next_polls` for accounts that were not asked after all: due as reckoned from their last look.

    One that was never looked at is due at once; none becomes due later than it is.
    """
    places: dict[int, datetime | None] = {}
    for account in accounts.select_related("role_status"):
        status = getattr(account, "role_status", None)
        looked = status.checked_at if status else None
        place = looked + _until_next(account) if looked else None
        places[account.pk] = min(place, account.next_poll_at or place) if place else None
    _set_next_polls(places)


def _set_next_polls(moved: Mapping[int, datetime | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_account SET next_poll_at = moved.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved(id, at) WHERE accounts_account.id = moved.id",
            [list(moved), list(moved.values())],
        )


def _until_next(account: Account) -> timedelta:
    return timedelta(seconds=spread(account.asked_every, settings.POLL_JITTER_PERCENT, _chance.random()))


def note_refusal(account_pk: int) -> None:
    """Count a poll that the account refused: it is asked again later than usual."""
    one_more = Least(F("failed_polls") + 1, Value(MOST_FAILED_POLLS))
    Account.objects.filter(pk=account_pk).update(failed_polls=one_more)
    move_next_polls(Account.objects.filter(pk=account_pk), timezone.now())


def note_success(account_pk: int) -> None:
    """Forget the refusals of an account that has answered: it is asked at its own interval again."""
    if Account.objects.filter(pk=account_pk, failed_polls__gt=0).update(failed_polls=0):
        move_next_polls(Account.objects.filter(pk=account_pk), timezone.now())


PAUSE: Final = Switch("pause account", "paused", True)
RESUME: Final = Switch("resume account", "paused", False)


def set_account_paused(account: Account, paused: bool, actor: str) -> bool:
    """Stop or resume asking one account by schedule. False: it was so already, and nothing was noted."""
    done = perform(PAUSE if paused else RESUME, one(account), actor)
    account.paused = paused
    return done.entry is not None


@dataclass(frozen=True)
class SetInterval:
    """Gives accounts an interval of their own in seconds, from the next poll on; None is the default."""

    seconds: int | None
    action: str = "set interval"
    fields: Sequence[str] = ("poll_interval_seconds",)

    @property
    def detail(self) -> str:
        """The interval."""
        return f"{self.seconds} s" if self.seconds else "the default"

    def change(self, account: Account) -> None:
        """Set it."""
        account.poll_interval_seconds = self.seconds

    def settle(self, accounts: Sequence[Account]) -> None:
        """Their next polls are reckoned anew."""
        move_next_polls(accounts, timezone.now())


def set_interval(account: Account, seconds: int | None, actor: str) -> bool:
    """Give an account an interval of its own, from its next poll on; None is the default. False: it had it already."""
    done = perform(SetInterval(seconds), one(account), actor)
    account.poll_interval_seconds = seconds
    return done.entry is not None


def polling_pause() -> PollingPause | None:
    """The pause of all polling, if there is one."""
    return PollingPause.objects.first()


def pause_polling(actor: str) -> bool:
    """Begin no sweep by schedule any more; what a person asks for is polled all the same. False: it was paused."""
    with transaction.atomic():
        _, made = PollingPause.objects.get_or_create(pk=PollingPause.ONLY, defaults={"by": actor[:150]})
        if made:
            audit.note(actor, "pause polling")
    return made


def resume_polling(actor: str) -> bool:
    """Let the schedule begin sweeps again. False: it was not paused."""
    with transaction.atomic():
        ended, _ = PollingPause.objects.all().delete()
        if ended:
            audit.note(actor, "resume polling")
    return bool(ended)
