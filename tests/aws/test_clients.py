"""Shared clients: who signs is chosen per request, and never by accident."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.aws.answers import answering
from accounts.aws.clients import Clients, NobodySignsError, signing_as
from accounts.aws.errors import AwsError
from accounts.aws.gateway import Gateway
from tests.aws.conftest import ACCOUNT, Sessions, session_for
from tests.aws.scripted_aws import ScriptedAws, broker, json_error, page_of

REGIONS = ("eu-west-1", "us-east-1", "ap-south-1")


def test_no_accounts_credentials_cross_on_shared_clients(aws: ScriptedAws, clients: Clients) -> None:
    numbers = [f"{n:012d}" for n in range(1, 21)]
    gateways = {number: Gateway(clients, number, "aws", Sessions(number)) for number in numbers}
    aws.on("mq:ListBrokers", lambda asked: page_of([broker(asked.account, asked.region)]))
    questions = [(number, region) for _ in range(3) for region in REGIONS for number in numbers]

    def ask(question: tuple[str, str]) -> bool:
        number, region = question
        return gateways[number].brokers(region)[0].arn.startswith(f"arn:aws:mq:{region}:{number}:")

    with ThreadPoolExecutor(8) as pool:
        right = list(pool.map(ask, questions))

    assert right == [True] * 180
    assert {asked.account for asked in aws.asked} == set(numbers)


def test_a_call_that_nobody_signs_is_not_sent(aws: ScriptedAws, clients: Clients) -> None:
    with pytest.raises(NobodySignsError):
        clients.mq("eu-west-1").list_brokers()

    assert aws.asked == []


def test_a_missing_signer_is_not_taken_for_a_broken_answer() -> None:
    with pytest.raises(NobodySignsError), answering("mq:ListBrokers"):
        raise NobodySignsError


def test_the_choice_ends_with_its_block(aws: ScriptedAws, clients: Clients) -> None:
    with signing_as(session_for(ACCOUNT)):
        clients.mq("eu-west-1").list_brokers()

    with pytest.raises(NobodySignsError):
        clients.mq("eu-west-1").list_brokers()


def test_another_thread_does_not_inherit_the_choice(aws: ScriptedAws, clients: Clients) -> None:
    with signing_as(session_for(ACCOUNT)), ThreadPoolExecutor(1) as pool:
        error = pool.submit(clients.mq("eu-west-1").list_brokers).exception()

    assert isinstance(error, NobodySignsError)


def test_the_hubs_key_never_asks_about_an_account(aws: ScriptedAws, gateway: Gateway) -> None:
    gateway.role()
    gateway.brokers("eu-west-1")

    assert {asked.account for asked in aws.asked} == {ACCOUNT}


def test_clients_are_made_once(clients: Clients, aws: ScriptedAws) -> None:
    assert clients.mq("eu-west-1") is clients.mq("eu-west-1")
    assert clients.mq("eu-west-1") is not clients.mq("eu-west-2")


def test_secrets_are_in_no_repr() -> None:
    shown = repr(session_for(ACCOUNT))

    assert "the-secret" not in shown
    assert "the-token" not in shown


def test_secrets_are_in_no_error(aws: ScriptedAws, gateway: Gateway) -> None:
    aws.on("mq:ListBrokers", json_error(403, "IncompleteSignatureException", "Credential=ASIA1111/x the-token"))

    with pytest.raises(AwsError) as caught:
        gateway.brokers("eu-west-1")

    assert "the-token" not in str(caught.value)
