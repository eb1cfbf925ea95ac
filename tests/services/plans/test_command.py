"""`manage.py cleanup`: the outside contract word for word, and one clear sentence for everything that is not done."""

from __future__ import annotations

import json
import time
from io import StringIO
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Account, Cleanup
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.rehearsal import rehearse
from accounts.services.cleanups.running import advance
from dashboard.demo.local_aws.client import LocalAws
from tests.services.plans.conftest import CLASSIC, ORDERS, Cleanable, Drawn

pytestmark = pytest.mark.django_db

CHANGES = {"DeleteBroker", "DeleteServiceLinkedRole"}


@pytest.fixture(autouse=True)
def people(db: None) -> None:
    for name in ("asker", "second"):
        User.objects.create_user(name).groups.add(Group.objects.get(name="operator"))


def run(*arguments: object) -> tuple[str, int]:
    """Run the command; give what it wrote, and its exit code."""
    out = StringIO()
    try:
        call_command("cleanup", *map(str, arguments), stdout=out, stderr=StringIO())
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def refused(*arguments: object) -> str:
    """Run the command; it must fail with exit code 1 and one sentence."""
    with pytest.raises(CommandError) as error:
        call_command("cleanup", *map(str, arguments), stdout=StringIO(), stderr=StringIO())
    assert error.value.returncode == 1 and "\n" not in str(error.value)
    return str(error.value)


def plan(account: Account, *more: str) -> dict[str, Any]:
    told, _ = run("plan", "--account", account.account_id, "--format", "json", *more)
    return dict(json.loads(told))


def test_a_plan_is_told_as_the_contract_says(cleanable: Cleanable, local_aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS, CLASSIC])
    brokers = {
        broker["name"]: broker["arn"]
        for region in local_aws.account(account.account_id)["regions"].values()
        for broker in region["brokers"]
    }

    told = plan(account)

    role = f"arn:aws:iam::{account.account_id}:role/aws-service-role/mq.amazonaws.com/AWSServiceRoleForAmazonMQ"
    cleanup = Cleanup.objects.get()
    assert told == {
        "plan": cleanup.pk,
        "account_id": account.account_id,
        "hash": cleanup.plan_sha256,
        "state": "drafted",
        "phrase": f"delete 2 from {account.name}",
        "deletes": [brokers["orders"], role],
        "keeps": [brokers["classic"]],
        "unknown": [],
        "warnings": ["orders in eu-west-1 is running."],
        "refusals": [],
    }
    assert cleanup.requested_by == "manage.py"


def test_a_broker_is_included_by_its_arn(cleanable: Cleanable, local_aws: LocalAws) -> None:
    account = cleanable(brokers=[CLASSIC])
    arn = local_aws.account(account.account_id)["regions"]["us-east-1"]["brokers"][0]["arn"]

    assert plan(account, "--include-broker", arn)["deletes"][0] == arn


def test_a_refused_plan_is_stored_and_shown_and_ends_with_1(cleanable: Cleanable) -> None:
    account = cleanable(brokers=[{**ORDERS, "tags": {"env": "prod"}}])

    text, code = run("plan", "--account", account.account_id)
    told = plan(account)

    assert code == 1 and "refused  protected_tag: orders in eu-west-1 has the tag env=prod." in text
    assert [refusal["rule"] for refusal in told["refusals"]] == ["protected_tag"]
    assert Cleanup.objects.get(pk=told["plan"]).plan is not None


def test_a_plan_for_people_says_one_step_and_what_to_type(cleanable: Cleanable) -> None:
    account = cleanable()

    text, code = run("plan", "--account", account.account_id, "--as", "asker", "--reason", "ticket 4711")

    assert code == 0 and "one step" in text
    assert f"To confirm, type: delete 1 from {account.name}" in text and "second person" not in text
    assert Cleanup.objects.get().requested_by == "asker"


def test_an_account_that_lets_nobody_in_ends_with_1_and_says_why(cleanable: Cleanable) -> None:
    account = cleanable(external_id="somebody-else")

    text, code = run("plan", "--account", account.account_id)

    assert code == 1 and "external id" in text


@pytest.mark.parametrize(
    ("account", "said"), [("12", "has 2 digits"), ("999988887777", "no such account: 999988887777")]
)
def test_an_account_that_is_not_watched_is_named(account: str, said: str) -> None:
    assert said in refused("plan", "--account", account)


def test_approving_and_starting_need_two_operators(cleanable: Cleanable) -> None:
    told = plan(cleanable(brokers=[ORDERS]), "--as", "asker")
    pk, phrase = told["plan"], told["phrase"]

    assert "You have asked for" in refused("approve", pk, "--as", "asker")
    assert "Type exactly: " + phrase in refused("start", pk, "--as", "asker", "--confirm", "delete all")
    assert "--confirm PHRASE is missing" in refused("start", pk, "--as", "asker")
    assert "waits for approval" in run("start", pk, "--as", "asker", "--confirm", phrase)[0]
    assert "it begins" in run("approve", pk, "--as", "second")[0]
    assert Cleanup.objects.get().state == "approved"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "there is no user nobody"),
        ("viewer", "viewer is no operator: add the user to the group operator"),
        ("left", "left may not sign in any more"),
    ],
)
@pytest.mark.parametrize("act", ["plan", "approve", "start", "cancel"])
def test_only_an_active_operator_acts(
    cleanable: Cleanable, drawn: Drawn, viewer: User, act: str, name: str, said: str
) -> None:
    User.objects.create_user("left", is_active=False).groups.add(Group.objects.get(name="operator"))
    account = cleanable()
    cleanup = Cleanup.objects.create(account=account, requested_by="asker")
    target = ["--account", account.account_id] if act == "plan" else [str(cleanup.pk)]

    assert said in refused(act, *target, "--as", name)

    cleanup.refresh_from_db()
    assert cleanup.state == "drafted"


@pytest.mark.parametrize("act", ["approve", "start", "status", "cancel"])
def test_an_unknown_plan_is_named(act: str) -> None:
    person = [] if act == "status" else ["--as", "asker"]

    assert refused(act, "4711", *person) == "there is no clean-up 4711"


def test_a_second_plan_is_refused_while_one_is_open(cleanable: Cleanable) -> None:
    account = cleanable()
    told = plan(account)
    run("start", told["plan"], "--as", "asker", "--confirm", told["phrase"])

    assert f"Clean-up {told['plan']}" in refused("plan", "--account", account.account_id)


def test_status_is_told_as_the_contract_says(cleanable: Cleanable) -> None:
    pk = plan(cleanable())["plan"]
    usage = [{"region": "eu-west-1", "named_region": "us-east-1", "resource": "arn"}]
    Cleanup.objects.filter(pk=pk).update(usage=usage, reason="AWS says no", attempts=1)
    Cleanup.objects.get().journal.create(step="drafted", action="look", intent="Looking", answer="As the plan says.")

    told = json.loads(run("status", pk, "--format", "json")[0])

    (entry,) = told.pop("journal")
    assert told == {
        "plan": pk,
        "state": "drafted",
        "step": "drafted",
        "attempts": 1,
        "next_try_at": "",
        "reason": "AWS says no",
        "usage": [{"region": "eu-west-1", "resource": "arn"}],
    }
    assert entry.pop("at").endswith("Z")
    assert entry == {"step": "drafted", "intent": "Looking", "answer": "As the plan says."}


def test_a_cancelled_plan_says_what_was_done(cleanable: Cleanable) -> None:
    pk = plan(cleanable())["plan"]

    assert run("cancel", pk, "--as", "second")[0].strip() == f"Clean-up {pk} is cancelled. Nothing was deleted."
    assert "nothing to cancel" in refused("cancel", pk, "--as", "second")


def test_a_dry_run_tells_the_calls_in_their_order_and_changes_nothing(
    cleanable: Cleanable, local_aws: LocalAws
) -> None:
    told = plan(cleanable(brokers=[ORDERS, CLASSIC]))
    local_aws.clear_log()

    text, code = run("start", told["plan"], "--as", "asker", "--dry-run", "--format", "json")

    rehearsed = json.loads(text)
    assert code == 0 and rehearsed["problems"] == []
    assert [(call["action"], call["target"]) for call in rehearsed["calls"]] == list(
        zip(("mq:DeleteBroker", "iam:DeleteServiceLinkedRole"), told["deletes"], strict=True)
    )
    actions = {call["action"] for call in local_aws.log()}
    assert "AssumeRole" in actions and not actions & CHANGES
    assert Cleanup.objects.get().state == "drafted"


def test_a_dry_run_tells_what_is_new_and_what_forbids(cleanable: Cleanable, local_aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    told = plan(account)
    new = local_aws.add_broker(account.account_id, "us-east-1", "new", "ActiveMQ")
    Account.objects.update(protected=True)
    Cleanup.objects.update(expires_at=Cleanup.objects.get().looked_at)

    text, code = run("start", told["plan"], "--as", "asker", "--dry-run")

    assert code == 1 and f"New since the plan: {new}" in text and "protected_account" in text and "has expired" in text
    assert "Type exactly" in refused("start", told["plan"], "--as", "asker", "--dry-run", "--confirm", "wrong")


def test_a_dry_run_finds_a_cleaner_role_that_lets_nobody_in(cleanable: Cleanable, drawn: Drawn) -> None:
    account = cleanable()
    account.cleaner_role_arn = f"arn:aws:iam::{account.account_id}:role/NoSuchRole"
    account.save()

    (problem,) = rehearse(drawn(account)).problems

    assert "The cleaner role: AWS refused to let Rolecall assume" in problem


def test_a_dry_run_leaves_out_what_is_gone(cleanable: Cleanable, drawn: Drawn, local_aws: LocalAws) -> None:
    account = cleanable(brokers=[ORDERS])
    cleanup = drawn(account)
    local_aws.put_account(account.account_id, name=account.name, external_id=account.external_id, role=None)

    assert rehearse(cleanup).calls == ()
    Cleanup.objects.filter(pk=cleanup.pk).update(state="void")
    cleanup.refresh_from_db()
    with pytest.raises(Refused, match="draw a new plan"):
        rehearse(cleanup)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("surprise", "end", "code"), [(False, "done", 0), (True, "void", 1)])
def test_start_follows_to_the_end_and_only_done_is_a_success(
    cleanable: Cleanable, local_aws: LocalAws, settings: Settings, surprise: bool, end: str, code: int
) -> None:
    settings.CLEANUP_POLL_SECONDS = 0.05
    local_aws.set(role_delete_seconds=0.1)
    account = cleanable()
    told = plan(account)
    if surprise:
        local_aws.add_broker(account.account_id, "us-east-1", "new")
    worker = Thread(target=_work, args=[told["plan"]])
    worker.start()

    text, left_with = run("start", told["plan"], "--as", "asker", "--confirm", told["phrase"], "--wait")

    worker.join(timeout=60)
    local_aws.set(role_delete_seconds=2.0)
    assert (Cleanup.objects.get().state, left_with) == (end, code)
    assert f": {end}." in text


def _work(pk: int) -> None:
    """What the workers do, as often as they would be rung for."""
    try:
        for _ in range(600):
            advance(pk)
            if Cleanup.objects.filter(pk=pk, finished_at__isnull=False).exists():
                return
            time.sleep(0.05)
    finally:
        connection.close()
