"""One worker's turn at a clean-up: the plan, the reader's gateway, the gate before each change, and the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.aws.cleaner import Cleaner, Receipt
from accounts.aws.errors import AwsError
from accounts.aws.gateway import Gateway
from accounts.domain.cleanups import RoleNow, State
from accounts.domain.plans import Difference, Plan, World, another_account, difference
from accounts.domain.protection import Rule, frozen_until
from accounts.models import Cleanup, JournalEntry, SealedCredential
from accounts.services.cleanups import claims, gates, journal, looking
from accounts.services.cleanups.signals import Again, Later, Signal, Stop, Unanswered, refused, said
from accounts.services.credentials import NarrowSession, StoredSession, shared_clients

# Well within a task's soft time limit, also when the last step asks every region: then another worker takes over.
TURN_SECONDS: Final = 90.0
OFF: Final = "It was read when the plan was drawn, and AWS says that it is off now."
CHANGED: Final = "The world has changed since the plan was drawn."
ANOTHER_ROLE: Final = "The role is not the plan's: it was deleted and made anew since."


@dataclass
class Turn:
    """What the steps share while one worker holds the clean-up."""

    cleanup: Cleanup
    plan: Plan
    ends: float

    @classmethod
    def of(cls, cleanup: Cleanup) -> Turn:
        """A turn that begins now. Raises ValueError when the plan cannot be read, Stop when it is another account's."""
        if cleanup.plan is None:
            raise ValueError(f"{cleanup} has no plan")
        turn = cls(cleanup, cleanup.plan, monotonic() + TURN_SECONDS)
        turn.void_if_moved()
        return turn

    def void_if_moved(self) -> None:
        """Raise Stop when the account is in another partition by now: what is missing there proves nothing here."""
        if moved := another_account(self.plan, self.cleanup.account.partition):
            raise Stop(State.VOID, CHANGED, [moved])

    @cached_property
    def session(self) -> StoredSession:
        """The reader's session: looking never needs more."""
        session = StoredSession(self.cleanup.account, SealedCredential.Purpose.READER)
        session.load()
        return session

    @cached_property
    def reader(self) -> Gateway:
        """The account as the reader sees it."""
        account = self.cleanup.account
        return Gateway(shared_clients(), account.account_id, account.partition, self.session)

    def keep_session(self) -> None:
        """Store a session of the reader that is new, for the next turn and the next poll."""
        if "session" in self.__dict__:
            self.session.save()

    def rest(self) -> None:
        """Let another worker go on when this turn has taken long enough. Raises Again."""
        if monotonic() > self.ends:
            raise Again(0)

    def gate(self) -> None:
        """Go on only if nothing forbids a change at this moment. Raises Lost, Stop or Later."""
        claims.hold(self.cleanup)
        self.cleanup.account.refresh_from_db()
        self.void_if_moved()
        refusals = [one.detail for one in gates.refusals_now(self.cleanup) if one.rule is not Rule.FREEZE]
        if refusals:
            raise Stop(State.FAILED, " ".join(refusals))
        if until := frozen_until(timezone.now(), settings.CLEANUP_PROTECTION.freezes):
            raise Later(until, f"Nothing is deleted before {until:%Y-%m-%d %H:%M} UTC (CLEANUP_FREEZE).")

    def role(self) -> RoleNow:
        """The role at this moment, beside the plan's."""
        facts = self.reader.role()
        if facts is None:
            return RoleNow.GONE
        return RoleNow.SAME if facts.role_id == self.plan.role_id else RoleNow.OTHER

    def look(self, why: str) -> World:
        """Look at every region. Raises Stop when the plan does not hold any more, Unanswered while nobody can tell."""
        self.keep_session()  # the look takes it from the table
        entry = journal.intend(self.cleanup, journal.LOOK, self.plan.account_id, why)
        world = looking.world_now(self.cleanup.account)
        found = difference(self.plan, world)
        code = "Differs" if found.voids else "Unanswered" if found.newly_unknown else ""
        journal.answer(entry, ". ".join(found.sentences()) or "As the plan says.", code)
        self.void_if_new(world)
        if found.newly_unknown:
            why_not = " ".join(f"{region}: {world.unknown.get(region, OFF)}" for region in found.newly_unknown)
            raise Unanswered(f"Not every region could be read. {why_not}", settings.CLEANUP_UNKNOWN_TRIES)
        return world

    def void_if_another_role(self) -> None:
        """Raise Stop when the role is another than the plan's. One that is gone stops no broker from going."""
        if self.plan.role_arn and self.role() is RoleNow.OTHER:
            raise Stop(State.VOID, CHANGED, [ANOTHER_ROLE])

    def void_if_new(self, world: World) -> None:
        """Raise Stop when there is a broker that the plan does not know. The role is `steps_role.settle`'s."""
        seen = Difference(difference(self.plan, world).new_brokers)
        if seen.voids:
            raise Stop(State.VOID, CHANGED, seen.sentences())

    def change(
        self, action: str, target: str, intent: str, session_policy: str, call: Callable[[Cleaner], Receipt]
    ) -> Receipt:
        """Make one change: gate, intent, a session for this change alone, the lease renewed, the call, the answer.

        Raises AwsError when AWS says no, Lost when it was not sent because somebody stopped it, and the signal for
        what else kept it from being sent.
        """
        self.gate()  # once more: the looks since the last time may have taken minutes
        entry = journal.intend(self.cleanup, action, target, intent, deletes=True)
        account = self.cleanup.account
        session = NarrowSession(account, session_policy)
        cleaner = Cleaner(shared_clients(), account.account_id, account.partition, session)
        self._ready(entry, cleaner)
        try:
            receipt = call(cleaner)
        except AwsError as error:
            journal.answer(entry, said(error), error.code, error.request_id)
            raise
        journal.answer(entry, "AWS has taken it on.", request_id=receipt.request_id)
        return receipt

    def _ready(self, entry: JournalEntry, cleaner: Cleaner) -> None:
        try:
            cleaner.sign_in()
            self.gate()  # last: signing in may have taken a while
        except AwsError as error:
            journal.answer(entry, f"Not sent. {said(error)}", journal.NOT_SENT, error.request_id)
            raise refused(error) from error
        except (claims.Lost, Signal) as stopped:
            why = getattr(stopped, "reason", "the clean-up was stopped, or taken over by another worker.")
            journal.answer(entry, f"Not sent: {why}", journal.NOT_SENT)
            raise
