"""The hub identity: what Rolecall runs as. It assumes the accounts' roles; it may be let read AWS's list of regions."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session

from accounts.aws.answers import answering, check_owner, text, time
from accounts.aws.clients import ClientSettings
from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.errors import ASSUME_ROLE, AwsError, ErrorKind
from accounts.aws.published import amazon_mq_regions
from accounts.aws.tally import watch_requests
from accounts.domain.identifiers import check_external_id, parse_arn, parse_role_arn
from accounts.domain.published_regions import BY_PATH
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role_policies import SESSION_PREFIX, SESSION_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import AssumeRoleRequestTypeDef, AssumeRoleResponseTypeDef

_SESSION_NAME: Final = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """Who AWS says that Rolecall is."""

    account_id: str
    arn: str


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """What is needed to assume a role of an account: `purpose` is `reader`, `cleaner` or `organization`."""

    account_id: str
    partition: str
    role_arn: str
    external_id: str
    purpose: str
    session_name: str

    def check(self) -> None:
        """Raise ValueError when the grant contradicts itself or STS could never take it: botocore checks lengths."""
        arn = parse_role_arn(self.role_arn)
        if (arn.partition, arn.account_id) != (self.partition, self.account_id):
            raise ValueError(f"the role {self.role_arn} is not one of {self.account_id} in {self.partition}")
        if self.external_id:
            check_external_id(self.external_id)
        prefix = SESSION_PREFIX.get(self.purpose)
        if prefix is None:
            raise ValueError(f"the purpose “{self.purpose}” is none of {', '.join(SESSION_PREFIX)}")
        if not self.session_name.startswith(prefix) or not _SESSION_NAME.fullmatch(self.session_name):
            raise ValueError(
                f"the session name must begin with {prefix} and be 64 of A-Z a-z 0-9 _ + = , . @ - at most"
            )


class Hub:
    """The identity that botocore's ordinary chain finds for one partition. Threads may share it; it raises AwsError.

    With a `profile` it is that profile's, whatever the environment holds besides.
    """

    def __init__(self, settings: ClientSettings, partition: str = "aws", profile: str = "") -> None:
        self._config = settings.config()
        self._profile = profile or None
        self._partition = partition
        self._region = DEFAULT_REGION[partition]
        self._lock = threading.Lock()
        self._client: STSClient | None = None

    def identity(self) -> CallerIdentity:
        """Ask STS who Rolecall is."""
        with answering("sts:GetCallerIdentity"):
            answer = self._sts().get_caller_identity()
            caller = CallerIdentity(text(answer, "Account"), text(answer, "Arn"))
            check_owner(parse_arn(caller.arn), caller.account_id, "sts:GetCallerIdentity")
            return caller

    def found_by(self) -> str:
        """botocore's word for where the credentials come from: `env`, `iam-role`, `sso` … Empty when there are none."""
        with answering("sts:GetCallerIdentity"):
            credentials = self._core().get_credentials()
        return str(credentials.method or "") if credentials else ""

    def amazon_mq_regions(self) -> dict[str, str]:
        """AWS's public list of the regions with Amazon MQ: {code: name}. All of it, or AwsError."""
        with answering(BY_PATH):
            ssm = self._session().client("ssm", region_name=self._region, config=self._config)
        return amazon_mq_regions(ssm)

    def assume(self, grant: RoleGrant, session_policy: str | None = None) -> TemporaryCredentials:
        """Assume a role for an hour; credentials of any other account are thrown away, not returned."""
        self._refuse_bad(grant)
        request: AssumeRoleRequestTypeDef = {
            "RoleArn": grant.role_arn,
            "RoleSessionName": grant.session_name,
            "DurationSeconds": SESSION_SECONDS,
        }
        if grant.external_id:
            request["ExternalId"] = grant.external_id
        if session_policy is not None:
            request["Policy"] = session_policy
        with answering(ASSUME_ROLE):
            return _credentials(self._sts().assume_role(**request), grant.account_id)

    def session(self, grant: RoleGrant | None = None) -> boto3.Session:
        """A session that signs as the hub identity, or with a grant as that role. Raises AwsError."""
        core = self._core()
        if grant is not None:
            given = self.assume(grant)
            core.set_credentials(given.access_key_id, given.secret_access_key, given.session_token)
        return boto3.Session(botocore_session=core)

    def _refuse_bad(self, grant: RoleGrant) -> None:
        try:
            grant.check()
            if grant.partition != self._partition:
                raise ValueError(f"this hub identity is one of {self._partition}, the role is of {grant.partition}")
        except ValueError as error:
            raise AwsError(ErrorKind.VALIDATION, ASSUME_ROLE, "BadGrant", str(error)) from None

    def _sts(self) -> STSClient:
        with self._lock:
            if self._client is None:
                self._client = self._session().client("sts", region_name=self._region, config=self._config)
            return self._client

    def _session(self) -> boto3.Session:
        return boto3.Session(botocore_session=self._core())

    def _core(self) -> botocore.session.Session:
        core = botocore.session.Session(profile=self._profile)
        # Tokens of the global endpoint do not work in opt-in regions, which would then look disabled.
        core.set_config_variable("sts_regional_endpoints", "regional")
        watch_requests(core.get_component("event_emitter"))
        return core


def _credentials(answer: AssumeRoleResponseTypeDef, account_id: str) -> TemporaryCredentials:
    check_owner(parse_arn(text(answer["AssumedRoleUser"], "Arn")), account_id, ASSUME_ROLE)
    given = answer["Credentials"]
    return TemporaryCredentials(
        access_key_id=text(given, "AccessKeyId"),
        secret_access_key=text(given, "SecretAccessKey"),
        session_token=text(given, "SessionToken"),
        expires_at=time(given, "Expiration"),
    )
