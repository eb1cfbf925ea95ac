"""The cleaner's requests, and answers as real as AWS's own model of its services demands them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from accounts.aws.cleaner import Cleaner, Receipt
from accounts.aws.clients import Clients
from accounts.aws.errors import AwsError, ErrorKind
from accounts.aws.gateway import Gateway
from accounts.domain.cleanups import DeletionStatus, TaskStatus, Usage
from accounts.domain.role import ROLE_NAME, ROLE_PATH, SERVICE_PRINCIPAL, role_arn
from tests.aws.conftest import ACCOUNT, QUICK, Sessions
from tests.aws.test_service_model import answers

TASK = f"task{ROLE_PATH}{ROLE_NAME}/00000000-0000-0000-0000-000000000001"
BROKER = f"arn:aws:mq:eu-west-1:{ACCOUNT}:broker:orders:b-1"
META = {"ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": 200}}


@pytest.fixture
def own_clients() -> Clients:
    return Clients(QUICK)


@pytest.fixture
def cleaner(own_clients: Clients, sessions: Sessions) -> Cleaner:
    return Cleaner(own_clients, ACCOUNT, "aws", sessions)


def test_delete_broker(own_clients: Clients, cleaner: Cleaner) -> None:
    exchange = ("delete_broker", {"BrokerId": "b-1"}, {"BrokerId": "b-1", **META})

    with answers(own_clients.mq("eu-west-1"), exchange):
        assert cleaner.delete_broker("eu-west-1", "b-1") == Receipt("r-1")


def test_an_answer_about_another_broker_is_not_taken(own_clients: Clients, cleaner: Cleaner) -> None:
    exchange = ("delete_broker", {"BrokerId": "b-1"}, {"BrokerId": "b-2", **META})

    with answers(own_clients.mq("eu-west-1"), exchange), pytest.raises(AwsError) as caught:
        cleaner.delete_broker("eu-west-1", "b-1")

    assert caught.value.kind is ErrorKind.BROKEN


@pytest.mark.parametrize(
    ("code", "message", "status", "kind"),
    [
        ("BadRequestException", "Broker [o] can't be deleted while in state [RUNNING]", 400, ErrorKind.WRONG_STATE),
        ("NotFoundException", "Cannot find broker ID [b-1].", 404, ErrorKind.NOT_FOUND),
        ("ForbiddenException", "no", 403, ErrorKind.ACCESS_DENIED),
        ("InternalServerErrorException", "oh", 500, ErrorKind.SERVER),
    ],
)
def test_refusals_of_a_brokers_deletion(
    own_clients: Clients, cleaner: Cleaner, code: str, message: str, status: int, kind: ErrorKind
) -> None:
    with Stubber(own_clients.mq("eu-west-1")) as stub, pytest.raises(AwsError) as caught:
        stub.add_client_error("delete_broker", code, message, status)
        cleaner.delete_broker("eu-west-1", "b-1")

    assert (caught.value.kind, caught.value.action) == (kind, "mq:DeleteBroker")


def test_delete_service_linked_role(own_clients: Clients, cleaner: Cleaner) -> None:
    exchange = ("delete_service_linked_role", {"RoleName": ROLE_NAME}, {"DeletionTaskId": TASK, **META})

    with answers(own_clients.iam("aws"), exchange):
        assert cleaner.delete_role() == Receipt("r-1", TASK)


def test_create_service_linked_role(own_clients: Clients, cleaner: Cleaner) -> None:
    role = {
        "Path": ROLE_PATH,
        "RoleName": ROLE_NAME,
        "RoleId": "AROAEXAMPLEEXAMPLE01",
        "Arn": role_arn("aws", ACCOUNT),
        "CreateDate": datetime(2025, 1, 2, tzinfo=UTC),
    }
    exchange = ("create_service_linked_role", {"AWSServiceName": SERVICE_PRINCIPAL}, {"Role": role, **META})

    with answers(own_clients.iam("aws"), exchange):
        assert cleaner.create_role() == Receipt("r-1")


def test_update_role_sends_the_description_alone(own_clients: Clients, cleaner: Cleaner) -> None:
    with answers(own_clients.iam("aws"), ("update_role", {"RoleName": ROLE_NAME, "Description": "ours"}, META)):
        assert cleaner.describe_role("ours") == Receipt("r-1")


USED = {"Region": "eu-north-1", "Resources": [BROKER]}
STATUSES: list[tuple[dict[str, Any], DeletionStatus]] = [
    ({"Status": "IN_PROGRESS"}, DeletionStatus(TaskStatus.IN_PROGRESS)),
    ({"Status": "FAILED"}, DeletionStatus(TaskStatus.FAILED)),
    ({"Status": "FAILED", "Reason": {}}, DeletionStatus(TaskStatus.FAILED)),
    ({"Status": "FAILED", "Reason": {"RoleUsageList": [{}]}}, DeletionStatus(TaskStatus.FAILED)),
    (
        {"Status": "FAILED", "Reason": {"Reason": "in use", "RoleUsageList": [USED, {"Region": "eu-west-1"}]}},
        DeletionStatus(TaskStatus.FAILED, "in use", (Usage("eu-north-1", BROKER),)),
    ),
]


@pytest.mark.parametrize(("answer", "status"), STATUSES)
def test_deletion_status(
    own_clients: Clients, sessions: Sessions, answer: dict[str, Any], status: DeletionStatus
) -> None:
    gateway = Gateway(own_clients, ACCOUNT, "aws", sessions)
    exchange = ("get_service_linked_role_deletion_status", {"DeletionTaskId": TASK}, answer)

    with answers(own_clients.iam("aws"), exchange):
        assert gateway.deletion_status(TASK) == status


@pytest.mark.parametrize("code", ["NoSuchEntity", "InvalidInput"])
def test_only_iams_own_word_makes_a_task_vanish(own_clients: Clients, sessions: Sessions, code: str) -> None:
    gateway = Gateway(own_clients, ACCOUNT, "aws", sessions)

    with Stubber(own_clients.iam("aws")) as stub:
        stub.add_client_error("get_service_linked_role_deletion_status", code, "no", 404)
        if code == "NoSuchEntity":
            assert gateway.deletion_status(TASK).status is TaskStatus.VANISHED
        else:
            with pytest.raises(AwsError):
                gateway.deletion_status(TASK)
