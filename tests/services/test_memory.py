"""Polls by schedule do not ask again what the account said a while ago, and nothing that they show is a lie for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import Account, Cell, Poll, Region, RoleStatus, StoredRegionStates, Sweep
from accounts.services.polling import run_poll
from accounts.services.sweeps import request_sweep
from dashboard.demo.local_aws.client import LocalAws

pytestmark = pytest.mark.django_db
Watched = Callable[..., Account]

ON, OFF = "eu-west-1", "eu-south-1"
STATES = {"us-east-1": "ENABLED_BY_DEFAULT", ON: "ENABLED", OFF: "DISABLED"}
ROLE = {"role_id": "AROATHESAMEROLE000001"}
QUERIES = 15  # of a steady poll, BEGIN and COMMIT left out: each costs half as much CPU as a call to AWS


@pytest.fixture(autouse=True)
def _three_regions() -> None:
    Region.objects.exclude(code__in=STATES).update(polled=False)


@pytest.fixture
def account(watched: Watched) -> Account:
    """An account that a person has had polled a moment ago."""
    known = watched(role=ROLE, regions=STATES, brokers=[{"region": ON, "name": "orders", "engine": "RabbitMQ"}])
    poll(known, Sweep.Reason.PAGE)
    return known


def poll(account: Account, reason: str = Sweep.Reason.SCHEDULE) -> Poll:
    sweep = request_sweep(Account.objects.filter(pk=account.pk), reason, "test", send=False)
    run_poll(sweep.polls.get().pk)
    return sweep.polls.get()


def asked_by(aws: LocalAws, account: Account, reason: str = Sweep.Reason.SCHEDULE) -> Counter[str]:
    aws.clear_log()
    poll(account, reason)
    return Counter(call["action"] for call in aws.log())


def changed_to(aws: LocalAws, account: Account, **description: object) -> None:
    given = {"name": account.name, "external_id": account.external_id, "role": ROLE, "regions": STATES}
    aws.put_account(account.account_id, **{**given, **description})


def all_is_old(seconds: int) -> None:
    age = timedelta(seconds=seconds)
    StoredRegionStates.objects.update(read_at=F("read_at") - age)
    RoleStatus.objects.update(policy_last_ok_at=F("policy_last_ok_at") - age)


def test_a_steady_poll_asks_three_questions_and_each_region_that_is_on(account: Account, local_aws: LocalAws) -> None:
    asked = asked_by(local_aws, account)

    assert asked == {"GetRole": 1, "ListAttachedRolePolicies": 1, "ListRolePolicies": 1, "ListBrokers": 2}
    status = RoleStatus.objects.get()
    assert (status.policy_grade, status.policy_version, status.policy_outcome) == ("exact", "v1", "ok")
    assert status.verdict == "in_use"


def test_what_a_person_asks_for_is_asked_afresh(account: Account, local_aws: LocalAws) -> None:
    asked = asked_by(local_aws, account, Sweep.Reason.PAGE)

    assert asked["ListRegions"] == asked["GetPolicy"] == asked["GetPolicyVersion"] == 1


def test_what_is_remembered_keeps_the_time_when_it_was_read(account: Account) -> None:
    read_at = RoleStatus.objects.get().policy_last_ok_at

    poll(account)

    status = RoleStatus.objects.get()
    assert status.policy_last_ok_at == read_at
    assert status.last_ok_at is not None and read_at is not None and status.last_ok_at > read_at


def test_what_is_too_old_is_asked_again(account: Account, local_aws: LocalAws, settings: Settings) -> None:
    changed_to(local_aws, account, policy={"version": "v2", "document": {"Version": "2012-10-17", "Statement": []}})

    all_is_old(settings.POLL_REMEMBER_SECONDS)
    asked = asked_by(local_aws, account)

    assert asked["ListRegions"] == asked["GetPolicy"] == asked["GetPolicyVersion"] == 1
    assert RoleStatus.objects.get().policy_version == "v2"


@pytest.mark.parametrize(("interval", "asked"), [(900, 0), (1800, 1), (7200, 1)])
def test_what_would_be_shown_as_old_before_the_next_poll_is_asked_for_now(
    account: Account, local_aws: LocalAws, settings: Settings, interval: int, asked: int
) -> None:
    settings.STALE_AFTER_SECONDS, settings.POLL_REMEMBER_SECONDS = 3600, 2700
    Account.objects.update(poll_interval_seconds=interval)
    all_is_old(1800)

    assert asked_by(local_aws, account)["GetPolicyVersion"] == asked


def test_a_role_that_was_made_anew_has_its_policy_read(account: Account, local_aws: LocalAws) -> None:
    changed_to(local_aws, account, role={"role_id": "AROANOTTHESAME0000001"})

    assert asked_by(local_aws, account)["GetPolicy"] == 1
    assert RoleStatus.objects.get().policy_grade == "exact"


def test_a_policy_that_was_attached_meanwhile_has_all_policies_read(account: Account, local_aws: LocalAws) -> None:
    RoleStatus.objects.update(attached_policy_arns=[])  # as if it had not been there at the last look

    assert asked_by(local_aws, account)["GetPolicy"] == 1


def test_a_policy_that_could_not_be_read_is_asked_for_every_time(account: Account, local_aws: LocalAws) -> None:
    fault = local_aws.add_fault(account=account.account_id, action="GetPolicyVersion", status=403, code="AccessDenied")
    poll(account, Sweep.Reason.PAGE)
    local_aws.remove_fault(fault)

    assert asked_by(local_aws, account)["GetPolicyVersion"] == 1
    assert RoleStatus.objects.get().policy_outcome == "ok"


def test_a_region_that_is_remembered_as_off_says_since_when_aws_says_so(account: Account) -> None:
    poll(account)

    cell, read_at = Cell.objects.get(region=OFF), StoredRegionStates.objects.get().read_at
    assert (cell.outcome, cell.code) == ("region_disabled", "DISABLED")
    assert cell.detail == f"AWS listed the region as DISABLED in this account at {read_at:%Y-%m-%d %H:%M} UTC."


def test_a_region_that_answers_unlike_its_remembered_state_has_all_states_asked_anew(
    account: Account, local_aws: LocalAws
) -> None:
    """Believed on, it would be called failed: AWS knows better by now."""
    changed_to(local_aws, account, regions={**STATES, ON: "DISABLED"})

    assert asked_by(local_aws, account)["ListRegions"] == 1

    cell = Cell.objects.get(region=ON)
    assert (cell.outcome, cell.detail) == ("region_disabled", "AWS lists the region as DISABLED in this account.")
    assert StoredRegionStates.objects.get().by_code[ON] == "DISABLED"


def test_a_region_that_is_just_opening_is_asked_about_every_time(watched: Watched, local_aws: LocalAws) -> None:
    account = watched(regions={**STATES, OFF: "ENABLING"})
    poll(account)

    assert asked_by(local_aws, account)["ListRegions"] == 1


def test_without_a_memory_everything_is_asked_by_schedule_too(
    account: Account, local_aws: LocalAws, settings: Settings
) -> None:
    settings.POLL_REMEMBER_SECONDS = 0

    asked = asked_by(local_aws, account)

    assert asked["ListRegions"] == asked["GetPolicy"] == 1


def test_a_steady_poll_costs_few_queries(account: Account) -> None:
    poll(account)
    sweep = request_sweep(Account.objects.all(), Sweep.Reason.SCHEDULE, "", send=False)
    poll_pk = sweep.polls.get().pk

    with CaptureQueriesContext(connection) as queries:
        run_poll(poll_pk)

    said = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(said) <= QUERIES, "\n".join(said)
