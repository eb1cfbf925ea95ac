"""Which accounts of an organization are wanted, and how what changed is told."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.domain.organization import (
    Kind,
    Member,
    Selection,
    Taken,
    Watched,
    changes,
    merged_tags,
    parse_rules,
)

ID = "111122223333"


def member(**fields: Any) -> Member:
    return Member(
        **{"account_id": ID, "name": "orders", "state": "ACTIVE", "unit": "Workloads/Prod", "tags": {}, **fields}
    )


def watched(**fields: Any) -> Watched:
    known = {"account_id": ID, "name": "orders", "unit": "Workloads/Prod", "tags": {}, "state": "ACTIVE"}
    return Watched(**{**known, **fields})


def differences(
    now: Member, account: Watched | None = None, selection: Selection | None = None
) -> list[tuple[str, str, str]]:
    found = changes([now], {ID: account} if account else {}, selection or Selection())
    return [(change.kind.value, change.before, change.after) for change in found]


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), True),
        (Selection(include=("Workloads",)), True),
        (Selection(include=("Work",)), False),
        (Selection(include=("",)), True),
        (Selection(exclude=("Workloads",)), False),
        (Selection(exclude=("Workloads",), include=("Workloads/Prod",)), True),
        (Selection(include=("Workloads",), exclude=("Workloads/Prod",)), False),
        (Selection(exclude=("Sandbox",)), True),
        (Selection(tags=("env",)), True),
        (Selection(tags=("env=prod",)), True),
        (Selection(tags=("env=dev", "env=prod")), True),
        (Selection(tags=("env=dev",)), False),
        (Selection(tags=("env=prod", "owner")), False),
        (Selection(patterns=("ORD*",)), True),
        (Selection(patterns=("1111*",)), True),
        (Selection(patterns=("billing", "o?ders")), True),
        (Selection(patterns=("!ord*",)), False),
        (Selection(patterns=("*", "!orders")), False),
        (Selection(patterns=("order",)), False),
    ],
)  # fmt: skip
def test_rules_choose_accounts(selection: Selection, wanted: bool) -> None:
    assert selection.takes(member(tags={"env": "prod"})) is wanted


def test_what_could_not_be_read_never_fits_a_rule_that_asks_for_it() -> None:
    unread = member(unit=None, tags=None)

    assert not Selection(include=("",)).takes(unread)
    assert not Selection(exclude=("Sandbox",)).takes(unread)
    assert not Selection(tags=("env",)).takes(unread)
    assert Selection(patterns=("orders",)).takes(unread)


def test_an_account_is_new_only_when_it_is_active_and_wanted() -> None:
    assert differences(member()) == [("new", "", "Workloads/Prod")]
    assert differences(member(state="SUSPENDED")) == []
    assert differences(member(state="PENDING_CLOSURE")) == []
    assert differences(member(), selection=Selection(include=("Sandbox",))) == []


@pytest.mark.parametrize(
    ("now", "before", "kind"),
    [
        ("ACTIVE", "", None), ("ACTIVE", "ACTIVE", None), ("SUSPENDED", "ACTIVE", "suspended"),
        ("CLOSED", "", "suspended"), ("ACTIVE", "SUSPENDED", "back"), ("ACTIVE", "GONE", "back"),
        ("PENDING_CLOSURE", "ACTIVE", "suspended"),
        ("GONE", "SUSPENDED", "gone"), ("SUSPENDED", "GONE", "suspended"), ("GONE", "GONE", None),
    ],
)  # fmt: skip
def test_a_state_is_told_once(now: str, before: str, kind: str | None) -> None:
    found = [one for one, _, _ in differences(member(state=now), watched(state=before))]

    assert found == ([kind] if kind else [])


def test_an_account_is_renamed_moved_and_tagged() -> None:
    now = member(name="orders-eu", unit="Sandbox", tags={"env": "prod"})

    assert differences(now, watched(tags={"note": "ours"})) == [
        ("renamed", "orders", "orders-eu"), ("moved", "Workloads/Prod", "Sandbox"), ("tags", "", "env=prod"),
    ]  # fmt: skip


def test_a_name_given_here_stays_until_aws_has_a_new_one() -> None:
    ours = watched(name="our orders", taken=Taken("orders", "Workloads/Prod", {}))

    assert differences(member(), ours) == []
    assert differences(member(name="orders-2"), ours) == [("renamed", "our orders", "orders-2")]


def test_a_gone_account_says_nothing_of_its_name() -> None:
    assert differences(member(state="GONE", name="old", unit="Sandbox"), watched()) == [("gone", "ACTIVE", "GONE")]


def test_units_and_tags_that_were_not_read_are_no_change() -> None:
    assert differences(member(unit=None, tags=None), watched(unit="Sandbox", tags={"env": "prod"})) == []


@pytest.mark.parametrize(
    ("account", "taken", "now", "merged"),
    [
        ({"a": "1"}, {}, {"b": "2"}, {"a": "1", "b": "2"}),
        ({"a": "1"}, {"a": "1"}, {}, {}),
        ({"a": "ours"}, {"a": "1"}, {}, {"a": "ours"}),
        ({"a": "ours"}, {"a": "1"}, {"a": "1"}, {"a": "ours"}),
        ({"a": "ours"}, {"a": "1"}, {"a": "2"}, {"a": "2"}),
        ({}, {"a": "1"}, {"a": "1"}, {}),
    ],
)
def test_tags_set_here_outlive_tags_of_aws(
    account: dict[str, str], taken: dict[str, str], now: dict[str, str], merged: dict[str, str]
) -> None:
    assert merged_tags(account, taken, now) == merged


def test_changes_come_by_kind_and_name() -> None:
    members = [Member(f"{number:012}", name, "ACTIVE", "") for number, name in ((3, "b"), (2, "A"))]
    gone = Member(ID, "orders", "GONE")

    found = changes([gone, *members], {ID: watched()}, Selection())

    assert [(change.kind, change.name) for change in found] == [(Kind.NEW, "A"), (Kind.NEW, "b"), (Kind.GONE, "orders")]


def test_rules_are_read_from_lines_and_commas() -> None:
    assert parse_rules(" env=prod, owner\n\nenv=prod ") == ("env=prod", "owner")


@pytest.mark.parametrize("wrong", ["=x", "!", "x" * 521, "a\x01b", "\n".join(map(str, range(201)))])
def test_a_rule_that_means_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"names nothing|longer than|control character|more than 200"):
        parse_rules(wrong)
