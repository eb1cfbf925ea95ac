"""A check says call by call what a role may do, and finds the role that anybody could be let in by."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from accounts.models import AccessCheck, Account, AuditEntry, Broker, SealedCredential
from accounts.models.account import WAYS_IN
from accounts.services import queue
from accounts.services.access_checks import answer_request, check_account, request_checks, tend_checks
from accounts.services.hub import ask_hub
from accounts.services.importing import AccountRow, import_accounts
from accounts.services.patience import Patience
from accounts.services.polling import look_at
from accounts.services.recording import record
from dashboard.demo.local_aws.client import LocalAws
from tests.local_aws import forget_clients
from tests.processes import wait_until

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]


def checked(account: Account) -> AccessCheck:
    check = check_account(account.pk)
    assert check is not None
    account.refresh_from_db()
    return check


def results(check: AccessCheck, purpose: str = "reader") -> dict[str, tuple[str, str]]:
    return {call["action"]: (call["result"], call["denied_by"]) for call in check.results[purpose]["calls"]}


def test_a_role_as_it_should_be_is_ready(watched: Watched) -> None:
    check = checked(watched(brokers=[{"region": "us-east-1", "name": "orders", "engine": "RabbitMQ"}]))

    assert (check.reader, check.cleaner) == ("ready", "")
    assert results(check)["iam:GetRole"] == ("allowed", "")
    assert results(check)["mq:ListTags"] == ("not_tried", "")  # no broker is known before the first poll


def test_calls_on_a_broker_are_tried_once_one_is_known(watched: Watched) -> None:
    account = watched(brokers=[{"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}])
    record(account, look_at(account, Patience(0)))
    assert Broker.objects.exists()

    found = results(checked(account))

    assert {found["mq:ListTags"][0], found["mq:DescribeBroker"][0]} == {"allowed"}


def test_calls_on_an_absent_role_are_allowed_all_the_same(watched: Watched) -> None:
    assert checked(watched(role=None)).reader == "ready"


@pytest.mark.parametrize(("by", "named"), [("scp", "scp"), ("", "identity policy")])
def test_a_denied_call_says_who_denies_it(watched: Watched, by: str, named: str) -> None:
    check = checked(watched(denials=[{"action": "mq:ListBrokers", "by": by}]))

    assert check.reader == "incomplete"
    assert results(check)["mq:ListBrokers"] == ("denied", named)
    assert results(check)["iam:GetRole"] == ("allowed", "")


def test_an_answer_that_does_not_come_is_no_denial(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    local_aws.add_fault(
        account=account.account_id, service="iam", action="^GetPolicy$", status=500, code="ServiceFailure"
    )

    check = checked(account)

    assert (check.reader, results(check)["iam:GetPolicy"][0]) == ("unknown", "unknown")


def test_a_proxys_404_proves_no_permission(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    local_aws.add_fault(account=account.account_id, service="mq", status=404, body="<html>not here</html>")

    check = checked(account)

    assert (check.reader, results(check)["mq:ListBrokers"][0]) == ("unknown", "unknown")


def test_a_mended_role_is_taken_back_although_one_call_gives_no_answer(watched: Watched, local_aws: LocalAws) -> None:
    """Such as Amazon MQ behind a firewall: the account would be refused for ever."""
    account = watched()
    Account.objects.filter(pk=account.pk).update(open_role_arns=[account.reader_role_arn])
    local_aws.add_fault(account=account.account_id, service="mq", status=500, code="InternalServerErrorException")

    check = checked(account)

    assert (check.reader, account.open_role_arns) == ("unknown", [])


def test_nothing_that_changes_something_is_tried(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    account.cleaner_role_arn = account.reader_role_arn.replace("Reader", "Cleaner")
    account.save()

    check = checked(account)

    untried = {action for action, (result, _) in results(check, "cleaner").items() if result == "not_tried"}
    assert {"mq:DeleteBroker", "iam:DeleteServiceLinkedRole", "ec2:DeleteVpcEndpoints"} <= untried
    assert not [call for call in local_aws.log() if call["action"].startswith(("Delete", "Create", "Detach"))]
    assert check.cleaner == "ready"


def test_a_role_that_does_not_let_rolecall_in_is_shut(watched: Watched) -> None:
    check = checked(watched(external_id="somebody-else"))

    assert (check.reader, check.results["reader"]["calls"]) == ("shut", [])
    assert "trust policy names Rolecall's own identity" in check.results["reader"]["detail"]


def test_a_role_that_opens_without_the_external_id_is_refused_until_it_is_mended(
    watched: Watched, local_aws: LocalAws
) -> None:
    account = watched()
    record(account, look_at(account, Patience(0)))
    local_aws.put_account(account.account_id, external_id="", role={})

    opened, reading = checked(account), look_at(account, Patience(0))
    local_aws.put_account(account.account_id, external_id=account.external_id, role={})
    still = look_at(account, Patience(0))
    mended, after = checked(account), look_at(account, Patience(0))

    assert (opened.reader, mended.reader) == ("open", "ready")
    for refused in (reading, still):
        assert "Rolecall refuses this role" in problem(refused)
        assert {outcome(answer) for answer in refused.brokers.values()} == {"assume_denied"}
    assert problem(after) == ""
    assert [entry.action for entry in AuditEntry.objects.all()] == ["accept mended role", "refuse open role"]


def outcome(answer: Any) -> str:
    return str(answer.problem.outcome)


def problem(reading: Any) -> str:
    return getattr(getattr(reading.role.role, "problem", None), "detail", "")


def test_an_open_roles_stored_session_is_forgotten(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    look_at(account, Patience(0))
    assert SealedCredential.objects.exists()
    local_aws.put_account(account.account_id, external_id="", role={})

    checked(account)

    assert not SealedCredential.objects.exists()


def test_an_account_without_an_external_id_is_open_by_that(watched: Watched, local_aws: LocalAws) -> None:
    account = watched(external_id="")
    Account.objects.filter(pk=account.pk).update(external_id="")

    assert checked(account).reader == "open"


def test_whether_a_role_is_open_is_not_guessed_when_aws_fails(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    Account.objects.filter(pk=account.pk).update(open_role_arns=[account.reader_role_arn])
    local_aws.add_fault(account=account.account_id, service="sts", status=500, code="ServiceFailure")

    check = checked(account)

    assert check.reader == "unknown"
    assert account.open_role_arns == [account.reader_role_arn]


def test_a_check_of_many_is_sent_after_commit_and_again_when_it_is_lost(
    make_account: Callable[..., Account],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    settings: Settings,
) -> None:
    for _ in range(3):
        make_account()

    with django_capture_on_commit_callbacks(execute=True):
        assert request_checks(Account.objects.all(), "olga") == 3
        assert queue.length("now") == 0
    sent = queue.length("now")
    fresh = tend_checks()
    AccessCheck.objects.update(sent_at=timezone.now() - timedelta(minutes=5))
    in_a_long_queue = tend_checks()
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    redis.Redis.from_url(settings.REDIS_URL).delete(f"{prefix}{queue.URGENT_QUEUE}")
    again = [tend_checks(), tend_checks()]

    assert (sent, fresh, in_a_long_queue, again) == (3, 0, 0, [3, 0])
    assert AuditEntry.objects.get().subject == "3 accounts"


def test_a_check_that_was_answered_is_not_made_again(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    request_checks(Account.objects.all(), "olga")

    answer_request(account.pk)
    local_aws.clear_log()
    answer_request(account.pk)

    assert AccessCheck.objects.get().reader == "ready"
    assert local_aws.log() == []


def test_an_earlier_check_that_ends_late_changes_nothing(watched: Watched) -> None:
    account = watched()
    later = checked(account)
    AccessCheck.objects.update(checked_at=timezone.now() + timedelta(minutes=1), reader="shut")

    checked(account)

    later.refresh_from_db()
    assert later.reader == "shut"


def test_the_hub_is_told_per_partition_by_aws(local_aws: LocalAws, db: None) -> None:
    here, gov = ask_hub("aws"), ask_hub("aws-us-gov")

    assert (here.caller_account, here.principal_arn, here.found_by) == (
        "999900001111",
        "arn:aws:iam::999900001111:user/rolecall",
        "env",
    )
    assert gov.principal_arn == "arn:aws-us-gov:iam::999900001111:user/rolecall"
    assert here.external_id_prefix != gov.external_id_prefix


def test_without_credentials_the_hub_says_what_to_do(
    local_aws: LocalAws, db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    settings.HUB_PROFILES = {**settings.HUB_PROFILES, "aws-cn": "nowhere"}
    forget_clients()
    nothing = ask_hub("aws")
    profile = ask_hub("aws-cn")

    assert "find no AWS credentials for aws" in nothing.problem
    assert "HUB_PROFILE_AWS;" in nothing.problem
    assert "no profile “nowhere”, which HUB_PROFILE_AWS_CN names" in profile.problem


def test_a_check_says_nothing_of_ways_in_that_were_imported_later(watched: Watched) -> None:
    account = watched()
    checked(account)
    told = AccountRow(**{name: getattr(account, name) for name in ("account_id", "name", "tags", *WAYS_IN)})

    import_accounts([replace(told, name="other", tags={"team": "b"})], "test")  # of no matter to a check
    kept = AccessCheck.objects.exists()
    import_accounts([replace(told, external_id="ext-2")], "test")

    assert (kept, AccessCheck.objects.exists()) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_a_check_that_ends_after_the_ways_in_were_changed_is_not_kept(watched: Watched, local_aws: LocalAws) -> None:
    account = watched()
    local_aws.add_fault(account=account.account_id, service="iam", action="^GetRole$", delay=1.0)

    with ThreadPoolExecutor() as pool:
        answer = pool.submit(answered_apart, account.pk)
        wait_until(lambda: any(call["action"] == "AssumeRole" for call in local_aws.log()), 10, "the check begins")
        Account.objects.filter(pk=account.pk).update(external_id="ext-2")

        assert answer.result() is None
    assert not AccessCheck.objects.exists()


def answered_apart(account_pk: int) -> AccessCheck | None:
    """Check in a thread, which has a connection of its own."""
    try:
        return check_account(account_pk)
    finally:
        connection.close()
