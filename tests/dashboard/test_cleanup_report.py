"""The report of a clean-up, to print, as CSV and as JSON; and the pages of the way back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.domain.cleanups import State
from accounts.models import Account, AuditEntry, Campaign, Cleanup, JournalEntry
from accounts.services.cleanups.reports import plan_object, status_of
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.test_campaign_pages import cleanable, make_child, text_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 12, 4, tzinfo=UTC)


@pytest.fixture
def done() -> Cleanup:
    """A clean-up that is over, with two journalled steps."""
    campaign = Campaign.objects.create(name="Autumn", requested_by="ana", state="done")
    people = {"confirmed_by": "ana", "confirmed_at": AT, "approved_by": "ben", "approved_at": AT}
    cleanup = make_child(
        campaign, cleanable(1, "alpha"), "orders", state=State.DONE, reason="The role is gone.", created_at=AT,
        started_at=AT, finished_at=AT, **people,
    )  # fmt: skip
    step = {"cleanup": cleanup, "at": AT, "answered_at": AT, "step": "deleting_brokers", "deletes": True}
    JournalEntry.objects.create(
        **step, action="mq:DeleteBroker", target="arn:x", intent="Delete orders", answer="Accepted", request_id="req-1"
    )
    JournalEntry.objects.create(**step, action="look", intent="=HYPERLINK(1)", answer="", code="Throttling")
    return cleanup


def test_the_page_says_who_what_when_and_the_request_ids(watching: Client, done: Cleanup) -> None:
    page = text_of(watching.get(f"/cleanups/{done.pk}/report/").content)

    for said in ("Approved ben, 2026-11-20 09:12:04", "req-1", "Delete orders", done.plan_sha256, "Throttling"):
        assert said in page
    assert "not over yet" not in page


def test_a_running_clean_up_is_reported_as_not_over(watching: Client, done: Cleanup) -> None:
    Cleanup.objects.filter(pk=done.pk).update(state=State.DELETING_ROLE, finished_at=None)

    assert "not over yet" in text_of(watching.get(f"/cleanups/{done.pk}/report/").content)


def test_the_journal_as_csv_is_safe_in_a_spreadsheet(watching: Client, done: Cleanup) -> None:
    response = watching.get(f"/cleanups/{done.pk}/report/?format=csv")

    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["request_id"] for row in rows] == ["req-1", ""]
    assert rows[0]["at"] == "2026-11-20T09:12:04Z"
    assert rows[1]["intent"] == "'=HYPERLINK(1)"


def test_all_of_it_as_json(watching: Client, done: Cleanup) -> None:
    told = json.loads(watching.get(f"/cleanups/{done.pk}/report/?format=json").content)

    assert told["hash"] == done.plan_sha256 and told["state"] == "done"
    assert [person["who"] for person in told["people"]] == ["ana", "ana", "ben"]
    assert told["journal"][0]["request_id"] == "req-1" and told["targets"][0]["name"] == "orders"


def test_the_objects_of_the_command_have_the_documented_keys(done: Cleanup) -> None:
    assert " ".join(plan_object(done)) == ("plan account_id hash state phrase deletes keeps unknown warnings refusals")
    assert " ".join(status_of(done)) == "plan state step attempts next_try_at reason usage journal"
    assert " ".join(status_of(done)["journal"][0]) == "at step intent answer"


def test_a_plan_that_is_still_being_looked_at_can_be_reported(watching: Client) -> None:
    cleanup = Cleanup.objects.create(account=cleanable(1), requested_by="ana")

    assert plan_object(cleanup)["deletes"] == []
    assert watching.get(f"/cleanups/{cleanup.pk}/report/").status_code == 200
    assert watching.get(f"/cleanups/{cleanup.pk}/report/?format=json").status_code == 200


def test_another_format_is_refused_with_a_sentence(watching: Client, done: Cleanup) -> None:
    response = watching.get(f"/cleanups/{done.pk}/report/?format=pdf")

    assert response.status_code == 400 and "?format=csv or ?format=json" in text_of(response.content)


def test_an_unknown_clean_up_has_no_report(watching: Client) -> None:
    assert watching.get("/cleanups/999/report/").status_code == 404


@pytest.mark.parametrize("act", ["recreate", "describe"])
def test_the_way_back_says_beforehand_what_it_does(operating: Client, watching: Client, act: str) -> None:
    account = cleanable(1)

    page = operating.get(f"/accounts/{account.account_id}/role/{act}/")

    assert "in a session of the cleaner role that may do nothing else" in text_of(page.content)
    assert watching.get(f"/accounts/{account.account_id}/role/{act}/").status_code == 403


def test_the_role_is_re_created_from_its_page(
    operating: Client, watched: Callable[..., Account], local_aws: LocalAws
) -> None:
    account = watched(role=None, access=[{"name": "Maker", "permissions": allow_all()}])
    Account.objects.filter(pk=account.pk).update(cleaner_role_arn=f"arn:aws:iam::{account.account_id}:role/Maker")

    page = operating.post(f"/accounts/{account.account_id}/role/recreate/", follow=True)

    assert "The role is there again" in text_of(page.content)
    assert local_aws.account(account.account_id)["role_present"]


def test_a_refusal_keeps_the_page_and_what_was_typed(operating: Client, watched: Callable[..., Account]) -> None:
    account = watched()
    Account.objects.filter(pk=account.pk).update(
        cleaner_role_arn=f"arn:aws:iam::{account.account_id}:role/MqSlrCleaner"
    )

    page = operating.post(f"/accounts/{account.account_id}/role/describe/", {"description": "ours <b>"})

    assert page.status_code == 409
    assert "may not call iam:UpdateRole" in text_of(page.content) and "ours &lt;b&gt;" in page.content.decode()
    assert AuditEntry.objects.filter(action="describe role: refused").exists()


def allow_all() -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
