"""What the guide says of the role beside what an account has: the one is documented, the other is as AWS told it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.domain.outcomes import TrustGrade
from accounts.domain.role import DOCUMENTED_VERSION, ROLE_NAME, ROLE_PATH, SERVICE_PRINCIPAL, policy_arn, role_arn

# IAM remembers a use for this long; a role that was used before it has no record of it.
TRACKING_DAYS: Final = 400


class Agreement(StrEnum):
    """How a fact of the account stands to the documented one."""

    SAME = "same"
    DIFFERS = "differs"
    FREE = "free"  # the guide leaves it to the account
    UNKNOWN = "unknown"
    NO_ROLE = "no_role"


@dataclass(frozen=True, slots=True)
class FoundRole:
    """The role as last read. `read` is True when the last look at it answered, `policy_read` likewise of its policy.

    `trust` is None when the trust policy was never read; `policy_arns` are all the managed policies attached.
    """

    exists: bool | None
    read: bool
    arn: str = ""
    trust: TrustGrade | None = None
    trusted: tuple[str, ...] = ()
    policy_read: bool = False
    policy_arns: tuple[str, ...] = ()
    version: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class RoleFact:
    """One fact: the documented words, those of the account (empty when there are none), and how they agree."""

    name: str
    documented: str
    found: str
    agreement: Agreement


def role_facts(found: FoundRole, partition: str, account_id: str) -> tuple[RoleFact, ...]:
    """Every fact that the guide states, in the order in which people ask. What was not read just now is `unknown`."""
    return tuple(_settled(fact, found) for fact in _facts(found, partition, account_id))


def _facts(found: FoundRole, partition: str, account_id: str) -> Iterator[RoleFact]:
    wanted = role_arn(partition, account_id)
    path, name = _path_and_name(found.arn)
    yield _compared("Name", ROLE_NAME, name)
    yield _compared("Path", ROLE_PATH, path)
    yield _compared("ARN", wanted, found.arn)
    trust = _exactly(found.trust is TrustGrade.EXACT, found.trust is not None)
    yield RoleFact("Trusts", SERVICE_PRINCIPAL, ", ".join(found.trusted), trust)
    yield from _policy_facts(found, partition)
    yield RoleFact("Description", "", found.description, Agreement.FREE)


def _policy_facts(found: FoundRole, partition: str) -> Iterator[RoleFact]:
    """AWS's own partitions name the policy by the partition's ARN; `aws` is taken for the same."""
    documented = (policy_arn(partition), policy_arn("aws"))
    own = [arn for arn in found.policy_arns if arn in documented]
    others = [arn for arn in found.policy_arns if arn not in documented]
    if found.exists and not found.policy_read:
        unread = Agreement.UNKNOWN
        yield RoleFact("Policy", documented[0], ", ".join(own), unread)
        yield RoleFact("Policy version", DOCUMENTED_VERSION, found.version, unread)
        yield RoleFact("Further policies", "none", ", ".join(others), unread)
        return
    yield RoleFact("Policy", documented[0], ", ".join(own) or "not attached", _exactly(bool(own), True))
    yield _compared("Policy version", DOCUMENTED_VERSION, found.version)
    yield RoleFact("Further policies", "none", ", ".join(others) or "none", _exactly(not others, True))


def _compared(name: str, documented: str, found: str) -> RoleFact:
    return RoleFact(name, documented, found, _exactly(found == documented, bool(found)))


def _exactly(same: bool, known: bool) -> Agreement:
    if not known:
        return Agreement.UNKNOWN
    return Agreement.SAME if same else Agreement.DIFFERS


def _settled(fact: RoleFact, found: FoundRole) -> RoleFact:
    """A fact of a role that is not there has no value; one that was not read just now is not vouched for."""
    if found.exists is False and found.read:
        return RoleFact(fact.name, fact.documented, "", Agreement.NO_ROLE)
    if found.exists is None or not found.read:
        return RoleFact(fact.name, fact.documented, fact.found if found.exists else "", Agreement.UNKNOWN)
    return fact


def _path_and_name(arn: str) -> tuple[str, str]:
    """The two parts of `arn:…:role/PATH/NAME`; both empty for what is no ARN of a role."""
    _, marker, rest = arn.partition(":role/")
    path, _, name = rest.rpartition("/")
    return (f"/{path}/" if path else "/", name) if marker else ("", "")
