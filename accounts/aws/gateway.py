"""Everything that Rolecall asks of one AWS account, on one page. Building a gateway makes no call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from accounts.aws.answers import (
    answering,
    broken,
    broker_facts,
    broker_now,
    check_owner,
    deletion_status,
    last_connection,
    role_facts,
    text,
)
from accounts.aws.clients import Clients, signing_as
from accounts.aws.credentials import CredentialSource
from accounts.aws.errors import AwsError, ErrorKind
from accounts.aws.tally import MQ_BURST, MQ_RATE, Tally, Watch, watching
from accounts.domain.cleanups import DeletionStatus, TaskStatus
from accounts.domain.identifiers import parse_arn
from accounts.domain.pacing import TokenBucket
from accounts.domain.plans import PlannedBroker
from accounts.domain.readings import BrokerFacts, LastConnection, PolicyVersionFacts, RoleFacts
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role import ROLE_NAME

if TYPE_CHECKING:
    from mypy_boto3_account.type_defs import ListRegionsRequestTypeDef
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionTypeDef,
        GetMetricDataInputTypeDef,
        MetricDataQueryTypeDef,
        MetricTypeDef,
    )
    from mypy_boto3_iam.type_defs import ListAttachedRolePoliciesRequestTypeDef, ListRolePoliciesRequestTypeDef
    from mypy_boto3_mq.type_defs import ListBrokersRequestTypeDef

T = TypeVar("T")

BROKERS_A_PAGE: Final = 100  # the most that Amazon MQ takes; its own default of 20 would mean five times the calls
REGIONS_A_PAGE: Final = 50  # the most that ListRegions takes: all regions in one call
PROBE_SECONDS: Final = 45.0  # all pages of one region: 10,000 brokers at Amazon MQ's pace take 10 s
MAX_PAGES: Final = 300  # far beyond any quota: a server that never ends its list is broken


# CloudWatch keeps hours for 455 days; a quarter says enough of a broker, and fits into one answer.
CONNECTIONS_REACH_BACK: Final = timedelta(days=90)


def _connections_of(name: str, number: str) -> MetricDataQueryTypeDef:
    dimensions: list[DimensionTypeDef] = [{"Name": "Broker", "Value": name}]
    metric: MetricTypeDef = {"Namespace": "AWS/AmazonMQ", "MetricName": "ConnectionCount", "Dimensions": dimensions}
    return {"Id": number, "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Maximum"}}


def _later(one: LastConnection | None, other: LastConnection) -> LastConnection:
    if one is None:
        return other
    times = [found.at for found in (one, other) if found.at]
    return LastConnection(one.known or other.known, max(times, default=None))


class Gateway:
    """One account's answers as frozen facts. Methods raise AwsError and nothing else; threads may share it."""

    def __init__(
        self,
        clients: Clients,
        account_id: str,
        partition: str,
        source: CredentialSource,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self._clients = clients
        self._source = source
        self._probe_seconds = probe_seconds
        self._default_region = DEFAULT_REGION[partition]
        self._works: bool | None = None
        self._works_lock = threading.Lock()
        self.account_id: Final = account_id
        self.partition: Final = partition
        self.tally: Final = Tally()
        self._paces: dict[str, TokenBucket] = {}

    def sign_in(self) -> None:
        """Have a session, so that one refusal to hand one out is not met again by every question."""
        with watching(Watch(self.tally)):
            self._source.current()

    def role(self) -> RoleFacts | None:
        """The role; None when IAM itself says that there is no such role."""

        def get_role() -> RoleFacts:
            answer = self._clients.iam(self.partition).get_role(RoleName=ROLE_NAME)
            return role_facts(answer["Role"], self.account_id)

        try:
            return self._ask("iam:GetRole", get_role)
        except AwsError as error:
            if error.code == "NoSuchEntity":  # not just any 404: a proxy's would make a role vanish
                return None
            raise

    def attached_policy_arns(self) -> tuple[str, ...]:
        """The managed policies attached to the role."""
        action = "iam:ListAttachedRolePolicies"

        def page(marker: str) -> tuple[list[str], str]:
            request: ListAttachedRolePoliciesRequestTypeDef = {"RoleName": ROLE_NAME}
            if marker:
                request["Marker"] = marker
            answer = self._clients.iam(self.partition).list_attached_role_policies(**request)
            arns = [text(policy, "PolicyArn") for policy in answer["AttachedPolicies"]]
            for arn in arns:
                check_owner(parse_arn(arn), self.account_id, action, aws_too=True)
            return arns, answer["Marker"] if answer["IsTruncated"] else ""

        return tuple(self._all_pages(action, page))

    def policy(self, arn: str) -> PolicyVersionFacts:
        """The default version of a managed policy."""

        def default_version() -> str:
            policy = self._clients.iam(self.partition).get_policy(PolicyArn=arn)["Policy"]
            check_owner(parse_arn(text(policy, "Arn")), self.account_id, "iam:GetPolicy", aws_too=True)
            if policy["Arn"] != arn:
                raise ValueError("another policy's answer")
            return text(policy, "DefaultVersionId")

        def document() -> object:
            iam = self._clients.iam(self.partition)
            return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

        version = self._ask("iam:GetPolicy", default_version)
        return PolicyVersionFacts(arn, version, self._ask("iam:GetPolicyVersion", document))

    def inline_policy_names(self) -> tuple[str, ...]:
        """The names of the role's inline policies."""

        def page(marker: str) -> tuple[list[str], str]:
            request: ListRolePoliciesRequestTypeDef = {"RoleName": ROLE_NAME}
            if marker:
                request["Marker"] = marker
            answer = self._clients.iam(self.partition).list_role_policies(**request)
            return list(answer["PolicyNames"]), answer["Marker"] if answer["IsTruncated"] else ""

        return tuple(self._all_pages("iam:ListRolePolicies", page))

    def brokers(self, region: str) -> tuple[BrokerFacts, ...]:
        """All brokers of a region. A region that is off in this account is the error kind `region_disabled`."""

        def page(token: str) -> tuple[list[BrokerFacts], str]:
            request: ListBrokersRequestTypeDef = {"MaxResults": BROKERS_A_PAGE}
            if token:
                request["NextToken"] = token
            answer = self._clients.mq(region).list_brokers(**request)
            facts = [broker_facts(broker, self.account_id, region) for broker in answer["BrokerSummaries"]]
            return facts, answer.get("NextToken", "")

        try:
            found = self._all_pages("mq:ListBrokers", page, region)
        except AwsError as error:
            if error.kind is ErrorKind.BAD_CREDENTIALS and self._only_fails_in(region):
                raise AwsError(ErrorKind.REGION_DISABLED, *error.args[1:]) from None
            raise
        # A broker that moves from one page to the next while they are read is still one broker.
        return tuple({broker.arn: broker for broker in found}.values())

    def describe_broker(self, region: str, broker_id: str) -> PlannedBroker | None:
        """One broker with its tags; None when Amazon MQ itself says that there is no such broker.

        An answer without tags is not taken for a broker without tags: then ListTags has the word.
        """

        def describe() -> PlannedBroker:
            mq = self._clients.mq(region)
            answer: dict[str, Any] = {**mq.describe_broker(BrokerId=broker_id)}
            if "Tags" not in answer:
                answer["Tags"] = mq.list_tags(ResourceArn=text(answer, "BrokerArn")).get("Tags", {})
            return broker_now(answer, self.account_id, region, broker_id)

        try:
            return self._ask("mq:DescribeBroker", describe, region)
        except AwsError as error:
            if error.code == "NotFoundException":  # as in `role`
                return None
            raise

    def last_connections(self, region: str, names: Sequence[str]) -> dict[str, LastConnection]:
        """When these RabbitMQ brokers of a region last had a connection, by name; other engines count otherwise."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        queries = [_connections_of(name, f"m{number}") for number, name in enumerate(names)]

        def page(token: str) -> tuple[list[tuple[str, LastConnection]], str]:
            request: GetMetricDataInputTypeDef = {
                "MetricDataQueries": queries,
                "StartTime": now - CONNECTIONS_REACH_BACK,
                "EndTime": now,
            }
            if token:
                request["NextToken"] = token
            answer = self._clients.cloudwatch(region).get_metric_data(**request)
            found = [(text(one, "Id"), last_connection(one)) for one in answer["MetricDataResults"]]
            return found, answer.get("NextToken", "")

        told: dict[str, LastConnection] = {}
        for number, one in self._all_pages("cloudwatch:GetMetricData", page, region):
            told[number] = _later(told.get(number), one)  # a metric's hours may go on on the next page
        return {name: told.get(f"m{number}", LastConnection()) for number, name in enumerate(names)}

    def deletion_status(self, task_id: str) -> DeletionStatus:
        """How a deletion of the role stands. IAM may forget a task as soon as it is over: then it has vanished."""

        def status() -> DeletionStatus:
            iam = self._clients.iam(self.partition)
            return deletion_status(iam.get_service_linked_role_deletion_status(DeletionTaskId=task_id))

        try:
            return self._ask("iam:GetServiceLinkedRoleDeletionStatus", status)
        except AwsError as error:
            if error.code == "NoSuchEntity":  # as in `role`
                return DeletionStatus(TaskStatus.VANISHED)
            raise

    def region_states(self) -> dict[str, str]:
        """AWS's word on every region of the account (ENABLED, DISABLED …); empty where it is not asked."""
        if self.partition != "aws":
            return {}  # GovCloud's and China's regions cannot be switched off

        def page(token: str) -> tuple[list[tuple[str, str]], str]:
            # Without AccountId: naming one's own account needs trusted access to the organization.
            request: ListRegionsRequestTypeDef = {"MaxResults": REGIONS_A_PAGE}
            if token:
                request["NextToken"] = token
            answer = self._clients.account(self._default_region).list_regions(**request)
            states = [(text(row, "RegionName"), text(row, "RegionOptStatus")) for row in answer["Regions"]]
            return states, answer.get("NextToken", "")

        return dict(self._all_pages("account:ListRegions", page))

    def works_in_default_region(self) -> bool:
        """Whether the session is good at all, asked once. Raises AwsError when that cannot be told."""
        with self._works_lock:
            if self._works is None:
                self._works = self._is_known_to_sts()
            return self._works

    def _only_fails_in(self, region: str) -> bool:
        return region != self._default_region and self.works_in_default_region()

    def _is_known_to_sts(self) -> bool:
        action = "sts:GetCallerIdentity"

        def caller() -> None:
            answer = self._clients.sts(self._default_region).get_caller_identity()
            check_owner(parse_arn(text(answer, "Arn")), self.account_id, action)

        try:
            self._ask(action, caller)
        except AwsError as error:
            if error.kind is ErrorKind.BAD_CREDENTIALS:
                return False
            raise
        return True

    def _all_pages(self, action: str, page: Callable[[str], tuple[list[T], str]], region: str = "") -> list[T]:
        """Read on until no token is left; an empty page may still have one."""
        found: list[T] = []
        token, seen, ends = "", set[str](), monotonic() + self._probe_seconds
        for _ in range(MAX_PAGES):
            if monotonic() > ends:
                said = f"{len(found)} entries came in {self._probe_seconds:g} s, and there are more"
                raise AwsError(ErrorKind.UNREACHABLE, action, "ProbeBudget", said, region=region)
            items, token = self._ask(action, partial(page, token), region)
            found += items
            if not token:
                return found
            if token in seen:
                raise broken(action, region, "RepeatedToken")
            seen.add(token)
        raise broken(action, region, "EndlessPages")

    def _ask(self, action: str, question: Callable[[], T], region: str = "") -> T:
        """Ask as the account's session; when that has expired, renew it once and ask once more."""
        with watching(Watch(self.tally, self._pace_of(region))):
            session = self._source.current()
            try:
                with signing_as(session), answering(action, region):
                    return question()
            except AwsError as error:
                if error.kind is not ErrorKind.EXPIRED:
                    raise
            with signing_as(self._source.renew(session)), answering(action, region):
                return question()

    def _pace_of(self, region: str) -> TokenBucket | None:
        """Amazon MQ's limit holds per account and region; questions that name no region are not Amazon MQ's."""
        return self._paces.setdefault(region, TokenBucket(MQ_RATE, MQ_BURST)) if region else None
