"""AWS clients that all accounts share: making one costs 6 to 100 ms of CPU, choosing who signs costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import boto3
import botocore
import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials, ReadOnlyCredentials

from accounts.aws.credentials import TemporaryCredentials
from accounts.aws.tally import watch_requests
from accounts.domain.regions import DEFAULT_REGION

if TYPE_CHECKING:
    from mypy_boto3_account import AccountClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_mq import MQClient
    from mypy_boto3_sts import STSClient

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How long a call may take (seconds), how often it is tried in all, and how many may be in flight per client."""

    connect_timeout: float = 4
    read_timeout: float = 10
    max_attempts: int = 3
    user_agent: str = "rolecall"
    connections: int = 64

    def config(self) -> Config:
        """The same as botocore wants it: named in full, so that no default of a later botocore changes it."""
        return Config(
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            retries={"mode": "standard", "total_max_attempts": self.max_attempts},
            max_pool_connections=self.connections,
            # In full: botocore would put its own together anew for every request, at a tenth of the request's CPU.
            user_agent=f"{self.user_agent} Boto3/{boto3.__version__} Botocore/{botocore.__version__}",
        )


class NobodySignsError(Exception):
    """A call to an account was made outside `signing_as`: a fault of Rolecall, never signed with the hub's identity."""


_signer: ContextVar[TemporaryCredentials | None] = ContextVar("signer", default=None)


@contextmanager
def signing_as(credentials: TemporaryCredentials) -> Iterator[None]:
    """Sign every call of this thread or task with these credentials until the block ends."""
    token = _signer.set(credentials)
    try:
        yield
    finally:
        _signer.reset(token)


class _ChosenCredentials(Credentials):
    """Credentials that are looked up anew for every request."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Give the credentials that `signing_as` chose."""
        chosen = _signer.get()
        if chosen is None:
            raise NobodySignsError("no credentials were chosen for this call")
        return ReadOnlyCredentials(chosen.access_key_id, chosen.secret_access_key, chosen.session_token)


class _ChosenProvider(CredentialProvider):
    """The only provider of the shared session, so that botocore never falls back to the hub's identity."""

    METHOD = "rolecall"

    def load(self) -> Credentials:
        """Give the credentials that defer to `signing_as`. The placeholders are never sent."""
        return _ChosenCredentials("never-sent", "never-sent", method=self.METHOD)


def session_of_the_accounts() -> boto3.Session:
    """A session whose clients sign as `signing_as` says, and otherwise not at all."""
    core = botocore.session.get_session()
    core.register_component("credential_provider", CredentialResolver([_ChosenProvider()]))
    watch_requests(core.get_component("event_emitter"))
    return boto3.Session(botocore_session=core)


@cache
def regions_of_amazon_mq(partition: str) -> tuple[str, ...]:
    """The regions of a partition in which botocore, which is newer than any table of ours, knows Amazon MQ."""
    return tuple(botocore.session.get_session().get_available_regions("mq", partition))


class Clients:
    """One client per service and region, made when first asked for, shared by all accounts and threads."""

    def __init__(self, settings: ClientSettings) -> None:
        self._config = settings.config()
        self._lock = threading.Lock()
        self._session: boto3.Session | None = None
        self._made: dict[tuple[str, str], object] = {}

    def iam(self, partition: str) -> IAMClient:
        """IAM of a partition: it is one for all regions."""
        region = DEFAULT_REGION[partition]
        return self._once("iam", region, lambda aws: aws.client("iam", region_name=region, config=self._config))

    def mq(self, region: str) -> MQClient:
        """Amazon MQ of a region."""
        return self._once("mq", region, lambda aws: aws.client("mq", region_name=region, config=self._config))

    def cloudwatch(self, region: str) -> CloudWatchClient:
        """CloudWatch of a region, which counts the connections of Amazon MQ's brokers."""
        make = self._config
        return self._once("cloudwatch", region, lambda aws: aws.client("cloudwatch", region_name=region, config=make))

    def account(self, region: str) -> AccountClient:
        """Account Management, which knows the regions that an account has enabled."""
        return self._once("account", region, lambda aws: aws.client("account", region_name=region, config=self._config))

    def sts(self, region: str) -> STSClient:
        """STS of a region."""
        return self._once("sts", region, lambda aws: aws.client("sts", region_name=region, config=self._config))

    def _once(self, service: str, region: str, make: Callable[[boto3.Session], C]) -> C:
        # A session is not safe to make clients with from two threads; the clients themselves are.
        with self._lock:
            if self._session is None:
                self._session = session_of_the_accounts()
            if (service, region) not in self._made:
                self._made[service, region] = make(self._session)
            return self._made[service, region]  # type: ignore[return-value]  # what `make` made for this very key
