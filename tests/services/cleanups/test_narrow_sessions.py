"""The session of a change can do that change and nothing else: the local AWS enforces the session policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.aws.cleaner import Cleaner
from accounts.aws.errors import AwsError
from accounts.domain import session_policies
from accounts.domain.role import role_arn
from accounts.models import Account, SealedCredential
from accounts.services.credentials import NarrowSession, shared_clients
from dashboard.demo.local_aws.client import LocalAws
from tests.services.cleanups.factories import approved_cleanup, run

pytestmark = pytest.mark.django_db
Cleanable = Callable[..., Account]

HERE = "eu-west-1"
TWO = [{"region": HERE, "name": name, "engine": "RabbitMQ"} for name in ("orders", "other")]


def cleaner_with(account: Account, policy: str) -> Cleaner:
    return Cleaner(shared_clients(), account.account_id, account.partition, NarrowSession(account, policy))


def brokers(account: Account, aws: LocalAws) -> dict[str, dict[str, str]]:
    return {broker["name"]: broker for broker in aws.account(account.account_id)["regions"][HERE]["brokers"]}


def test_a_brokers_session_deletes_neither_another_broker_nor_the_role(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=TWO)
    orders, other = (brokers(account, aws)[name] for name in ("orders", "other"))
    cleaner = cleaner_with(account, session_policies.delete_broker(orders["arn"]))

    with pytest.raises(AwsError) as another:
        cleaner.delete_broker(HERE, other["broker_id"])
    with pytest.raises(AwsError) as the_role:
        cleaner.delete_role()
    cleaner.delete_broker(HERE, orders["broker_id"])

    assert (another.value.denied_by, the_role.value.denied_by) == ("session policy", "session policy")
    assert brokers(account, aws)["orders"]["state"] == "DELETION_IN_PROGRESS"
    assert brokers(account, aws)["other"]["state"] == "RUNNING"


@pytest.mark.parametrize("look", ["role", "brokers"])
def test_a_brokers_session_cannot_even_look(cleanable: Cleanable, aws: LocalAws, look: str) -> None:
    account = cleanable(brokers=TWO)
    cleaner = cleaner_with(account, session_policies.delete_broker(brokers(account, aws)["orders"]["arn"]))

    with pytest.raises(AwsError) as caught:
        cleaner.role() if look == "role" else cleaner.brokers(HERE)

    assert caught.value.denied_by == "session policy"


def test_the_roles_session_deletes_no_broker(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=TWO)
    cleaner = cleaner_with(account, session_policies.delete_role(role_arn("aws", account.account_id)))

    with pytest.raises(AwsError) as caught:
        cleaner.delete_broker(HERE, brokers(account, aws)["orders"]["broker_id"])

    assert caught.value.denied_by == "session policy"
    assert cleaner.delete_role().task_id


def test_the_session_of_a_change_is_kept_nowhere_and_made_for_each_change(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=TWO)

    run(approved_cleanup(account, aws))

    assert set(SealedCredential.objects.values_list("purpose", flat=True)) == {"reader"}
    assumed = [call for call in aws.log() if call["action"] == "AssumeRole"]
    assert len(assumed) == 1 + 3  # the reader's one, and one for each of three deletions
