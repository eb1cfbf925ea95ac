"""What protects: each rule read aloud, and failing closed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.plans import PlannedBroker
from accounts.domain.protection import (
    KNOWN_STATES,
    Protection,
    Rule,
    account_refusals,
    broker_refusals,
    frozen_until,
    parse_freezes,
    protecting_tag,
    protecting_word,
    unreadable_regions,
)
from tests.domain.brokers import broker, plan

RULES = Protection(
    account_ids=frozenset({"123456789012"}),
    name_words=("prod", "live"),
    tags=("protected", "env=prod"),
    max_brokers=2,
)


def rules_against(*brokers: PlannedBroker) -> list[Rule]:
    return [refusal.rule for refusal in broker_refusals(brokers, RULES)]


@pytest.mark.parametrize(
    "name", ["prod", "prod-eu", "orders-prod", "Orders_PROD_2", "live.shop", "prod/eu", "a prod b"]
)
def test_a_word_protects_wherever_it_stands_alone(name: str) -> None:
    assert protecting_word(name, RULES.name_words)


@pytest.mark.parametrize("name", ["nonprod", "productivity", "preprod-eu", "olive", "delivery", "prod2", ""])
def test_a_word_does_not_protect_within_another(name: str) -> None:
    assert protecting_word(name, RULES.name_words) == ""


@given(st.text(max_size=8), st.text(max_size=8))
def test_no_name_around_it_hides_a_word(before: str, after: str) -> None:
    assert protecting_word(f"{before}-prod-{after}", ("PROD",)) == "PROD"


@pytest.mark.parametrize(
    ("tags", "rule"),
    [
        ({"protected": "true"}, "protected=true"),
        ({"Protected": ""}, "Protected="),
        ({"PROTECTED": "until 2030"}, "PROTECTED=until 2030"),
        ({"Env": "Prod"}, "Env=Prod"),
        ({" env ": "prod "}, " env =prod "),
        ({"protected": "false"}, ""),
        ({"protected": "No"}, ""),
        ({"env": "production"}, ""),
        ({"team": "prod"}, ""),
        ({}, ""),
    ],
)
def test_a_tag_protects_by_key_or_by_key_and_value(tags: dict[str, str], rule: str) -> None:
    assert protecting_tag(tags, RULES.tags) == rule


def test_two_spellings_of_one_key_both_count() -> None:
    assert protecting_tag({"Protected": "yes", "protected": "no"}, RULES.tags) == "Protected=yes"


def test_a_word_of_the_setting_may_have_signs_in_it() -> None:
    assert protecting_word("eu-core-bank-1", ("core-bank",)) == "core-bank"
    assert protecting_word("score-bank", ("core-bank",)) == ""


def test_an_account_is_protected_by_flag_by_id_and_by_name() -> None:
    flagged = list(account_refusals("111122223333", "dev", True, RULES))
    listed = list(account_refusals("123456789012", "dev", False, RULES))
    named = list(account_refusals("111122223333", "prod-eu", False, RULES))

    assert [one.rule for one in (*flagged, *listed, *named)] == [
        *(Rule.PROTECTED_ACCOUNT, Rule.PROTECTED_ACCOUNT, Rule.PROTECTED_NAME)
    ]
    assert "Its page has the switch" in flagged[0].detail
    assert "CLEANUP_PROTECTED_ACCOUNTS" in listed[0].detail
    assert "CLEANUP_PROTECTED_NAMES" in named[0].detail
    assert list(account_refusals("111122223333", "dev", False, RULES)) == []


def test_unread_tags_protect() -> None:
    assert rules_against(broker(tags=None, tags_problem="Denied.")) == [Rule.TAGS_UNREADABLE]


def test_as_many_brokers_as_allowed_may_go_and_not_one_more() -> None:
    assert rules_against(broker("a"), broker("b")) == []
    assert rules_against(broker("a"), broker("b"), broker("c")) == [Rule.TOO_MANY_BROKERS]


def test_a_state_that_nobody_knows_protects() -> None:
    known = [state for state in KNOWN_STATES if state != "REPLICA"]

    assert [rules_against(broker(state=state)) for state in known] == [[]] * len(known)
    assert rules_against(broker(state="HIBERNATING")) == [Rule.UNKNOWN_STATE]


@pytest.mark.parametrize("change", [{"replication": "CRDR"}, {"state": "REPLICA"}])
def test_a_paired_broker_is_not_deleted(change: dict[str, str]) -> None:
    assert rules_against(broker(**change)) == [Rule.PAIRED_BROKER]


def test_an_unread_region_refuses_until_it_is_accepted() -> None:
    drawn = plan(unknown={"sa-east-1": "Denied.", "eu-west-1": "No answer."})

    assert [one.rule for one in unreadable_regions(drawn, ())] == [Rule.REGION_UNREADABLE] * 2
    assert [one.detail[:9] for one in unreadable_regions(drawn, {"eu-west-1"})] == ["sa-east-1"]


def test_a_freeze_holds_from_its_start_until_just_before_its_end() -> None:
    (freeze,) = parse_freezes("2026-12-18/2027-01-04T06:00+01:00")

    assert frozen_until(datetime(2026, 12, 18, tzinfo=UTC), [freeze]) == datetime(2027, 1, 4, 5, tzinfo=UTC)
    assert frozen_until(datetime(2027, 1, 4, 5, tzinfo=UTC), [freeze]) is None
    assert frozen_until(datetime(2026, 12, 17, 23, 59, tzinfo=UTC), [freeze]) is None


@pytest.mark.parametrize("text", ["2026-12-18", "2026-12-18/soon", "2027-01-04/2026-12-18", "a/b/c"])
def test_a_freeze_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text.replace("/", ".")):
        parse_freezes(f"2026-01-01/2026-01-02, {text}")
