"""Trying, as an account's session, every call that changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from accounts.aws.answers import answering
from accounts.aws.clients import Clients, signing_as
from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.errors import AwsError, ErrorKind, problem_of
from accounts.domain.access import CHANGES, CallCheck, Result, is_changing
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role import DOCUMENTED_VERSION, ROLE_NAME, ROLE_PATH, policy_arn

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_mq import MQClient

# Nothing has this name or this id: AWS's own answer that it cannot be found proves the permission. Not just any 404: a
# proxy's proves nothing.
_NOT_THERE: Final = frozenset({"NoSuchEntity", "NotFoundException"})
_NO_POLICY: Final = "rolecall-checks-its-permission"
_NO_TASK: Final = f"task{ROLE_PATH}{ROLE_NAME}/00000000-0000-0000-0000-000000000000"
NO_BROKER: Final = "There is no broker in the account to try it on."
NOT_ASKED_HERE: Final = "Rolecall does not ask it in this partition, whose regions cannot be switched off."

_MENDED_BY_ADDING: Final = frozenset({"", "identity policy", "permissions boundary"})


@dataclass(frozen=True, slots=True)
class KnownBroker:
    """A broker of the account, to try the calls that need one."""

    broker_id: str
    arn: str
    region: str


class CallTrier:
    """Tries calls with one session. What AWS answers is not kept, only whether it did."""

    def __init__(
        self, clients: Clients, partition: str, session: TemporaryCredentials, broker: KnownBroker | None
    ) -> None:
        self._clients = clients
        self._partition = partition
        self._session = session
        self._broker = broker
        self._region = DEFAULT_REGION[partition]

    def check(self, action: str) -> CallCheck:
        """Try one call, or say why it is not tried. Raises LookupError for a call that Rolecall never makes."""
        if is_changing(action):
            return CallCheck(action, Result.NOT_TRIED, detail=CHANGES)
        if action in _ON_IAM:
            iam, arn = self._clients.iam(self._partition), policy_arn(self._partition)
            return self._try(action, lambda: _ON_IAM[action](iam, arn))
        return self._elsewhere()[action]()

    def _elsewhere(self) -> Mapping[str, Callable[[], CallCheck]]:
        return {
            "mq:ListBrokers": lambda: self._try("mq:ListBrokers", self._clients.mq(self._region).list_brokers),
            "account:ListRegions": self._list_regions,
            "mq:DescribeBroker": lambda: self._on_a_broker(
                "mq:DescribeBroker", lambda mq, broker: mq.describe_broker(BrokerId=broker.broker_id)
            ),
            "mq:ListTags": lambda: self._on_a_broker(
                "mq:ListTags", lambda mq, broker: mq.list_tags(ResourceArn=broker.arn)
            ),
        }

    def _list_regions(self) -> CallCheck:
        if self._partition != "aws":
            return CallCheck("account:ListRegions", Result.NOT_TRIED, detail=NOT_ASKED_HERE)
        return self._try("account:ListRegions", self._clients.account(self._region).list_regions)

    def _on_a_broker(self, action: str, call: Callable[[MQClient, KnownBroker], object]) -> CallCheck:
        if (broker := self._broker) is None:
            return CallCheck(action, Result.NOT_TRIED, detail=NO_BROKER)
        mq = self._clients.mq(broker.region)
        return self._try(action, lambda: call(mq, broker), broker.region)

    def _try(self, action: str, call: Callable[[], object], region: str = "") -> CallCheck:
        try:
            with signing_as(self._session), answering(action, region):
                call()
        except AwsError as error:
            return _check_of(error)
        return CallCheck(action, Result.ALLOWED)


def _check_of(error: AwsError) -> CallCheck:
    if error.code in _NOT_THERE:
        return CallCheck(error.action, Result.ALLOWED)
    result = Result.DENIED if error.kind is ErrorKind.ACCESS_DENIED else Result.UNKNOWN
    outright = "explicit deny" in error.message
    add = result is Result.DENIED and not outright and error.denied_by in _MENDED_BY_ADDING
    return CallCheck(error.action, result, error.denied_by, problem_of(error).detail, add)


# Each asks something that changes nothing; the second argument is the ARN of the role's policy.
_ON_IAM: Final[Mapping[str, Callable[[IAMClient, str], object]]] = {
    "iam:GetRole": lambda iam, _: iam.get_role(RoleName=ROLE_NAME),
    "iam:ListAttachedRolePolicies": lambda iam, _: iam.list_attached_role_policies(RoleName=ROLE_NAME),
    "iam:ListRolePolicies": lambda iam, _: iam.list_role_policies(RoleName=ROLE_NAME),
    "iam:GetRolePolicy": lambda iam, _: iam.get_role_policy(RoleName=ROLE_NAME, PolicyName=_NO_POLICY),
    "iam:GetServiceLinkedRoleDeletionStatus": lambda iam, _: iam.get_service_linked_role_deletion_status(
        DeletionTaskId=_NO_TASK
    ),
    "iam:GetPolicy": lambda iam, arn: iam.get_policy(PolicyArn=arn),
    "iam:GetPolicyVersion": lambda iam, arn: iam.get_policy_version(PolicyArn=arn, VersionId=DOCUMENTED_VERSION),
    "iam:ListPolicyVersions": lambda iam, arn: iam.list_policy_versions(PolicyArn=arn),
    "iam:ListAccountAliases": lambda iam, _: iam.list_account_aliases(),
}
