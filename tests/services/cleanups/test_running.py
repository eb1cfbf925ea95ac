"""A clean-up from approval to its end, by real HTTP against the local AWS: the ways that end well."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from accounts.domain.cleanups import State
from accounts.models import Account, AuditEntry, Cleanup, Sweep
from accounts.services.cleanups import journal
from dashboard.demo.local_aws.client import LocalAws
from tests.services.cleanups.factories import approved_cleanup, run

pytestmark = pytest.mark.django_db
Cleanable = Callable[..., Account]

THREE = [
    {"region": region, "name": "orders", "engine": "RabbitMQ"} for region in ("eu-west-1", "us-east-1", "sa-east-1")
]


def deletions(aws: LocalAws) -> list[str]:
    """What was asked to go, in this order: broker ids and the role's name."""
    return [call["resource"] for call in aws.changes() if call["action"].startswith("Delete")]


def steps(cleanup: Cleanup) -> list[tuple[str, str]]:
    return [(entry.step, entry.action) for entry in cleanup.journal.all()]


def test_an_unused_role_is_deleted_and_proved_gone(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()

    cleanup = run(approved_cleanup(account, aws))

    assert (cleanup.state, cleanup.reason, cleanup.attempts) == (State.DONE, "The role is deleted.", 1)
    assert not aws.account(account.account_id)["role_present"]
    assert deletions(aws) == ["AWSServiceRoleForAmazonMQ"]
    assert cleanup.finished_at and not cleanup.lease_token


def test_brokers_in_three_regions_go_first_and_the_role_last(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=THREE)
    cleanup = approved_cleanup(account, aws)
    ids = {target.broker_id for target in cleanup.targets.all()}

    run(cleanup)

    *brokers, role = deletions(aws)
    assert cleanup.state == State.DONE and set(brokers) == ids and len(brokers) == 3
    assert role == "AWSServiceRoleForAmazonMQ"
    assert {target.state for target in cleanup.targets.all()} == {"gone"}


def test_every_change_has_its_intent_before_and_its_answer_with_a_request_id(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    cleanup = run(approved_cleanup(cleanable(brokers=THREE), aws))

    changes = {call["resource"]: call["at"] for call in aws.changes()}
    for entry in cleanup.journal.filter(deletes=True):
        resource = entry.target.rpartition(":")[2].rpartition("/")[2]
        assert entry.at.isoformat() < changes.pop(resource)
        assert entry.answered_at and entry.request_id and not entry.code
    assert changes == {}
    assert not cleanup.journal.filter(answered_at__isnull=True).exists()


def test_the_intent_of_a_deletion_outlives_a_server_that_commits_asynchronously(
    cleanable: Cleanable, aws: LocalAws
) -> None:
    """The servers of the tests do so; the setting holds until the end of the transaction, here the test's own."""
    cleanup = approved_cleanup(cleanable(), aws)

    settings = [synchronous_commit()]
    for deletes in (False, True):
        journal.intend(cleanup, "look", "", "", deletes=deletes)
        settings.append(synchronous_commit())

    assert settings == ["off", "off", "on"]


def synchronous_commit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


def test_a_broker_that_somebody_else_deleted_meanwhile_is_fine(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=THREE)
    cleanup = approved_cleanup(account, aws)
    aws.put_account(account.account_id, external_id=account.external_id, role={}, brokers=THREE[:1])

    run(cleanup)

    assert cleanup.state == State.DONE
    assert len(deletions(aws)) == 2


def test_a_broker_that_is_on_its_way_out_is_followed_and_not_asked_again(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=THREE[:1])
    cleanup = approved_cleanup(account, aws)
    aws.add_broker(account.account_id, "eu-west-1", "orders", state="DELETION_IN_PROGRESS")

    run(cleanup, until=[State.DELETING_BROKERS])
    run(cleanup, until=[State.DELETING_BROKERS])

    assert deletions(aws) == []
    assert cleanup.targets.get().state == "deleting"


def test_activemq_brokers_stay(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable(brokers=[{"region": "eu-west-1", "name": "old", "engine": "ActiveMQ"}])

    run(approved_cleanup(account, aws))

    assert deletions(aws) == ["AWSServiceRoleForAmazonMQ"]
    assert aws.account(account.account_id)["regions"]["eu-west-1"]["brokers"]


def test_a_role_that_is_gone_before_anything_was_asked_is_done(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()
    cleanup = approved_cleanup(account, aws)
    aws.put_account(account.account_id, external_id=account.external_id)

    run(cleanup)

    assert (cleanup.state, cleanup.reason, deletions(aws)) == (State.DONE, "The role was gone already.", [])


def test_the_end_asks_for_a_poll_and_stands_in_the_audit(cleanable: Cleanable, aws: LocalAws) -> None:
    account = cleanable()

    cleanup = run(approved_cleanup(account, aws))

    assert Sweep.objects.get().polls.get().account == account
    assert AuditEntry.objects.get(action="clean-up done").subject == str(cleanup)
