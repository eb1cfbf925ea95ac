"""Accounts taken out of Rolecall: what forbids it, what stays, what goes, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import (
    AccessCheck,
    Account,
    AccountEdit,
    AuditEntry,
    Broker,
    Cell,
    Change,
    Cleanup,
    JournalEntry,
    Poll,
    RoleStatus,
    SealedCredential,
    Sweep,
)
from accounts.services import polling
from accounts.services.access_checks import answer_request, request_checks
from accounts.services.account_files import read_accounts
from accounts.services.acts import Done
from accounts.services.claims import Refusal, claim
from accounts.services.cleanups.drawing import request_plan
from accounts.services.cleanups.errors import Refused
from accounts.services.deleting import delete_accounts, restore_accounts
from accounts.services.importing import import_accounts
from accounts.services.patience import Patience
from accounts.services.polling import look_at, run_poll
from accounts.services.retention import forget_old
from accounts.services.sweeps import poll_due_accounts, request_sweep
from dashboard.access import Shell, visible_accounts
from dashboard.demo.local_aws.client import LocalAws
from dashboard.matrix import census
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, note
from tests.dashboard.factories import make_broker, make_cell, make_status

pytestmark = pytest.mark.django_db
MakeAccount = Callable[..., Account]
Watched = Callable[..., Account]


def delete(account: Account, *, purge: bool = False) -> Done:
    return delete_accounts(Account.every.filter(pk=account.pk), "operator", purge=purge)


def sweep_over(account: Account) -> Poll:
    sweep = request_sweep(Account.objects.filter(pk=account.pk), Sweep.Reason.PAGE, "somebody", send=False)
    return sweep.polls.get()


def credential_of(account: Account) -> SealedCredential:
    now = timezone.now()
    return SealedCredential.objects.create(
        account=account, purpose="reader", sealed=b"x", role_arn="r", expires_at=now, created_at=now
    )


def known(account: Account) -> Account:
    """Everything that can be known of an account."""
    make_status(account)
    make_cell(account, "eu-west-1", 1)
    make_broker(account, "eu-west-1", "orders")
    Change.objects.create(account=account, at=timezone.now(), kind="role", new="present")
    credential_of(account)
    return account


def test_a_deleted_account_keeps_its_history_and_loses_its_credentials_at_once(make_account: MakeAccount) -> None:
    account = known(make_account())

    done = delete(account)

    assert (done.tally.changed, Account.objects.count(), Account.every.count()) == (1, 0, 1)
    assert not SealedCredential.objects.exists()
    assert [model.objects.count() for model in (RoleStatus, Cell, Broker, Change)] == [1, 1, 1, 1]
    entry = AuditEntry.objects.get(action="delete account")
    assert (entry.actor, entry.account_number) == ("operator", account.account_id)


def test_a_purged_account_leaves_its_audit_entries_and_nothing_else(make_account: MakeAccount) -> None:
    account = known(make_account())
    make_cleanup(account, make_plan(account), State.CANCELLED)
    sweep_over(account)
    delete(account)

    delete(account, purge=True)

    gone = (Account.every, RoleStatus.objects, Cell.objects, Broker.objects, Change.objects, Poll.objects)
    assert [manager.count() for manager in gone] == [0] * 6
    assert not Cleanup.objects.exists() and not AccountEdit.objects.exists()
    assert AuditEntry.objects.get(action="purge account").account_number == account.account_id


@pytest.mark.parametrize("purge", [False, True])
def test_no_account_is_deleted_while_a_clean_up_is_at_work_in_it(make_account: MakeAccount, purge: bool) -> None:
    account = make_account()
    make_cleanup(account, make_plan(account), State.WAITING)

    done = delete(account, purge=purge)

    assert Account.objects.filter(pk=account.pk).exists()
    assert "a clean-up is at work in it" in next(iter(done.tally.refused))


@pytest.mark.parametrize("purge", [False, True])
def test_no_account_is_deleted_while_a_worker_polls_it(make_account: MakeAccount, purge: bool) -> None:
    account = make_account()
    poll = sweep_over(account)
    claim(poll.pk)

    done = delete(account, purge=purge)

    assert Account.objects.filter(pk=account.pk).exists()
    assert "is being polled at this moment: pause it" in next(iter(done.tally.refused))


def test_a_protected_account_is_not_purged_and_stays_protected_when_it_comes_back(make_account: MakeAccount) -> None:
    account = make_account(protected=True)

    refused = delete(account, purge=True).tally.refused
    delete(account)
    restore_accounts(Account.every.filter(pk=account.pk), "operator")

    assert "is protected" in next(iter(refused))
    assert Account.objects.get().protected


def test_the_journal_of_what_was_deleted_in_aws_is_never_purged(make_account: MakeAccount) -> None:
    account = make_account()
    cleanup = make_cleanup(account, make_plan(account), State.DONE)
    note(cleanup, State.DELETING_ROLE, "iam:DeleteServiceLinkedRole", "Delete the role", "Taken on.", deletes=True)

    refused = delete(account, purge=True).tally.refused
    delete(account)

    assert "its journal is evidence" in next(iter(refused))
    assert JournalEntry.objects.filter(cleanup=cleanup, deletes=True).exists()


def test_not_even_a_stray_line_of_code_deletes_an_account_with_its_clean_ups(make_account: MakeAccount) -> None:
    account = make_account()
    make_cleanup(account, make_plan(account), State.DONE)

    with pytest.raises(ProtectedError):
        account.delete()


def test_what_is_in_the_way_of_one_leaves_the_others_to_go(make_account: MakeAccount) -> None:
    busy, free = make_account(), make_account()
    claim(sweep_over(busy).pk)
    waiting = request_sweep(Account.objects.all(), Sweep.Reason.PAGE, "somebody", send=False)

    done = delete_accounts(Account.objects.all(), "operator")

    assert (done.tally.changed, done.tally.refused.total()) == (1, 1)
    assert waiting.polls.get(account=busy).state == "queued"
    assert waiting.polls.get(account=free).state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_is_being_confirmed_at_this_moment_is_in_the_way(make_account: MakeAccount) -> None:
    account = make_account()
    cleanup = make_cleanup(account, make_plan(account), State.DRAFTED)
    held, over = threading.Event(), threading.Event()

    def confirm() -> None:
        with transaction.atomic():
            Cleanup.objects.select_for_update().get(pk=cleanup.pk)
            held.set()
            over.wait(10)
        connection.close()

    other = threading.Thread(target=confirm)
    other.start()
    held.wait(10)
    done = delete(account)
    over.set()
    other.join()

    cleanup.refresh_from_db()
    assert "try again in a minute" in next(iter(done.tally.refused))
    assert cleanup.state == State.DRAFTED and Account.objects.exists()


def test_a_plan_that_nobody_began_is_void(make_account: MakeAccount) -> None:
    account = make_account()
    cleanup = make_cleanup(account, make_plan(account), State.DRAFTED)

    delete(account)

    cleanup.refresh_from_db()
    assert (cleanup.state, cleanup.reason) == ("void", "The account was deleted by operator.")


def test_no_plan_is_drawn_for_an_account_that_was_deleted_meanwhile(make_account: MakeAccount) -> None:
    account = make_account()
    delete(account)

    with pytest.raises(Refused, match="not watched any more"):
        request_plan(account, "operator", send=False)


def test_a_deleted_account_is_polled_by_nobody(make_account: MakeAccount) -> None:
    account = make_account()
    queued = sweep_over(account)
    delete(account)

    assert claim(queued.pk) is Refusal.OVER
    assert poll_due_accounts() is None
    assert not request_sweep(Account.objects.all(), Sweep.Reason.PAGE, "x", send=False).polls.exists()


def test_a_check_that_nobody_answered_is_not_asked_for_again(make_account: MakeAccount) -> None:
    account = make_account()
    request_checks(Account.objects.all(), "operator")

    delete(account)

    assert not AccessCheck.objects.waiting().exists()


def test_a_check_asked_for_while_an_account_was_being_deleted_ends(make_account: MakeAccount) -> None:
    account = make_account()
    delete(account)
    request_checks(Account.every.all(), "operator")

    answer_request(account.pk)

    assert not AccessCheck.objects.exists()


@pytest.mark.parametrize("purge", [False, True])
def test_a_poll_in_flight_of_an_account_deleted_meanwhile_stores_nothing(watched: Watched, purge: bool) -> None:
    account = watched(brokers=[{"region": "eu-west-1", "name": "orders", "engine": "RabbitMQ"}])
    poll = claim(sweep_over(account).pk)
    assert isinstance(poll, Poll)
    Poll.objects.filter(pk=poll.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    delete(account, purge=purge)

    reading = look_at(poll.account, Patience(1))
    stored = polling._store(poll, reading)

    assert not stored
    assert not RoleStatus.objects.exists() and not Cell.objects.exists() and not SealedCredential.objects.exists()


@pytest.mark.parametrize("purge", [False, True])
def test_a_worker_outlives_the_account_that_it_polls(
    watched: Watched, local_aws: LocalAws, purge: bool, caplog: pytest.LogCaptureFixture
) -> None:
    account = watched()
    poll = sweep_over(account)
    Account.objects.filter(pk=account.pk).update(archived_at=timezone.now())  # between the queue and the claim
    if purge:
        Account.every.filter(pk=account.pk).delete()

    run_poll(poll.pk)

    assert "broke" not in caplog.text
    assert not RoleStatus.objects.exists() and not SealedCredential.objects.exists()


def test_adding_the_same_id_again_brings_the_account_back_with_its_history(make_account: MakeAccount) -> None:
    account = known(make_account())
    delete(account)
    csv = (
        "account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags\n"
        f"{account.account_id},orders-new,{account.reader_role_arn},,{account.external_id},\n"
    )

    done = import_accounts(read_accounts(csv.encode()), "operator")

    back = Account.objects.get()
    assert (done.created, back.pk, back.name, back.next_poll_at) == (1, account.pk, "orders-new", None)
    assert Change.objects.filter(account=back).exists()
    edit = AccountEdit.objects.get(entry__action="import accounts")
    before, after = edit.before or {}, edit.after or {}
    assert (before["watched"], after["watched"], after["name"]) == (False, True, "orders-new")


def test_kept_history_is_not_thinned(make_account: MakeAccount) -> None:
    kept, watched_still = make_account(), make_account()
    for account in (kept, watched_still):
        Change.objects.create(account=account, at=timezone.now() - timedelta(days=5000), kind="role", new="present")
    delete(kept)

    forget_old()

    assert Change.objects.get().account == kept


def test_the_command_deletes_what_is_named_twice(make_account: MakeAccount) -> None:
    account, out = make_account(), StringIO()

    with pytest.raises(CommandError, match="--confirm"):
        call_command("delete_account", account.account_id, "--confirm", "111100009999")
    call_command("delete_account", account.account_id, "--confirm", account.grouped_id, stdout=out)

    assert "is deleted, its history is kept" in out.getvalue()
    assert not Account.objects.exists()


def test_the_command_purges_what_was_deleted_before(make_account: MakeAccount) -> None:
    account = make_account()
    delete(account)

    call_command("delete_account", account.account_id, "--confirm", account.account_id, "--purge", stdout=StringIO())

    assert not Account.every.exists()


def test_the_command_says_why_it_does_not_delete(make_account: MakeAccount) -> None:
    account = make_account()
    make_cleanup(account, make_plan(account), State.WAITING)

    with pytest.raises(CommandError, match="a clean-up is at work"):
        call_command("delete_account", account.account_id, "--confirm", account.account_id)


PAGES = (
    "/",
    "/matrix/",
    "/accounts/",
    "/brokers/",
    "/cleanups/",
    "/campaigns/",
    "/regions/",
    "/sweeps/",
    "/onboarding/",
)
EXPORTS = ("/matrix/?_export=csv", "/accounts/?_export=csv", "/brokers/?_export=csv", "/cleanups/?_export=csv")


@pytest.mark.parametrize("url", [*PAGES, *EXPORTS])
def test_no_page_knows_a_deleted_account(admin_client: Client, make_account: MakeAccount, url: str) -> None:
    account = known(make_account(name="quite-unmistakable"))
    make_cleanup(account, make_plan(account), State.DONE)
    sweep_over(account)
    before = _text(admin_client, url)
    delete(account)

    after = _text(admin_client, url)

    assert "quite-unmistakable" in before or url in ("/", "/campaigns/", "/regions/", "/sweeps/")
    assert "quite-unmistakable" not in after and account.account_id not in after


def test_no_count_takes_a_deleted_account_in(make_account: MakeAccount) -> None:
    delete(known(make_account()))

    counted = census(visible_accounts(Shell.OPERATOR), timezone.now())

    assert (counted.accounts, counted.cells, counted.answered, counted.brokers) == (0, 0, 0, 0)


@pytest.mark.parametrize("what", ["matrix", "accounts", "brokers", "cleanups"])
def test_no_export_of_the_shell_knows_a_deleted_account(make_account: MakeAccount, tmp_path: Path, what: str) -> None:
    account = known(make_account())
    delete(account)

    call_command("export", what, "--output", str(tmp_path / "file"))

    assert account.account_id not in (tmp_path / "file").read_text()


def _text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    return bytes(body).decode()
