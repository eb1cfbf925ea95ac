"""One account comes in by its form, gets its roles and is checked; every mistake is said where it was made."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AccessCheck, Account, AuditEntry, HubIdentity, SealedCredential
from accounts.services.onboarding import mark_of
from tests.dashboard.factories import make_account, make_status

HUB = "arn:aws:iam::999900001111:role/rolecall-hub"
NEW = {
    "account_id": "1111-2222-3333",
    "name": "shop",
    "partition": "aws",
    "reader_role": "MqSlrReader",
    "cleaner_role": "",
    "external_id": "",
    "tags": "env=prod; owner=ana",
}


def known_hub(**fields: Any) -> HubIdentity:
    asked = timezone.now()
    values = {"caller_arn": HUB, "principal_arn": HUB, "requested_at": asked, "checked_at": asked, **fields}
    return HubIdentity.objects.create(partition="aws", **values)


def text(response: Any) -> str:
    return unescape(response.content.decode())


def test_an_account_is_added_with_an_external_id_of_its_own(operating: Client) -> None:
    response = operating.post("/onboarding/add/", NEW)

    account = Account.objects.get()
    assert response["Location"] == "/onboarding/111122223333/roles/"
    assert account.reader_role_arn == "arn:aws:iam::111122223333:role/MqSlrReader"
    assert account.external_id.startswith("rolecall-")
    assert (account.tags, account.cleaner_role_arn) == ({"env": "prod", "owner": "ana"}, "")
    assert AuditEntry.objects.get().action == "add account"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("account_id", "1111-2222-333", "“1111-2222-333” is not 12 digits."),
        ("account_id", "", "This field is required."),
        ("account_id", "1.23457E+11", "did a spreadsheet round it?"),
        ("account_id", "12345678901", "did a spreadsheet drop a leading zero?"),
        ("account_id", "1" * 41, "at most 40 characters"),
        ("name", "x" * 201, "Has 201 characters, more than 200."),
        ("partition", "aws-mars", "not one of the available choices"),
        ("reader_role", "arn:aws:iam::999999999999:role/x", "Is a role of account 999999999999, not of 111122223333."),
        ("reader_role", "arn:aws-cn:iam::111122223333:role/x", "Is not in aws, the partition chosen above."),
        (
            "reader_role",
            "arn:aws-iso:iam::111122223333:role/x",
            "Rolecall knows the partitions aws, aws-us-gov, aws-cn",
        ),
        ("reader_role", "no spaces please", "is not the ARN of an IAM role"),
        ("cleaner_role", "MqSlrReader", "Is the reader role: looking and deleting need two roles."),
        ("cleaner_role", "arn:aws:iam::999999999999:role/x", "Is a role of account 999999999999"),
        ("external_id", "a b!", "Must be 2 to 1224 of the characters"),
        ("external_id", "x" * 1225, "Must be 2 to 1224 of the characters"),
        ("tags", "env=a; env=b", "“env” appears twice."),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_is_saved(
    operating: Client, field: str, typed: str, said: str
) -> None:
    response = operating.post("/onboarding/add/", {**NEW, field: typed})

    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert said in errors[field][0]
    assert said in text(response)
    assert not Account.objects.exists()


def test_a_wrong_role_is_said_beside_a_wrong_id(operating: Client) -> None:
    wrong = {**NEW, "account_id": "12", "cleaner_role": "arn:aws-cn:iam::111122223333:role/x"}

    errors = operating.post("/onboarding/add/", wrong).context["form"].errors

    assert set(errors) == {"account_id", "cleaner_role"}


def test_an_account_that_is_watched_already_is_named(operating: Client) -> None:
    make_account(1, "orders")
    account_id = Account.objects.get().account_id

    response = operating.post("/onboarding/add/", {**NEW, "account_id": account_id})

    assert "is watched already, as orders." in text(response)


def test_an_edit_changes_what_was_typed_and_has_the_new_role_checked(operating: Client) -> None:
    account = make_account(1, "orders", tags={"odd": "a;b"}, external_id="ext-1")
    page = operating.get(f"/onboarding/{account.account_id}/edit/")
    typed = {name: page.context["form"][name].value() for name in (*NEW, "seen")}

    operating.post(f"/onboarding/{account.account_id}/edit/", {**typed, "name": "orders-eu"})
    unchanged = AccessCheck.objects.exists()
    typed["seen"] = mark_of(Account.objects.get())
    operating.post(f"/onboarding/{account.account_id}/edit/", {**typed, "reader_role": "security/Reader"})

    account.refresh_from_db()
    assert (account.tags, account.external_id) == ({"odd": "a;b"}, "ext-1")
    assert account.reader_role_arn.endswith(":role/security/Reader")
    assert (unchanged, AccessCheck.objects.exists()) == (False, True)
    assert "reader_role_arn" in next(entry.detail for entry in AuditEntry.objects.filter(action="change account"))


@pytest.mark.parametrize("form", ["cloudformation", "terraform", "cli", "stackset"])
def test_a_role_is_shown_and_downloaded(operating: Client, form: str) -> None:
    known_hub()
    account = make_account(external_id="ext-1")

    page = operating.get(f"/onboarding/{account.account_id}/roles/?format={form}")
    file = operating.get(f"/onboarding/{account.account_id}/roles/file/?format={form}")

    assert HUB in file.content.decode()
    assert file.content.decode() in text(page)
    assert "attachment; filename=" in file["Content-Disposition"]


@pytest.mark.parametrize(
    ("hub", "account", "query", "said"),
    [
        ({"principal_arn": "", "problem": "No credentials."}, {"external_id": "e1"}, "", "No credentials."),
        ({}, {"external_id": ""}, "", "has no external id"),
        ({}, {"external_id": "e1"}, "?purpose=cleaner", "has no cleaner role"),
    ],
)
def test_a_role_that_cannot_be_written_says_why(
    operating: Client, hub: dict[str, Any], account: dict[str, Any], query: str, said: str
) -> None:
    known_hub(**hub)
    url = f"/onboarding/{make_account(**account).account_id}/roles/"

    assert said in text(operating.get(url + query))
    assert operating.get(f"{url}file/{query}").status_code == 400


def test_a_form_that_does_not_exist_is_refused(operating: Client) -> None:
    account = make_account()

    assert operating.get(f"/onboarding/{account.account_id}/roles/?format=word").status_code == 400


def test_only_accounts_that_were_never_read_take_the_stacksets_external_id(operating: Client) -> None:
    hub = known_hub()
    new, read = make_account(1, external_id="e1"), make_account(2, external_id="e2")
    make_status(read)

    operating.post("/onboarding/stackset/aws/")
    operating.post("/onboarding/stackset/aws/")

    new.refresh_from_db()
    read.refresh_from_db()
    assert (new.external_id, read.external_id) == (f"{hub.external_id_prefix}-{new.account_id}", "e2")
    assert [entry.subject for entry in AuditEntry.objects.all()] == ["1 account of aws"]


def test_the_hubs_page_says_who_rolecall_is_and_no_secret(operating: Client) -> None:
    known_hub(caller_account="999900001111", found_by="iam-role", profile="hub")

    html = text(operating.get("/onboarding/hub/"))

    assert "9999 0000 1111" in html
    assert "iam-role" in html
    assert "hx-trigger" not in html


def test_a_hub_that_was_never_asked_is_asked_and_the_page_looks_again(operating: Client) -> None:
    html = text(operating.get("/onboarding/hub/"))

    assert 'hx-trigger="every 2s"' in html
    assert HubIdentity.objects.get().waits


def checked(account: Account, **fields: Any) -> AccessCheck:
    now = timezone.now()
    values: dict[str, Any] = {
        "reader": "ready",
        "reader_role_arn": account.reader_role_arn,
        "checked_at": now,
        **fields,
    }
    return AccessCheck.objects.create(account=account, requested_at=now, requested_by="olga", sent_at=now, **values)


def test_a_denied_call_is_shown_with_the_statement_to_add(watching: Client) -> None:
    account = make_account()
    call = {"action": "mq:ListTags", "result": "denied", "denied_by": "identity policy", "detail": "No.", "add": True}
    checked(account, reader="incomplete", results={"reader": {"detail": "", "calls": [call]}})

    html = text(watching.get(f"/accounts/{account.account_id}/"))

    assert "✕ denied" in html
    assert "by the identity policy" in html
    assert '"Action": "mq:ListTags"' in html


def test_an_open_role_is_said_loudly(watching: Client) -> None:
    account = make_account()
    checked(account, reader="open", results={"reader": {"detail": "Rolecall refuses this role.", "calls": []}})

    assert "This role opens without the external id." in text(watching.get(f"/accounts/{account.account_id}/"))


def test_the_list_says_what_is_wrong_with_a_role_and_what_to_do_next(operating: Client) -> None:
    ready, shut, narrow, new = (make_account(number, f"account-{number}") for number in range(1, 5))
    shut_said = "AWS refused to let Rolecall assume the account's role; it does not say why. Check in the account."
    actions = ("mq:ListBrokers", "mq:ListTags", "iam:GetRole", "iam:GetPolicy")
    calls = [{"action": action, "result": "denied"} for action in actions]
    checked(ready)
    checked(shut, reader="shut", cleaner="shut", results={key: {"detail": shut_said} for key in ("reader", "cleaner")})
    checked(narrow, reader="ready", cleaner="incomplete", results={"reader": {}, "cleaner": {"calls": calls}})

    page = text(operating.get("/onboarding/"))

    rows = {row.partition("</tr>")[0] for row in page.split("<tr")}
    row_of = {
        one.pk: next(row for row in rows if f'id="a{one.account_id}"' in row) for one in (ready, shut, narrow, new)
    }
    assert '<span class="grade ok">✓ ready</span>' in row_of[ready.pk]
    assert '<td class="note"></td>' in row_of[ready.pk]
    assert (
        "Both roles: AWS refused to let Rolecall assume the account's role; it does not say why. <a" in row_of[shut.pk]
    )
    assert f'<a href="/onboarding/{shut.account_id}/roles/">Make or mend the role</a>' in row_of[shut.pk]
    assert "Cleaner role: denied mq:ListBrokers, mq:ListTags, iam:GetRole and 1 more. <a" in row_of[narrow.pk]
    assert f'<a href="/accounts/{narrow.account_id}/#access-check">See the statements to add</a>' in row_of[narrow.pk]
    assert f'<a href="/onboarding/{new.account_id}/roles/">Make the role, then check it</a>' in row_of[new.pk]


def test_what_is_wrong_is_in_the_file_too(operating: Client) -> None:
    checked(make_account(), reader="open", results={"reader": {"detail": "Rolecall refuses this role: it is open."}})

    file = b"".join(operating.get("/onboarding/?_export=csv")).decode()

    assert "Reader role: Rolecall refuses this role: it is open." in file


def test_done_steps_are_said_to_be_done(operating: Client) -> None:
    page = text(operating.get(f"/onboarding/{make_account(external_id='e1').account_id}/roles/"))

    assert '<span aria-hidden="true">✓</span>Account<i class="visually-hidden">, done</i>' in page
    assert '<li class="here" aria-current="step"><span aria-hidden="true">2</span>Roles</li>' in page
    assert '<button class="button primary">Check access</button>' in page


def test_a_check_of_another_role_than_the_present_one_says_so(watching: Client) -> None:
    account = make_account()
    checked(account, reader_role_arn="arn:aws:iam::1:role/old")

    assert "The role was changed after this check" in text(watching.get(f"/accounts/{account.account_id}/"))


def test_a_check_is_asked_for_and_the_panel_looks_again_until_it_is_there(operating: Client) -> None:
    account = make_account()

    operating.post(f"/onboarding/{account.account_id}/check/")
    waiting = text(operating.get(f"/onboarding/{account.account_id}/check/panel/"))
    AccessCheck.objects.update(checked_at=timezone.now())
    over = text(operating.get(f"/onboarding/{account.account_id}/check/panel/"))

    assert ('hx-trigger="every 2s"' in waiting, "hx-trigger" in over) == (True, False)


def test_many_are_checked_as_the_filters_leave_them(operating: Client) -> None:
    make_account(1, "orders"), make_account(2, "billing")

    response = operating.post("/onboarding/check/?q=orders")

    assert response["Location"] == "/onboarding/?q=orders"
    assert [check.account.name for check in AccessCheck.objects.all()] == ["orders"]


def test_forgetting_credentials_says_how_many(operating: Client) -> None:
    account, now = make_account(), timezone.now()
    SealedCredential.objects.create(account=account, purpose="reader", sealed=b"x", expires_at=now, created_at=now)

    first = operating.post(f"/onboarding/{account.account_id}/forget/", follow=True)
    second = operating.post(f"/onboarding/{account.account_id}/forget/", follow=True)

    assert "1 session of" in text(first)
    assert "had no session" in text(second)


def test_a_role_comes_from_the_command_too(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    known_hub()
    account = make_account(external_id="ext-1")

    call_command("role_templates", account=account.account_id, form="cli")

    assert capsys.readouterr().out.startswith("#!/bin/sh")
    with pytest.raises(CommandError, match="has no cleaner role"):
        call_command("role_templates", account=account.account_id, form="cli", purpose="cleaner")


def test_the_check_command_tells_what_to_mend_and_fails(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    account = make_account(1, "orders", external_id="ext-1")

    with pytest.raises(SystemExit):
        call_command("check_accounts", account=[account.account_id])

    assert "reader role unknown. No answer to sts:AssumeRole" in capsys.readouterr().out


def test_an_account_that_nobody_has_checked_is_not_being_checked(operating: Client) -> None:
    make_account()

    page = text(operating.get("/onboarding/"))

    assert "No role has been checked yet." in page
    assert "being checked" not in page
