"""The form of an account, its changes, deleted accounts, and lists by environment, unit and owner."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.domain.cleanups import State
from accounts.models import Account, AuditEntry, Change
from accounts.services.deleting import delete_accounts
from accounts.services.onboarding import mark_of
from accounts.services.schedule import set_account_paused
from dashboard.sign_in import PROVED_AT
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, note
from tests.dashboard.factories import make_account, make_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account = make_account(1, "orders", external_id="ext-orders", tags={"env": "dev"})
    make_status(account)
    return account


@pytest.fixture
def deleted(account: Account) -> Account:
    Change.objects.create(account=account, at=account.created_at, kind="role", old="absent", new="present")
    cleanup = make_cleanup(account, make_plan(account), State.DONE)
    note(cleanup, State.DELETING_ROLE, "iam:DeleteServiceLinkedRole", "Delete the role", "Taken on.", deletes=True)
    delete_accounts(Account.objects.all(), "olga")
    return account


def typed(account: Account, **fields: Any) -> dict[str, Any]:
    form = {"name": account.name, "partition": account.partition, "reader_role": account.reader_role_arn}
    return {**form, "external_id": account.external_id, "tags": "env=dev", "seen": mark_of(account), **fields}


def test_the_form_keeps_what_people_say_of_an_account(operating: Client, account: Account) -> None:
    said = {"unit": "/Workloads/Prod/", "owner": "Olga", "notes": "Ask first.\r\nThen wait.", "minutes": "30"}

    operating.post(f"/onboarding/{account.account_id}/edit/", typed(account, **said, protected="on"))

    account.refresh_from_db()
    assert (account.unit, account.owner, account.notes) == ("Workloads/Prod", "Olga", "Ask first.\nThen wait.")
    assert (account.poll_interval_seconds, account.protected) == (1800, True)


def test_the_form_does_not_end_a_protection(operating: Client, account: Account) -> None:
    Account.objects.update(protected=True)
    account.refresh_from_db()

    operating.post(f"/onboarding/{account.account_id}/edit/", typed(account, owner="Olga"))

    assert Account.objects.values_list("protected", "owner").get() == (True, "Olga")


def test_what_a_colleague_has_changed_meanwhile_is_not_undone_but_shown(operating: Client, account: Account) -> None:
    form = typed(account, notes="Ask first.\r\nThen wait.")
    Account.objects.update(tags={"team": "mq"})

    page = operating.post(f"/onboarding/{account.account_id}/edit/", form)
    kept = Account.objects.values_list("tags", "notes").get()
    operating.post(f"/onboarding/{account.account_id}/edit/", {**form, "seen": page.context["form"]["seen"].value()})

    text = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())
    assert (page.status_code, kept) == (409, ({"team": "mq"}, ""))
    assert "Nothing was saved: somebody has changed this account since you opened the form." in text
    assert 'value="env=dev"' in page.content.decode() and "stored by now team=mq" in text
    assert text.count("stored by now") == 3  # in the sentence; of the tags, and of the notes
    assert Account.objects.values_list("tags", "notes").get() == ({"env": "dev"}, "Ask first.\nThen wait.")


def test_a_form_without_a_mark_changes_nothing(operating: Client, account: Account) -> None:
    response = operating.post(f"/onboarding/{account.account_id}/edit/", typed(account, seen="", name="other"))

    assert response.status_code == 409
    assert Account.objects.get().name == account.name


def test_an_account_that_was_deleted_meanwhile_is_not_brought_back_by_its_form(
    operating: Client, account: Account
) -> None:
    form = typed(account)
    delete_accounts(Account.objects.all(), "olga")

    assert operating.post(f"/onboarding/{account.account_id}/edit/", form).status_code == 404
    assert not Account.objects.exists()


def not_fresh(browser: Client) -> None:
    session = browser.session
    session[PROVED_AT] = 0
    session.save()


def test_a_new_name_that_ends_a_protection_asks_for_the_password(operating: Client, account: Account) -> None:
    Account.objects.update(name="payments-prod")
    account.refresh_from_db()
    not_fresh(operating)
    address, form = f"/onboarding/{account.account_id}/edit/", typed(account, name="payments", owner="Olga")

    asked = operating.post(address, form)
    wrong = operating.post(address, {**form, "password": "wrong"})
    kept = Account.objects.get().name
    right = operating.post(address, {**form, "password": "correct horse"})

    assert (asked.status_code, wrong.status_code, right.status_code) == (409, 409, 302)
    assert b'name="password"' in asked.content and b'value="Olga"' in asked.content
    assert b"do not fit" in wrong.content
    assert (kept, Account.objects.get().name) == ("payments-prod", "payments")


def test_a_new_name_that_protects_too_is_a_name_like_any(operating: Client, account: Account) -> None:
    Account.objects.update(name="payments-prod")
    account.refresh_from_db()
    not_fresh(operating)

    response = operating.post(f"/onboarding/{account.account_id}/edit/", typed(account, name="orders-prod"))

    assert response.status_code == 302


def test_an_interval_of_seconds_is_not_rounded_by_saving_the_form(operating: Client, account: Account) -> None:
    Account.objects.update(poll_interval_seconds=90)

    operating.post(f"/onboarding/{account.account_id}/edit/", typed(account, minutes="1"))

    assert Account.objects.get().poll_interval_seconds == 90


@pytest.mark.parametrize(
    ("field", "value"), [("unit", "Workloads//Prod"), ("minutes", "0"), ("owner", "x" * 300), ("notes", "x" * 20_001)]
)
def test_what_cannot_be_is_said_at_its_field(operating: Client, account: Account, field: str, value: str) -> None:
    page = operating.post(f"/onboarding/{account.account_id}/edit/", typed(account, **{field: value}))

    assert page.context["form"].errors[field]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("environment=dev", ["orders"]),
        ("environment=-", ["payments"]),
        ("unit=workloads", ["orders", "payments"]),
        ("unit=Workloads/Prod", ["payments"]),
        ("unit=Work", []),
        ("owner=olga", ["payments"]),
    ],
)
def test_lists_are_narrowed_by_environment_unit_and_owner(
    watching: Client, account: Account, query: str, names: list[str]
) -> None:
    Account.objects.update(unit="Workloads/Test")
    make_account(2, "payments", unit="Workloads/Prod", owner="Olga of the payments team")

    for url in ("/accounts/", "/matrix/"):
        page = watching.get(f"{url}?{query}")
        assert [account.name for account in page.context["table"].page.object_list.data] == names
        assert len(page.context["filter"].chips) == 1


def test_an_account_without_a_unit_is_in_that_of_its_tag(watching: Client) -> None:
    make_account(3, "tagged", tags={"unit": "Payments"})
    make_account(4, "placed", unit="Workloads", tags={"unit": "Payments"})

    page = watching.get("/accounts/?unit=payments")

    assert [account.name for account in page.context["table"].page.object_list.data] == ["tagged"]


def test_the_list_says_environment_unit_and_owner(watching: Client, account: Account) -> None:
    Account.objects.update(unit="Workloads/Test", owner="Olga")

    export = watching.get("/accounts/?_export=csv&_columns=name,unit,env,owner")

    lines = b"".join(export.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines == ["name,unit,env,owner", "orders,Workloads/Test,dev,Olga"]


def test_an_accounts_page_says_who_changed_what_with_an_undo(
    operating: Client, watching: Client, account: Account
) -> None:
    set_account_paused(account, True, "olga")
    entry = AuditEntry.objects.get()

    page = operating.get(account.get_absolute_url()).content.decode()
    operating.post(f"/accounts/changes/{entry.pk}/undo/", {"back": account.get_absolute_url()})

    assert "Polling paused <s>no</s> → <b>yes</b>" in page
    assert f"/accounts/changes/{entry.pk}/undo/" not in watching.get(account.get_absolute_url()).content.decode()
    assert not Account.objects.get().paused


def test_no_undo_is_offered_for_what_was_changed_since(operating: Client, account: Account) -> None:
    set_account_paused(account, True, "olga")
    Account.objects.update(paused=False)

    assert "/undo/" not in operating.get(account.get_absolute_url()).content.decode()


def test_an_accounts_page_says_what_people_say_of_it(watching: Client, account: Account) -> None:
    Account.objects.update(owner="Olga", notes="Ask <b>first</b>.")

    page = watching.get(account.get_absolute_url()).content.decode()

    assert "Olga" in page and "Ask &lt;b&gt;first&lt;/b&gt;." in page


def test_all_changes_of_an_account_can_be_exported(watching: Client, account: Account) -> None:
    set_account_paused(account, True, "olga")

    export = watching.get(f"/accounts/{account.account_id}/changes/?_export=csv")

    rows = b"".join(export.streaming_content).decode()  # type: ignore[attr-defined]
    assert "olga,pause account,Polling paused: no → yes," in rows


def test_an_undo_leads_nowhere_else(operating: Client, account: Account) -> None:
    set_account_paused(account, True, "olga")

    response = operating.post(
        f"/accounts/changes/{AuditEntry.objects.get().pk}/undo/", {"back": "//elsewhere.example/accounts/"}
    )

    assert response["Location"] == "/accounts/"


def test_a_deleted_account_is_read_under_its_address(watching: Client, deleted: Account) -> None:
    page = watching.get(deleted.get_absolute_url()).content.decode()

    assert "deleted" in page and "by olga" in page
    assert "Clean-up" in page and "present" in page and "delete account" in page


def test_the_clean_ups_of_a_deleted_account_can_be_read(watching: Client, deleted: Account) -> None:
    number = deleted.cleanups.get().pk

    for url in ("", "report/", "journal/", "report/?format=json"):
        assert watching.get(f"/cleanups/{number}/{url}").status_code == 200


@pytest.mark.parametrize("act", ["poll/", "paused/", "interval/", "cleanup/", "protected/"])
def test_nothing_can_be_done_to_a_deleted_account(operating: Client, deleted: Account, act: str) -> None:
    assert operating.post(f"{deleted.get_absolute_url()}{act}", {"paused": "yes"}).status_code == 404


def test_a_deleted_account_is_watched_again(operating: Client, deleted: Account) -> None:
    operating.post(f"{deleted.get_absolute_url()}restore/")

    assert Account.objects.get() == deleted
    assert operating.get(deleted.get_absolute_url()).context["cleanups"]


def test_adding_the_id_of_a_deleted_account_brings_it_back(operating: Client, deleted: Account) -> None:
    operating.post("/onboarding/add/", {**typed(deleted), "account_id": deleted.grouped_id})

    assert Account.objects.get().pk == deleted.pk
    assert AuditEntry.objects.first().action == "bring account back"  # type: ignore[union-attr]


def test_a_purge_asks_for_the_id(operating: Client) -> None:
    account = make_account(5, "empty")
    delete_accounts(Account.objects.all(), "olga")
    url = f"{account.get_absolute_url()}purge/"

    wrong = operating.post(url, {"phrase": "000000000000"})
    left = Account.every.count()
    operating.post(url, {"phrase": account.grouped_id})

    assert (wrong.status_code, left, Account.every.count()) == (409, 1, 0)


@pytest.mark.parametrize("act", ["restore/", "purge/"])
def test_a_viewer_neither_purges_nor_brings_back(watching: Client, deleted: Account, act: str) -> None:
    assert watching.post(f"{deleted.get_absolute_url()}{act}", {"phrase": deleted.account_id}).status_code == 403


def test_a_purge_of_evidence_is_refused_with_the_reason(operating: Client, deleted: Account) -> None:
    page = operating.post(f"{deleted.get_absolute_url()}purge/", {"phrase": deleted.account_id})

    assert "its journal is evidence" in page.content.decode()
    assert Account.every.exists()


def test_deleted_accounts_are_listed(watching: Client, deleted: Account) -> None:
    page = watching.get("/accounts/archived/").content.decode()

    assert deleted.name in page and "olga" in page
