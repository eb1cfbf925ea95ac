"""What was changed of an account, by whom, from what to what; acts over many, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Account, AccountEdit, AuditEntry
from accounts.services.account_files import read_accounts
from accounts.services.acts import Changed, perform, preview
from accounts.services.credentials import forget_credentials
from accounts.services.importing import import_accounts
from accounts.services.onboarding import Details, save_account
from accounts.services.protection import PROTECT, set_protected
from accounts.services.schedule import PAUSE, RESUME, SetInterval, set_interval
from accounts.services.tagging import tag_act
from accounts.services.undoing import CannotUndo, undo, unprotects, why_not
from dashboard.account_edits import entries_about, lines_of

pytestmark = pytest.mark.django_db
MakeAccount = Callable[..., Account]
HEADER = "account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags\n"


def line(account_id: str, name: str = "orders", external_id: str = "ext-secret-1", tags: str = "env=dev") -> str:
    return f"{account_id},{name},arn:aws:iam::{account_id}:role/MqSlrReader,,{external_id},{tags}\n"


def imported(*lines: str) -> None:
    import_accounts(read_accounts((HEADER + "".join(lines)).encode()), "operator")


def told(account: Account) -> list[str]:
    """What its page says was done to it, the newest first."""
    return [f"{entry.actor}: {entry.action}. {'; '.join(map(str, lines_of(entry)))}" for entry in _about(account)]


def _about(account: Account) -> list[AuditEntry]:
    return list(entries_about(account.account_id))


def test_an_import_says_of_each_account_what_it_changed() -> None:
    imported(line("111122223333"), line("111122224444"))
    imported(line("111122223333", name="orders-eu", tags="env=prod"), line("111122224444"))

    changed, untouched = Account.objects.order_by("account_id")
    assert told(changed)[0] == "operator: import accounts. Name: orders → orders-eu; Tag env: dev → prod"
    assert len(told(untouched)) == 1


def test_an_external_id_is_never_kept_in_full() -> None:
    imported(line("111122223333", external_id="ext-secret-1"))
    imported(line("111122223333", external_id="fresh-secret-2"))

    kept = [(edit.before, edit.after) for edit in AccountEdit.objects.all()]
    assert "secret" not in str(kept)
    assert "External id: ext-… → fres…" in told(Account.objects.get())[0]


def test_a_form_is_one_act_whatever_it_changes(make_account: MakeAccount) -> None:
    account = make_account(name="orders")
    (row,) = read_accounts((HEADER + line(account.account_id, "orders", account.external_id, "env=prod")).encode())
    details = Details(unit="Workloads/Prod", owner="Olga", notes="", poll_interval_seconds=600, protected=True)

    save_account(row, "operator", details)
    save_account(row, "operator", details)

    (entry,) = _about(account)
    assert entry.detail == "tags, unit, owner, poll_interval_seconds, protected"
    assert (
        "Unit: – → Workloads/Prod; Owner: – → Olga; Protected: no → yes; Interval: the default → 600 s"
        in told(account)[0]
    )
    assert Account.objects.get().next_poll_at is not None


def test_what_a_form_does_not_say_stays_as_it_is(make_account: MakeAccount) -> None:
    account = make_account(name="orders", unit="Workloads/Prod", protected=True)
    (row,) = read_accounts((HEADER + line(account.account_id)).encode())

    save_account(row, "operator", Details(owner="", notes=""))

    assert Account.objects.values_list("unit", "protected").get() == ("Workloads/Prod", True)


def test_every_act_on_an_account_is_found_by_its_id_whatever_its_name_was(make_account: MakeAccount) -> None:
    account = make_account(name="orders")
    set_protected(account, True, "olga")
    set_interval(account, 600, "olga")
    Account.objects.filter(pk=account.pk).update(name="another name")
    forget_credentials(account, "olga")

    assert [entry.action for entry in _about(account)] == ["set interval", "protect account"]
    assert told(account)[0] == "olga: set interval. Interval: the default → 600 s"


def test_an_act_over_many_is_one_entry_and_stands_on_the_page_of_each(make_account: MakeAccount) -> None:
    first, second, other = make_account(), make_account(), make_account(paused=True)

    done = perform(PAUSE, Account.objects.all(), "olga")

    assert (done.tally.changed, done.tally.alike) == (2, 1)
    assert AuditEntry.objects.get().subject == "2 accounts"
    assert told(first) == told(second) == ["olga: pause account. Polling paused: no → yes"]
    assert told(other) == []


def test_an_act_that_changes_nothing_is_not_on_record(make_account: MakeAccount) -> None:
    make_account()

    assert perform(RESUME, Account.objects.all(), "olga").entry is None
    assert not AuditEntry.objects.exists()


def test_other_accounts_than_were_seen_are_left_alone(make_account: MakeAccount) -> None:
    make_account()
    seen = preview(PAUSE, Account.objects.all()).seen
    make_account()

    with pytest.raises(Changed):
        perform(PAUSE, Account.objects.all(), "olga", seen=seen)

    assert not Account.objects.filter(paused=True).exists()


def test_an_undo_gives_each_account_its_own_value_back(make_account: MakeAccount) -> None:
    make_account(poll_interval_seconds=300), make_account(poll_interval_seconds=None)
    done = perform(SetInterval(600), Account.objects.all(), "olga")
    assert done.entry is not None

    undo(done.entry, "paul")

    assert list(Account.objects.order_by("pk").values_list("poll_interval_seconds", flat=True)) == [300, None]
    assert AuditEntry.objects.get(undoes=done.entry).actor == "paul"


def test_an_undo_of_something_changed_since_is_refused(make_account: MakeAccount) -> None:
    make_account()
    done = perform(SetInterval(600), Account.objects.all(), "olga")
    assert done.entry is not None
    perform(SetInterval(900), Account.objects.all(), "paul")

    with pytest.raises(CannotUndo, match="changed since"):
        undo(done.entry, "olga")

    assert Account.objects.get().poll_interval_seconds == 900


def test_after_a_day_nothing_is_undone(make_account: MakeAccount) -> None:
    make_account()
    done = perform(PAUSE, Account.objects.all(), "olga")
    assert done.entry is not None
    AuditEntry.objects.update(at=timezone.now() - timedelta(hours=25))

    with pytest.raises(CannotUndo, match="24 hours"):
        undo(done.entry, "olga")


def test_a_change_of_a_way_in_cannot_be_undone_by_a_button() -> None:
    imported(line("111122223333", external_id="ext-secret-1"))
    imported(line("111122223333", external_id="fresh-secret-2"))
    entry = AuditEntry.objects.first()
    assert entry is not None

    assert why_not(entry, list(entry.edits.all())) == "It is not of the kind that can be undone."


def test_it_is_known_which_undo_ends_a_protection(make_account: MakeAccount) -> None:
    make_account()
    done = perform(PROTECT, Account.objects.all(), "olga")
    assert done.entry is not None

    assert unprotects(list(done.entry.edits.all()))


def test_it_is_known_that_an_undo_takes_a_protecting_name_away(make_account: MakeAccount) -> None:
    account = make_account(name="payments")
    (row,) = read_accounts((HEADER + line(account.account_id, "payments-prod")).encode())
    save_account(row, "operator")

    assert unprotects(list(_about(account)[0].edits.all()))


def test_ten_thousand_accounts_are_changed_in_a_few_statements(django_assert_max_num_queries: object) -> None:
    Account.objects.bulk_create(
        Account(account_id=f"{number:012d}", name=f"n-{number}", partition="aws", reader_role_arn="arn")
        for number in range(10_000)
    )

    with django_assert_max_num_queries(50):  # type: ignore[operator]
        done = perform(tag_act("add", "team=mq"), Account.objects.all(), "olga")

    assert done.tally.changed == Account.objects.filter(tags__team="mq").count() == 10_000


def test_the_command_tags_accounts_and_can_be_asked_first(make_account: MakeAccount) -> None:
    named, other = make_account(), make_account()
    out = StringIO()

    call_command("tag_accounts", "add", "team=mq", "--account", named.account_id, "--dry-run", stdout=out)
    call_command("tag_accounts", "add", "team=mq", "--account", named.account_id, stdout=out)

    assert out.getvalue() == "1 account would be changed, 0 so already\n1 account changed, 0 so already\n"
    assert list(Account.objects.filter(tags__has_key="team")) == [named]
    assert other.tags == {}


def test_the_command_says_what_is_wrong_with_a_tag(make_account: MakeAccount) -> None:
    make_account()

    with pytest.raises(CommandError, match="Type a value, too"):
        call_command("tag_accounts", "add", "team")
