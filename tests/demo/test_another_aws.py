"""Nothing in the product knows the local AWS: against plain moto the same three commands give right rows."""

from __future__ import annotations

import csv
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import boto3
import pytest
from django.core.management import call_command

from accounts.domain.role import ROLE_NAME, ROLE_PATH
from tests.local_aws import forget_clients
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.processes]

WITH_ROLE, WITHOUT = "111122223333", "444455556666"


@pytest.fixture
def another_aws(monkeypatch: pytest.MonkeyPatch, _no_real_aws: None) -> Iterator[str]:
    """A plain moto server, and this process pointed at it by botocore's own variable."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), 30, "moto answers")
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        forget_clients()
        yield url
    finally:
        process.terminate()
        process.wait(10)
        forget_clients()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=2):
            return True
    except OSError:
        return False


def session_in(url: str, account_id: str) -> boto3.Session:
    sts = boto3.client("sts", region_name="us-east-1", endpoint_url=url)
    arn = f"arn:aws:iam::{account_id}:role/MqSlrReader"
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def furnish(url: str) -> None:
    """A role without its policy and 21 brokers in one account, nothing in the other."""
    session = session_in(url, WITH_ROLE)
    trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"mq.amazonaws.com"},' + (
        '"Action":"sts:AssumeRole"}]}'
    )
    iam = session.client("iam", region_name="us-east-1", endpoint_url=url)
    iam.create_role(RoleName=ROLE_NAME, Path=ROLE_PATH, AssumeRolePolicyDocument=trust)
    mq = session.client("mq", region_name="eu-west-1", endpoint_url=url)
    for number in range(21):
        mq.create_broker(
            BrokerName=f"orders-{number}",
            DeploymentMode="SINGLE_INSTANCE",
            EngineType="RABBITMQ",
            HostInstanceType="mq.t3.micro",
            PubliclyAccessible=False,
            Users=[],
        )


def test_import_poll_and_export_give_right_rows(another_aws: str, tmp_path: Path) -> None:
    furnish(another_aws)
    file = tmp_path / "accounts.csv"
    file.write_text(
        "account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags\n"
        f"{WITH_ROLE},with,arn:aws:iam::{WITH_ROLE}:role/MqSlrReader,,ext-1,\n"
        f"{WITHOUT},without,arn:aws:iam::{WITHOUT}:role/MqSlrReader,,ext-2,\n"
    )

    call_command("import_accounts", str(file), stdout=StringIO())
    call_command("poll", "--inline", stdout=StringIO())
    text = StringIO()
    call_command("export", "matrix", stdout=text)

    rows = list(csv.DictReader(StringIO(text.getvalue())))
    assert len(rows) == 2 * 34
    assert {row["outcome"] for row in rows} == {"ok"}
    found = {row["account_id"]: (row["role"], row["policy"], row["trust"]) for row in rows}
    assert found == {WITH_ROLE: ("present", "not_attached", "exact"), WITHOUT: ("absent", "", "")}
    brokers = {(row["account_id"], row["region"]): (row["brokers"], row["rabbitmq"]) for row in rows}
    assert brokers.pop((WITH_ROLE, "eu-west-1")) == ("21", "21")
    assert set(brokers.values()) == {("0", "0")}
