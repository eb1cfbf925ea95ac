"""The door by AWS Organizations as a person goes through it: connect, read, choose, take, follow."""

from __future__ import annotations

import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import Account, AuditEntry, HubIdentity, Organization
from accounts.services.organizations import read_now
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.factories import make_account, make_status

HUB = "arn:aws:iam::999900001111:role/rolecall-hub"
ROLE = "arn:aws:iam::888800001111:role/RolecallOrganization"
SHOP, OPS = "222233330001", "222233330002"
RULES = {"reader_role": "MqSlrReader", "external_ids": "stackset", "interval": ""}


def text(response: Any) -> str:
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def connected(browser: Client, **fields: str) -> Organization:
    browser.post("/onboarding/organization/", {"partition": "aws", "reads_tags": "on", **fields})
    one = Organization.objects.get()
    assert read_now(one.pk)
    one.refresh_from_db()
    return one


@pytest.fixture
def estate(local_aws: LocalAws) -> LocalAws:
    local_aws.put_account(SHOP, name="shop", unit="Workloads/Prod", tags={"env": "prod"})
    local_aws.put_account(OPS, name="ops", unit="Sandbox")
    return local_aws


def page_of(browser: Client, one: Organization) -> str:
    return text(browser.get(one.get_absolute_url()))


def take(browser: Client, one: Organization, *kinds: str, **more: Any) -> str:
    seen = browser.get(one.get_absolute_url()).context["difference"].seen
    return text(browser.post(f"{one.get_absolute_url()}take/", {"seen": seen, "kind": kinds, **more}, follow=True))


def test_connecting_asks_a_worker_and_the_page_follows_it(operating: Client, estate: LocalAws) -> None:
    response = operating.post("/onboarding/organization/", {"partition": "aws"}, follow=True)

    assert "no worker has taken it up yet" in text(response)
    assert b'hx-trigger="every 1s"' in response.content
    one = Organization.objects.get()
    read_now(one.pk)
    over = operating.get(f"{one.get_absolute_url()}reading/", headers={"HX-Request": "true"})
    assert over.headers["HX-Refresh"] == "true"
    page = page_of(operating, one)
    assert "Choose from 3 accounts" in page
    assert "Nobody has chosen yet which of them are wanted." in page
    assert "to look through" not in page


def test_a_role_of_the_management_account_gets_an_external_id_and_is_written_down(
    operating: Client, estate: LocalAws
) -> None:
    now = timezone.now()
    HubIdentity.objects.create(partition="aws", caller_arn=HUB, principal_arn=HUB, requested_at=now, checked_at=now)

    one = connected(operating, access_role_arn=ROLE)
    page = text(operating.get(f"{one.get_absolute_url()}role/?format=cli"))

    assert one.external_id.startswith("rolecall-")
    assert one.external_id in page
    assert "organizations:ListAccounts" in page
    assert "mqslr-org-*" in page
    assert "888800001111" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"access_role_arn": "nonsense"}, "is not the ARN of an IAM role"),
        ({"access_role_arn": "arn:aws-cn:iam::888800001111:role/x"}, "in another partition than the one chosen above"),
        ({"access_role_arn": ROLE, "external_id": "a b!"}, "External_id must be 2 to 1224"),
        ({"partition": "aws-mars"}, "not one of the available choices"),
    ],
)
def test_a_wrong_way_in_is_said_and_not_kept(operating: Client, fields: dict[str, str], said: str) -> None:
    response = operating.post("/onboarding/organization/", {"partition": "aws", **fields})

    assert said in text(response)
    assert not Organization.objects.exists()


def test_the_same_way_in_twice_is_said(operating: Client) -> None:
    operating.post("/onboarding/organization/", {"partition": "aws"})

    response = operating.post("/onboarding/organization/", {"partition": "aws"})

    assert "is connected already" in text(response)


def test_choosing_shows_live_what_it_takes_and_keeps_nothing(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    address = f"{one.get_absolute_url()}choose/"

    live = operating.post(address, {**RULES, "unit:Workloads": "take"}, headers={"HX-Request": "true"})

    said = text(live)
    assert "1 new account" in said
    assert "shop" in said
    assert "ops" not in said
    assert f"-{SHOP}" in said
    one.refresh_from_db()
    assert (one.include_units, one.chosen) == ([], False)


def test_without_javascript_a_button_shows_the_same(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)

    shown = text(operating.post(f"{one.get_absolute_url()}choose/", {**RULES, "patterns": "ops", "show": "yes"}))

    assert "1 new account" in shown
    one.refresh_from_db()
    assert not one.chosen


def test_units_stand_as_a_tree_with_their_accounts(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)

    rows = operating.get(f"{one.get_absolute_url()}choose/").context["units"]

    assert [(row.indent + row.name, row.accounts) for row in rows] == [
        ("Root", 3), ("\u2003Sandbox", 1), ("\u2003Workloads", 1), ("\u2003\u2003Prod", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "results"),
    [
        ({}, ["taken", "taken", "taken", "taken"]),
        ({"unit:Workloads": "take"}, ["left out, no rule"] * 2 + ["taken", "taken, by Workloads"]),
        (
            {"unit:/": "leave", "unit:Sandbox": "", "unit:Workloads/Prod": "take"},
            ["left out", "left out, by the root", "left out, by the root", "taken"],
        ),
    ],
)
def test_each_unit_says_what_comes_of_the_rules(
    operating: Client, estate: LocalAws, chosen: dict[str, str], results: list[str]
) -> None:
    one = connected(operating)
    address = f"{one.get_absolute_url()}choose/"

    shown = operating.post(address, {**RULES, **chosen, "show": "yes"})
    live = operating.post(address, {**RULES, **chosen}, headers={"HX-Request": "true"})
    operating.post(address, {**RULES, **chosen})
    kept = operating.get(address)

    assert [[row.result for row in page.context["units"]] for page in (shown, live, kept)] == [results] * 3
    row = shown.context["units"][-1]
    assert f'<span id="{row.key}"' in shown.content.decode()
    assert f'<span id="{row.key}" hx-swap-oob="true"' in live.content.decode()


def test_each_unit_has_one_choice_of_three_and_keeps_it_when_something_else_is_wrong(
    operating: Client, estate: LocalAws
) -> None:
    one = connected(operating)

    page = operating.post(f"{one.get_absolute_url()}choose/", {**RULES, "unit:Sandbox": "leave", "tag_rules": "=x"})

    ticked = re.findall(r'name="(unit:[^"]+)" value="(\w*)"[^>]* checked', page.content.decode())
    assert ticked == [("unit:/", ""), ("unit:Sandbox", "leave"), ("unit:Workloads", ""), ("unit:Workloads/Prod", "")]


def test_two_thousand_units_are_chosen_from(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    one.units = [f"Unit {number:04}" for number in range(2000)]
    one.save()

    operating.post(f"{one.get_absolute_url()}choose/", {**RULES, **{f"unit:{unit}": "take" for unit in one.units}})

    one.refresh_from_db()
    assert len(one.include_units) == 2000


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tag_rules": "=x"}, "names nothing"),
        ({"reader_role": "no spaces"}, "Not the name of an IAM role"),
        ({"cleaner_role": "MqSlrReader"}, "This is the reader role"),
        ({"takes_changes": "on"}, "while it is read only when asked"),
        ({"unit:Mars": "take"}, "not one of the available choices"),
    ],
)
def test_a_wrong_rule_is_said_and_nothing_is_kept(
    operating: Client, estate: LocalAws, fields: dict[str, str], said: str
) -> None:
    one = connected(operating)

    response = operating.post(f"{one.get_absolute_url()}choose/", {**RULES, **fields})

    assert said in text(response)
    one.refresh_from_db()
    assert not one.chosen


def test_what_is_ticked_is_taken_and_what_is_left_out_is_not(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", RULES)

    said = take(operating, one, "new", leave=[f"new:{OPS}", "new:999900001111"])

    assert "Taken: 1 new." in said
    account = Account.objects.get()
    assert (account.name, account.unit, account.tags) == ("shop", "Workloads/Prod", {"env": "prod"})
    assert AuditEntry.objects.filter(action="add account", actor="operator").count() == 1
    assert "Next: the roles." in said
    again = take(operating, one, "renamed")
    assert "Nothing is ticked, so nothing was changed." in again


def test_what_waits_is_said_where_accounts_come_in(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    assert "between organization" not in text(operating.get("/onboarding/"))

    operating.post(f"{one.get_absolute_url()}choose/", RULES)
    assert "3 differences between organization o-rolecall0demo" in text(operating.get("/onboarding/"))

    take(operating, one, "new")
    assert "between organization" not in text(operating.get("/onboarding/"))


def test_a_name_of_our_own_is_kept_and_not_asked_for_again(operating: Client, estate: LocalAws) -> None:
    make_account(1, "our shop").__class__.objects.update(account_id=SHOP, unit="Workloads/Prod", tags={"env": "prod"})
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", {**RULES, "patterns": "shop"})
    assert "1 account with another name in AWS" in page_of(operating, one)

    said = take(operating, one, "renamed", keep="yes")

    assert "1 difference left as they are here" in said
    assert Account.objects.get().name == "our shop"
    assert "Nothing to take" in page_of(operating, one)


def test_a_page_that_is_old_takes_nothing(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", RULES)

    response = operating.post(f"{one.get_absolute_url()}take/", {"seen": "0" * 32, "kind": "new"}, follow=True)

    assert "Nothing was taken: look again." in text(response)
    assert not Account.objects.exists()


def test_a_kind_that_does_not_exist_is_a_bad_request(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)

    assert operating.post(f"{one.get_absolute_url()}take/", {"kind": "everything"}).status_code == 400
    assert operating.get(f"{one.get_absolute_url()}role/?format=stackset").status_code == 400


def test_a_taking_is_undone_from_the_page(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", RULES)
    take(operating, one, "new")

    response = operating.post(f"{one.get_absolute_url()}undo/{one.takes.get().pk}/", follow=True)

    assert "3 accounts put back as they were." in text(response)
    assert not Account.objects.exists()


def test_a_failed_reading_says_what_to_add_and_keeps_the_last_one(
    operating: Client, estate: LocalAws, settings: Any
) -> None:
    one = connected(operating)
    estate.add_fault(
        service="organizations", action="^ListAccountsForParent$", after=1, code="AccessDeniedException",
        message="User: x is not authorized to perform: organizations:ListAccountsForParent",
    )  # fmt: skip
    operating.post(f"{one.get_absolute_url()}read/")
    read_now(one.pk)

    page = page_of(operating, one)

    assert "AWS denies organizations:ListAccountsForParent to the hub identity." in page
    assert '"organizations:ListAccountsForParent"' in page
    assert "below is the whole reading from before" in page
    assert "3 accounts in the organization" in page
    assert "The last reading of organization o-rolecall0demo (aws) failed" in text(operating.get("/onboarding/"))


def test_a_suspended_account_says_so_and_offers_no_poll(operating: Client) -> None:
    since = timezone.now()
    account = make_account(1, "dormant", organization_state="SUSPENDED", organization_state_since=since)
    make_status(account, verdict="unused")

    page = text(operating.get(account.get_absolute_url()))
    accounts = operating.get("/accounts/")
    listed = text(accounts)
    refused = text(operating.post(f"{account.get_absolute_url()}poll/", follow=True))

    assert f"Suspended in AWS since {since:%-d %b %Y, %H:%M} UTC, not polled." in page
    assert "Poll this account" not in page
    assert "Plan clean-up" not in page
    assert "suspended in AWS, not polled" in listed
    assert b"chip unused old" in accounts.content
    assert "nobody can get in, so nothing is polled" in refused


def test_the_command_lists_and_takes_only_when_told(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", {**RULES, "unit:/": "leave", "unit:Workloads": "take"})

    listed = run("--partition", "aws")
    assert "1 difference" in listed
    assert [line.split() for line in listed.splitlines() if "shop" in line] == [
        ["new", SHOP, "shop", "–", "Workloads/Prod"]
    ]
    assert "would be taken: 1 new" in run("--take", "--dry-run")
    assert not Account.objects.exists()
    assert "taken: 1 new" in run("--take")
    assert Account.objects.get().account_id == SHOP
    assert "0 differences" in run()


def test_a_dry_run_lists_what_would_be_taken_by_itself(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    rules = {**RULES, "unit:Workloads": "take", "interval": "3600", "takes_changes": "on"}
    operating.post(f"{one.get_absolute_url()}choose/", rules)

    listed = run("--dry-run")

    assert "1 difference" in listed
    assert SHOP in listed
    assert not Account.objects.exists()
    assert "taken by itself: 1 new" in run()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("sync_organization", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_fails_with_the_reason(operating: Client, estate: LocalAws, capsys: Any) -> None:
    with pytest.raises(CommandError, match="no organization is connected"):
        run()
    connected(operating)
    estate.organization(in_use=False)

    with pytest.raises(SystemExit):
        run()

    assert "is in no organization" in capsys.readouterr().err


def test_the_command_takes_nothing_before_somebody_has_chosen(operating: Client, estate: LocalAws, capsys: Any) -> None:
    connected(operating)

    with pytest.raises(SystemExit):
        run("--take")

    assert "nobody has chosen its accounts yet" in capsys.readouterr().err
    assert not Account.objects.exists()


def test_disconnecting_keeps_the_accounts(operating: Client, estate: LocalAws) -> None:
    one = connected(operating)
    operating.post(f"{one.get_absolute_url()}choose/", RULES)
    take(operating, one, "new")

    response = operating.post(f"{one.get_absolute_url()}disconnect/", follow=True)

    assert "Its accounts are watched as before." in text(response)
    assert Account.objects.count() == 3
