"""Seeded worlds of accounts, brokers and faults, and what a poll of them must come to, told without asking Rolecall."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from accounts.domain.regions import DEFAULT_REGION
from dashboard.demo.local_aws.client import LocalAws
from tests.causes import CAUSES, Says

ENGINES = ("RabbitMQ", "RabbitMQ", "ActiveMQ", "Artemis")
STATES = ("RUNNING", "RUNNING", "RUNNING", "CREATION_IN_PROGRESS", "CRITICAL_ACTION_REQUIRED", "HIBERNATING")
SIZES = (0, 0, 0, 0, 0, 1, 1, 2, 3, 7)
FULL_PAGES = (99, 100, 101, 200)
OFF = ("DISABLED", "DISABLING", "ENABLING")
NOT_LISTED = [{"action": "account:ListRegions"}]

OK: Final = Says("ok", "", "")
DENIED_BY_SCP: Final = Says("denied", "AccessDeniedException", "A service control policy", "mq:ListBrokers")
UNKNOWN_THERE: Final = Says("region_disabled", "UnrecognizedClientException", "The region is not enabled")
KEPT_OUT: Final = Says("assume_denied", "AccessDenied", "Check in the account", "sts:AssumeRole")

# What heals within the two tries that the SDK is given, or only takes its time.
HEALING: Final[dict[str, dict[str, Any]]] = {
    "heals: 500": {"status": 500, "code": "InternalServerErrorException", "times": 1},
    "heals: throttled": {"status": 400, "code": "ThrottlingException", "times": 1},
    "heals: reset": {"reset": True, "times": 1},
    "heals: expired": {"status": 403, "code": "ExpiredTokenException", "times": 1},
    "heals: an empty page with a token": {"body": '{"brokerSummaries": [], "nextToken": "ZnJvbTow"}', "times": 1},
    "heals: late": {"delay": 0.3},
}
# What keeps Rolecall out of a whole account: a change of the account, or a rule; and what every cell must then say.
DOORS: Final[dict[str, tuple[dict[str, Any], dict[str, Any], Says]]] = {
    "open": ({}, {}, OK),
    "another external id": ({"external_id": "somebody-else"}, {}, KEPT_OUT),
    "refused": ({"denials": [{"action": "sts:AssumeRole"}]}, {}, KEPT_OUT),
    "throttled": ({}, {"status": 400, "code": "Throttling"}, Says("throttled", "Throttling", "sts:AssumeRole")),
    "reset": ({}, {"reset": True}, Says("unreachable", "ConnectionClosedError", "No answer to sts:AssumeRole")),
    "broken": ({}, {"html": True, "status": 200}, Says("failed", "ResponseParserError", "sts:AssumeRole")),
    "another's": ({}, {"owner": "999988887777"}, Says("failed", "WrongAccount", "was thrown away")),
}
ROLES: Final[dict[str, tuple[dict[str, Any], Says]]] = {
    "there": ({}, OK),
    "none": ({}, OK),
    "denied": ({"status": 403, "code": "AccessDenied"}, Says("denied", "AccessDenied", "", "iam:GetRole")),
    "faulty": ({"status": 500, "code": "ServiceFailure"}, Says("failed", "ServiceFailure", "iam:GetRole")),
}


@dataclass(frozen=True, slots=True)
class Place:
    """One region of one account: is it on, who is there, and what goes wrong."""

    brokers: tuple[Mapping[str, str], ...]
    state: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One account in one round."""

    account_id: str
    partition: str
    door: str
    role: str
    listed: bool
    places: Mapping[str, Place] = field(default_factory=dict)

    def cell(self, region: str) -> Says:
        """What the cell must say after this round."""
        place, listed = self.places[region], self.listed and self.partition == "aws"
        if self.door != "open":
            return DOORS[self.door][2]
        if place.state in ("DISABLED", "DISABLING") and listed:
            return Says("region_disabled", place.state, f"AWS lists the region as {place.state}")
        if place.state in ("DISABLED", "ENABLING"):
            return UNKNOWN_THERE
        if place.cause == "denied by the account's SCP":
            return DENIED_BY_SCP
        return CAUSES[place.cause][1] if place.cause in CAUSES else OK

    def role_says(self) -> Says:
        """What the role's last look must say after this round."""
        return DOORS[self.door][2] if self.door != "open" else ROLES[self.role][1]

    def play(self, aws: LocalAws) -> None:
        """Make the local AWS so."""
        change, rule, _ = DOORS[self.door]
        denials = [*change.get("denials", ()), *([] if self.listed else NOT_LISTED), *self._denials()]
        described = {
            "partition": self.partition,
            "external_id": f"ext-{self.account_id}",
            "role": None if self.role == "none" else {},
            "regions": {code: place.state for code, place in self.places.items() if place.state},
            "brokers": [broker for place in self.places.values() for broker in place.brokers],
        }
        aws.put_account(self.account_id, **{**described, **change, "denials": denials})
        for fault in self._faults(rule):
            aws.add_fault(account=self.account_id, **fault)

    def _denials(self) -> list[dict[str, str]]:
        shut = [code for code, place in self.places.items() if place.cause == "denied by the account's SCP"]
        return [{"action": "mq:*", "region": code, "by": "scp"} for code in shut]

    def _faults(self, door: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        if door:
            yield {"service": "sts", "action": "^AssumeRole$", **door}
        if ROLES[self.role][0]:
            yield {"service": "iam", "action": "^GetRole$", **ROLES[self.role][0]}
        for code, place in self.places.items():
            rule = HEALING.get(place.cause) or CAUSES.get(place.cause, ({},))[0]
            if rule:
                yield {"service": "mq", "region": code, **rule}


def draw(rnd: random.Random, account_id: str, partition: str, regions: Mapping[str, bool], calm: bool) -> Plan:
    """One account for one round; `regions` says which ones are opt-in. In a calm round next to nothing goes wrong."""
    trouble = 0.02 if calm else 0.25
    door = rnd.choice(list(DOORS)) if rnd.random() < trouble / 2 else "open"
    role = rnd.choice(list(ROLES)) if rnd.random() < trouble else "there"
    places = {}
    for code, opt_in in regions.items():
        cause = rnd.choice([*CAUSES, *HEALING, "denied by the account's SCP"]) if rnd.random() < trouble else ""
        state = "" if partition != "aws" or code == DEFAULT_REGION[partition] else _state(rnd, opt_in)
        places[code] = Place(_brokers(rnd, account_id, code, cause), state, "" if state in OFF else cause)
    return Plan(account_id, partition, door, role, rnd.random() > trouble / 2, places)


def _state(rnd: random.Random, opt_in: bool) -> str:
    if opt_in:
        return rnd.choice(("ENABLED", "ENABLED", "DISABLED", "DISABLING", "ENABLING"))
    return rnd.choice(OFF) if rnd.random() < 0.02 else ""


def _brokers(rnd: random.Random, account_id: str, region: str, cause: str) -> tuple[Mapping[str, str], ...]:
    number = rnd.choice(FULL_PAGES) if rnd.random() < 0.005 else rnd.choice(SIZES)
    if cause == "another account's ARN":
        number = max(number, 1)  # an empty list names nobody
    return tuple(
        {
            "region": region,
            "name": f"{account_id}-{region}-{one}",
            "engine": rnd.choice(ENGINES),
            "engine_version": "1.0",
            "state": rnd.choice(STATES),
        }
        for one in range(number)
    )
