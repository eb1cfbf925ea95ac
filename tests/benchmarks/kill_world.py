"""The accounts and clean-ups of the kill benchmark, what happens to them, and what must be true at the end."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from accounts.domain.cleanups import ENDS, State
from accounts.domain.role import ROLE_NAME
from accounts.models import Account, Cleanup, JournalEntry
from accounts.services.cleanups.tending import ring_soon
from dashboard.demo.local_aws.client import LocalAws
from tests.services.cleanups.factories import approved_cleanup

T = TypeVar("T")
REGIONS = ("eu-west-1", "us-east-1", "ap-south-1")
THREE = [{"region": region, "name": "orders", "engine": "RabbitMQ"} for region in REGIONS]
KEPT = [{"region": "eu-west-2", "name": "kept", "engine": "ActiveMQ"}]
# What may be the matter with an account.
KINDS: dict[str, dict[str, Any]] = {
    "unused role": {},
    "brokers in three regions": {"brokers": [*THREE, *KEPT]},
    "FAILED, then success": {"brokers": THREE[:1], "deletion": {"fail_times": 2}},
    "a new broker appears": {"brokers": [*THREE, *KEPT]},
    "purged task": {"brokers": THREE[1:2], "deletion": {"purge_task": True}},
    "slow IAM": {"deletion": {"role_visible_reads": 6}},
    "made anew": {"deletion": {"recreate": True}},
}
NEW = "new"


class KillWorld:
    """So many accounts with a clean-up each, and some without, which nothing may happen to."""

    def __init__(self, aws: LocalAws, number: int, chance: random.Random) -> None:
        self.aws = aws
        self.chance = chance
        self.kinds = {f"{500000000000 + one}": list(KINDS)[one % len(KINDS)] for one in range(number)}
        self.bystanders = [f"{600000000000 + one}" for one in range(max(2, number // 10))]
        self.surprises: list[str] = []

    def make(self) -> None:
        """Make all of it, ready to be carried out."""
        self.aws.set(broker_delete_seconds=2, role_delete_seconds=1)
        self.surprises = [account_id for account_id, kind in self.kinds.items() if kind == "a new broker appears"]
        self.chance.shuffle(self.surprises)
        for account_id in self.bystanders:
            self._account(account_id, {"brokers": [*THREE, *KEPT]})
        cleanups = [
            approved_cleanup(self._account(account_id, KINDS[kind]), self.aws)
            for account_id, kind in self.kinds.items()
        ]
        for cleanup in cleanups:
            ring_soon(cleanup.pk)

    def _account(self, account_id: str, description: dict[str, Any]) -> Account:
        self.aws.put_account(account_id, external_id=f"ext-{account_id}", **{"role": {}, **description})
        return Account.objects.create(
            account_id=account_id,
            name=f"kill-{account_id[-4:]}",
            partition="aws",
            reader_role_arn=f"arn:aws:iam::{account_id}:role/MqSlrReader",
            cleaner_role_arn=f"arn:aws:iam::{account_id}:role/MqSlrCleaner",
            external_id=f"ext-{account_id}",
            paused=True,  # no schedule beside the clean-ups
        )

    def disturb(self) -> None:
        """Now and then a new broker appears where a clean-up is due or running."""
        if self.surprises and self.chance.random() < 0.1:
            self.aws.add_broker(self.surprises.pop(), self.chance.choice(["eu-west-1", "us-west-2"]), NEW)

    def all_over(self) -> bool:
        """Whether every clean-up is at an end; no while the database is away."""
        left = _patiently(lambda: Cleanup.objects.exclude(state__in=ENDS).count(), tries=1)
        return left == 0 and not self.surprises

    def ends(self) -> Counter[str]:
        """How many ended how."""
        return Counter(_patiently(lambda: list(Cleanup.objects.values_list("state", flat=True))) or [])

    def deletions(self) -> Counter[str]:
        """How often each call that deletes was made."""
        return Counter(call["action"] for call in self._deleting_calls())

    def _deleting_calls(self) -> list[dict[str, Any]]:
        return [call for call in self.aws.changes() if call["action"].startswith("Delete")]

    def wrongs(self) -> list[str]:
        """Everything that must not be."""
        found = _patiently(lambda: [*self._ends(), *self._calls(), *self._journal(), *self._left()])
        return found if found is not None else ["the database did not answer"]

    def _ends(self) -> Iterator[str]:
        for cleanup in Cleanup.objects.select_related("account"):
            kind = self.kinds[cleanup.account.account_id]
            good = {State.DONE, State.VOID} if kind == "a new broker appears" else {State.DONE}
            if cleanup.state not in good:
                yield f"{cleanup} ({kind}) is {cleanup.state}: {cleanup.reason}"

    def _calls(self) -> Iterator[str]:
        """No deletion outside a plan, and none before its intent stood in the journal."""
        planned: dict[tuple[str, str], datetime] = {}
        for entry in JournalEntry.objects.filter(deletes=True).select_related("cleanup__account").order_by("-at"):
            resource = ROLE_NAME if entry.action.startswith("iam:") else entry.target.rpartition(":")[2]
            planned[entry.cleanup.account.account_id, resource] = entry.at
        allowed = {
            (cleanup.account.account_id, resource)
            for cleanup in Cleanup.objects.select_related("account")
            if cleanup.plan
            for resource in (*(broker.broker_id for broker in cleanup.plan.deletes), ROLE_NAME)
        }
        for call in self._deleting_calls():
            key = (call["key_account"], call["resource"])
            if key not in allowed:
                yield f"{call['action']} of {key}, which is in no plan"
            elif key not in planned or planned[key] > datetime.fromisoformat(call["at"]):
                yield f"{call['action']} of {key} before its intent was written down"

    def _journal(self) -> Iterator[str]:
        for entry in JournalEntry.objects.filter(answered_at__isnull=True):
            yield f"{entry.cleanup} has an entry without an answer: {entry.intent}"

    def _left(self) -> Iterator[str]:
        """What no plan named is all there."""
        world = self.aws.world()["accounts"]
        for account_id in self.bystanders:
            names = _brokers(world[account_id])
            if not world[account_id]["role_present"] or names != ["kept", *["orders"] * 3]:
                yield f"{account_id} has no clean-up and lost something: {names}"
        for cleanup in Cleanup.objects.select_related("account"):
            account_id = cleanup.account.account_id
            kind, account = self.kinds[account_id], world[account_id]
            kept = ["kept"] if KEPT[0] in KINDS[kind].get("brokers", []) else []
            if [name for name in _brokers(account) if name == "kept"] != kept:
                yield f"{cleanup} ({kind}) lost a broker that its plan keeps"
            if kind == "a new broker appears" and NEW not in _brokers(account):
                yield f"{cleanup} lost a broker that its plan does not know"
            should_stand = (cleanup.state == State.VOID and not cleanup.attempts) or kind == "made anew"
            if should_stand != account["role_present"]:
                yield f"{cleanup} ({kind}) is {cleanup.state}, and the role is there: {account['role_present']}"


def _brokers(account: dict[str, Any]) -> list[str]:
    return sorted(broker["name"] for region in account["regions"].values() for broker in region["brokers"])


def _patiently(question: Callable[[], T], tries: int = 50) -> T | None:
    """Ask the database, which may have been killed a moment ago; None when it never answers."""
    for _ in range(tries):
        try:
            close_old_connections()
            return question()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.2 if tries > 1 else 0)
    return None
