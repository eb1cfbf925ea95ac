"""A plan: one hash for one content, a difference for everything that is new, and the way to the table and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.plans import DELETING, Plan, PlannedBroker, World, difference, plan_from
from tests.domain.brokers import broker, plan

words = st.text(alphabet="abcxyz-", min_size=1, max_size=6)
brokers = st.builds(
    broker,
    name=words,
    region=st.sampled_from(["eu-west-1", "us-east-1"]),
    state=st.sampled_from(["RUNNING", "REBOOT_IN_PROGRESS", "HIBERNATING"]),
    tags=st.none() | st.dictionaries(words, words, max_size=2),
    pending=st.lists(words, max_size=2).map(tuple),
)
several = st.lists(brokers, max_size=4, unique_by=lambda one: one.arn)
plans = st.builds(
    lambda found, cut, unknown: plan(*found[:cut], keeps=tuple(found[cut:]), unknown=unknown),
    several,
    st.integers(0, 4),
    st.dictionaries(st.sampled_from(["sa-east-1", "ca-west-1"]), words),
)


def seen(drawn: Plan) -> World:
    """The world exactly as the plan has it."""
    return World(drawn.role_id, {one.arn: one.state for one in (*drawn.deletes, *drawn.keeps)}, drawn.unknown)


@given(plans)
def test_a_plan_comes_back_from_the_table_as_it_went_in(drawn: Plan) -> None:
    assert plan_from(json.loads(json.dumps(drawn.as_json()))) == drawn


@given(plans, st.randoms())
def test_the_hash_does_not_depend_on_the_order_of_the_look(drawn: Plan, rnd) -> None:  # type: ignore[no-untyped-def]
    deletes, keeps = list(drawn.deletes), list(drawn.keeps)
    rnd.shuffle(deletes)
    rnd.shuffle(keeps)

    assert replace(drawn, deletes=tuple(deletes), keeps=tuple(keeps)).sha256 == drawn.sha256


@given(plans, brokers)
def test_one_more_broker_is_another_hash(drawn: Plan, more: PlannedBroker) -> None:
    more = replace(more, arn=more.arn + "-more")

    deleted, kept = replace(drawn, deletes=(*drawn.deletes, more)), replace(drawn, keeps=(*drawn.keeps, more))

    assert len({drawn.sha256, deleted.sha256, kept.sha256}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"account_id": "999988887777"},
        {"partition": "aws-us-gov"},
        {"role_arn": ""},
        {"role_id": "AROA2"},
        {"unknown": {"sa-east-1": "no answer"}},
    ],
)
def test_whatever_is_deleted_or_unseen_is_in_the_hash(change: dict[str, object]) -> None:
    drawn = plan(broker())

    assert replace(drawn, **change).sha256 != drawn.sha256  # type: ignore[arg-type]


@given(plans, words)
def test_a_passing_state_and_a_reason_are_not_in_the_hash(drawn: Plan, word: str) -> None:
    changed = replace(
        drawn,
        deletes=tuple(replace(one, state="REBOOT_IN_PROGRESS", last_connection_at="now") for one in drawn.deletes),
        unknown=dict.fromkeys(drawn.unknown, word),
    )

    assert changed.sha256 == drawn.sha256


@given(plans)
def test_an_unchanged_world_differs_in_nothing(drawn: Plan) -> None:
    found = difference(drawn, seen(drawn))

    assert not found.voids and found.sentences() == []


@given(plans, brokers)
def test_any_new_broker_voids_unless_it_is_on_its_way_out(drawn: Plan, new: PlannedBroker) -> None:
    world, arn = seen(drawn), new.arn + "-new"

    found = difference(drawn, replace(world, brokers={**world.brokers, arn: new.state}))
    leaving = difference(drawn, replace(world, brokers={**world.brokers, arn: DELETING}))

    assert found.voids and found.new_brokers == (arn,)
    assert not leaving.voids


@given(plans)
def test_a_broker_that_is_gone_is_no_difference(drawn: Plan) -> None:
    assert not difference(drawn, replace(seen(drawn), brokers={})).voids


def test_a_role_made_anew_voids_and_a_role_that_is_gone_does_not() -> None:
    drawn = plan(broker())

    anew, gone = (difference(drawn, replace(seen(drawn), role_id=role_id)) for role_id in ("AROA2", ""))

    assert anew.voids and "AROA2" in anew.sentences()[0]
    assert not gone.voids


def test_a_region_that_fell_silent_is_told_but_does_not_void() -> None:
    drawn = plan(unknown={"sa-east-1": "denied"})

    found = difference(drawn, replace(seen(drawn), unknown={"sa-east-1": "denied", "eu-west-1": "no answer"}))

    assert found.newly_unknown == ("eu-west-1",)
    assert not found.voids


def test_the_role_is_the_last_to_go_and_the_phrase_counts_it() -> None:
    drawn = plan(broker(), broker("stock"))

    assert drawn.arns[-1] == drawn.role_arn
    assert drawn.phrase == "delete 3 from orders-dev"
    assert plan().arns == (plan().role_arn,), "an unused role is one step"


def test_a_plan_of_another_version_is_not_read() -> None:
    with pytest.raises(ValueError, match="draw it anew"):
        plan_from({**plan().as_json(), "version": 0})
