"""What a plan's reader is told although nothing forbids the deletion."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.domain.outcomes import PolicyGrade, TrustGrade
from accounts.domain.plans import DELETING, Plan, iso
from accounts.domain.protection import Protection
from accounts.domain.readings import RoleFacts
from accounts.domain.role import ROLE_NAME, ROLE_PATH, TRUST_DOCUMENT
from accounts.domain.warnings import LATELY, Circumstances, warnings_of, weighty
from tests.domain.brokers import broker, plan

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ROLE = RoleFacts("arn", "AROA1", ROLE_PATH, ROLE_NAME, "", None, None, "", TRUST_DOCUMENT, "")
FINE = Circumstances(ROLE, PolicyGrade.EXACT, TrustGrade.EXACT)
STOPPED = broker(state="CREATION_FAILED")


def said(drawn: Plan, around: Circumstances = FINE) -> str:
    return "\n".join(warnings_of(drawn, around, Protection(tags=("protected",)), NOW))


def test_an_unused_documented_role_has_no_warnings() -> None:
    assert said(plan()) == ""


def test_a_role_used_within_a_month_is_told_with_day_and_region() -> None:
    used = replace(ROLE, last_used_at=NOW - LATELY, last_used_region="eu-west-1")
    before = replace(used, last_used_at=NOW - LATELY - timedelta(seconds=1))

    assert "used on 2026-10-24 in eu-west-1" in said(plan(), replace(FINE, role=used))
    assert said(plan(), replace(FINE, role=before)) == ""


@pytest.mark.parametrize("grade", [grade for grade in PolicyGrade if grade is not PolicyGrade.EXACT])
def test_a_policy_that_is_not_the_documented_one_is_told(grade: PolicyGrade) -> None:
    assert "policy" in said(plan(), replace(FINE, policy=grade))


@pytest.mark.parametrize("grade", [TrustGrade.TRUST_MISMATCH, TrustGrade.UNREADABLE])
def test_a_trust_that_is_not_the_documented_one_is_told(grade: TrustGrade) -> None:
    assert "trust policy" in said(plan(), replace(FINE, trust=grade))


def test_running_brokers_are_named_up_to_five() -> None:
    many = [broker(f"q{number}") for number in range(7)]

    assert "orders in eu-west-1 is running" in said(plan(broker()))
    assert "q4 in eu-west-1 and 2 more are running" in said(plan(*many))
    assert said(plan(STOPPED)) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"actions_required": ("INVALID_KMS_KEY",)}, "AWS asks for an action on orders in eu-west-1: INVALID_KMS_KEY"),
        ({"pending": ("engine version",)}, "changes its engine version"),
        ({"created_at": iso(NOW - timedelta(hours=3))}, "created within the last day"),
        ({"engine": "ActiveMQ"}, "no RabbitMQ"),
        ({"tags": {"Stage": "prod"}}, "has the tag Stage=prod, which protects nothing here"),
    ],
)
def test_what_is_odd_about_a_broker_is_told(change: dict[str, object], words: str) -> None:
    assert words in said(plan(replace(STOPPED, **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"), [("keep", ""), ("doNotDelete", "legal-hold"), ("tier", "critical"), ("Stage", "PROD")]
)
def test_a_tag_that_looks_weighty_is(key: str, value: str) -> None:
    assert weighty(key, value)


@pytest.mark.parametrize(
    ("key", "value"), [("team", "orders"), ("critical", "no"), ("stage", "nonprod"), ("env", "dev")]
)
def test_a_tag_that_says_nothing_is_not_told(key: str, value: str) -> None:
    assert not weighty(key, value)


def test_a_tag_that_protects_is_a_refusal_and_no_warning() -> None:
    assert said(plan(replace(STOPPED, tags={"protected": "yes", "stage": "prod"}))) == ""
    assert said(plan(replace(STOPPED, tags=None))) == ""


def test_a_broker_on_its_way_out_and_a_strange_engine_are_told_among_the_kept() -> None:
    kept = (broker("old", state=DELETING), broker("odd", engine="Artemis"), broker("calm", engine="ActiveMQ"))

    told = said(plan(keeps=kept))

    assert "old in eu-west-1 is being deleted already" in told
    assert "odd in eu-west-1: Rolecall does not know the engine Artemis" in told
    assert "calm" not in told


def test_a_region_that_is_off_and_once_had_brokers_is_told() -> None:
    assert "ap-east-1 is off in this account, and Rolecall once saw 1 broker there" in said(
        plan(), replace(FINE, known_in_disabled={"ap-east-1": 1})
    )
