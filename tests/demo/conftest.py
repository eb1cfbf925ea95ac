"""One local AWS for all tests of this folder, made anew before each test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY
from dashboard.demo.local_aws.client import LocalAws, start_local_aws

ACCOUNT = "111122223333"
EXTERNAL_ID = "external-id-1"
FAST = {"broker_create_seconds": 0.1, "broker_delete_seconds": 0.1, "role_delete_seconds": 0.2}
SLOW = {"session_seconds": 3600, "latency_seconds": 0}
# botocore's data is read once; a client on a shared session is cheap.
_SESSION = boto3.Session()


class Cloud:
    """AWS as a caller sees it: real clients that speak to the local AWS, without the SDK's own retries."""

    def __init__(self, url: str) -> None:
        self.url = url

    def client(self, service: str, region: str = "us-east-1", keys: dict[str, str] | None = None) -> Any:
        """A client with the given credentials, or with the hub's."""
        hub = {"AccessKeyId": HUB_ACCESS_KEY_ID, "SecretAccessKey": HUB_SECRET_ACCESS_KEY}
        given = keys or hub
        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=5)
        return _SESSION.client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=config,
        )

    def assume(self, role: str = "MqSlrReader", account: str = ACCOUNT, region: str = "us-east-1", **more: Any) -> Any:
        """The credentials of a session in an account."""
        names = {"MqSlrReader": "mqslr-scan-test", "MqSlrCleaner": "mqslr-clean-test"}
        partition = "aws-us-gov" if region.startswith("us-gov") else "aws"
        given = {
            "RoleArn": f"arn:{partition}:iam::{account}:role/{role}",
            "RoleSessionName": names.get(role, "admin"),
            "ExternalId": EXTERNAL_ID,
            **more,
        }
        return self.client("sts", region).assume_role(**given)["Credentials"]

    def admin(self, service: str, region: str = "us-east-1") -> Any:
        """A client that may do anything in the test account."""
        return self.client(service, region, self.assume("OrganizationAccountAccessRole"))

    def reader(self, service: str, region: str = "us-east-1") -> Any:
        """A client with the reader role."""
        return self.client(service, region, self.assume())


@pytest.fixture(scope="session")
def _process() -> Iterator[LocalAws]:
    with start_local_aws() as running:
        yield running


@pytest.fixture
def local(_process: LocalAws) -> LocalAws:
    """An empty world with one account that has the role."""
    _process.reset("empty")
    _process.set(**FAST, **SLOW)
    _process.put_account(ACCOUNT, name="test", unit="Tests", external_id=EXTERNAL_ID, role={})
    return _process


@pytest.fixture
def cloud(local: LocalAws) -> Cloud:
    """Clients of the local AWS."""
    return Cloud(local.url)


def refused(call: Callable[..., Any], **params: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status of a call that fails."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def eventually(look: Callable[[], bool]) -> bool:
    """True when it becomes so within five seconds."""
    until = time.monotonic() + 5
    while not look() and time.monotonic() < until:
        time.sleep(0.05)
    return look()
