"""The region table's pages and one region's page: what they say, what they do, and what they refuse."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.domain.cleanups import State
from accounts.models import Account, Cleanup, Region, StoredRegionStates
from accounts.services.named_regions import named_regions
from tests.dashboard.cleanup_factories import make_cleanup, make_plan
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status, seed
from tests.dashboard.test_pages import text_of
from tests.dashboard.test_tables import exported

NEW: dict[str, str] = {"code": "eu-new-1", "name": "Europe (New)", "supported": "yes", "polled": "on", "opt_in": "on"}
STRANGE_ARN = "arn:aws:mq:eu-new-1:111122223333:broker:orders:b-1"


def refused_because_of(region: str, state: State = State.FAILED, number: int = 1) -> Cleanup:
    """A clean-up whose role AWS refused to delete because of something in a region."""
    account = make_account(number)
    make_status(account)
    usage = [{"region": region, "named_region": region, "resource": STRANGE_ARN.replace("eu-new-1", region)}]
    step: dict[str, Any] = {"resume_state": State.DELETING_ROLE} if state is State.WAITING else {}
    return make_cleanup(account, make_plan(account), state, usage=usage, reason="AWS says no.", **step)


def names(client: Client, url: str) -> list[str]:
    return [row.record.name for row in client.get(url, follow=True).context["table"].paginated_rows]


@pytest.fixture
def world(db: None) -> list[Account]:
    """Accounts that stand in every way in eu-west-1."""
    now = timezone.now()
    fine, denied, old, off, never = (
        make_account(n, name) for n, name in enumerate(("fine", "denied", "old", "off", "never"))
    )
    make_cell(fine, "eu-west-1", 2)
    make_broker(fine, "eu-west-1", "orders")
    make_broker(fine, "eu-west-1", "legacy", "ActiveMQ", state="CREATION_FAILED")
    make_cell(
        denied, "eu-west-1", 3, outcome="denied", code="AccessDeniedException", permission="mq:ListBrokers",
        detail="The assumed role may not call it", last_ok_at=now - timedelta(days=2),
    )  # fmt: skip
    make_cell(old, "eu-west-1", 0, last_ok_at=now - timedelta(hours=5))
    make_cell(off, "eu-west-1", None, outcome="region_disabled")
    for account, state in ((fine, "ENABLED"), (off, "DISABLED"), (old, "ENABLING")):
        StoredRegionStates.objects.create(account=account, by_code={"eu-west-1": state}, read_at=now)
    make_account(9, "elsewhere", "aws-cn")
    return [fine, denied, old, off, never]


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("failing", ["denied"]),
        ("old", ["old"]),
        ("disabled", ["off"]),
        ("never", ["never"]),
        ("brokers", ["denied", "fine"]),
        ("all", ["denied", "fine", "never", "off", "old"]),
        ("nonsense", ["denied"]),
        ("", ["denied"]),
    ],
)
def test_each_list_of_a_region_has_its_accounts(
    watching: Client, world: list[Account], show: str, expected: list[str]
) -> None:
    assert sorted(names(watching, f"/regions/eu-west-1/?show={show}")) == expected


def test_a_region_says_how_its_accounts_stand(watching: Client, world: list[Account]) -> None:
    text = text_of(watching, "/regions/eu-west-1/")

    assert "2 of 5 accounts answer here, ≥ 5 brokers" in text
    assert "Failing 1 With brokers 2 Answer is old 1 Not enabled 1 Not polled yet 1 Answered 2 All 5" in text
    assert "Being enabled 1 Disabled 1 Not told 2" in text
    assert "RabbitMQ RUNNING 1" in text
    assert "ActiveMQ CREATION_FAILED 1" in text
    assert "mq.eu-west-1.amazonaws.com" in text


def test_a_failing_account_says_what_and_since_when(watching: Client, world: list[Account]) -> None:
    text = text_of(watching, "/regions/eu-west-1/?show=failing")

    assert "denied AccessDeniedException 3 2 d ago" in text
    assert "The assumed role may not call it" in text


def test_a_region_links_to_the_rows_behind_it(watching: Client, world: list[Account]) -> None:
    html = watching.get("/regions/eu-west-1/").content.decode()

    for address in ("/brokers/?region=eu-west-1", "/brokers/?region=eu-west-1&amp;engine=RabbitMQ&amp;state=RUNNING"):
        assert address in html
        assert watching.get(address.replace("&amp;", "&")).context["table"].paginator.count > 0
    matrix = watching.get("/regions/eu-west-1/").context["page"].matrix_url
    assert [region.code for region in watching.get(matrix).context["table"].regions] == ["eu-west-1"]


def test_a_regions_accounts_are_exported_with_all_there_is(watching: Client, world: list[Account]) -> None:
    response = watching.get("/regions/eu-west-1/?show=failing&_export=csv")

    (row,) = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))  # type: ignore[attr-defined]
    assert (row["name"], row["outcome"], row["permission"], row["brokers"]) == (
        "denied",
        "denied",
        "mq:ListBrokers",
        "3",
    )
    assert "rolecall-region-eu-west-1-failing-" in response["Content-Disposition"]


def test_a_no_of_the_guide_says_why_nobody_is_asked(operating: Client, db: None) -> None:
    make_account(partition="aws-us-gov")

    text = text_of(operating, "/regions/us-gov-west-1/")

    assert "The guide does not list" in text
    assert "AWS's GovCloud guide now says" in text.replace("&#x27;", "'")
    assert "Poll us-gov-west-1 from now on" in text


def test_a_region_that_is_off_keeps_what_was_known(watching: Client, world: list[Account]) -> None:
    Region.objects.filter(code="eu-west-1").update(polled=False)

    page = watching.get("/regions/eu-west-1/")

    assert [tab.name for tab in page.context["page"].tabs] == ["brokers", "all"]
    assert {row.record.here_outcome for row in page.context["table"].paginated_rows} == {"unsupported"}
    assert "last known" in text_of(watching, "/regions/eu-west-1/")


def test_a_region_of_a_partition_without_accounts_says_so(watching: Client, db: None) -> None:
    text = text_of(watching, "/regions/cn-north-1/")

    assert "no account of aws-cn is watched" in text
    assert "mq.cn-north-1.amazonaws.com.cn" in text


def test_a_region_page_asks_a_bounded_number_of_questions(
    operating: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    seed(60)

    with django_assert_max_num_queries(15):
        operating.get("/regions/eu-west-1/?show=all&per_page=100")


def test_markup_in_words_is_escaped(operating: Client, db: None) -> None:
    evil = "<script>alert(1)</script>"
    account = make_account(name=evil)
    make_cell(account, "eu-west-1", None, outcome="failed", code=evil, detail=evil, permission=evil)
    make_broker(account, "eu-west-1", evil, evil, state=evil)
    StoredRegionStates.objects.create(account=account, by_code={"eu-west-1": evil}, read_at=timezone.now())
    operating.post("/regions/eu-west-1/edit/", {"name": evil, "supported": "yes", "polled": "on", "note": evil})

    for url in ("/regions/eu-west-1/", f"/regions/eu-west-1/?show={evil}", "/regions/", "/regions/reset/"):
        assert evil not in operating.get(url).content.decode()


def test_a_viewer_sees_no_act_on_a_region(watching: Client, world: list[Account]) -> None:
    text = text_of(watching, "/regions/eu-west-1/")

    assert "Edit the row" not in text
    assert "stop" not in text


def test_switching_from_the_regions_page_leads_back_to_it(operating: Client, db: None) -> None:
    response = operating.post("/regions/eu-west-1/polled/", {"polled": "no", "back": "region"})

    assert response["Location"] == "/regions/eu-west-1/"
    assert not Region.objects.get(code="eu-west-1").polled


@pytest.mark.parametrize("url", ["/regions/", "/accounts/{account}/", "/brokers/", "/"])
def test_a_regions_code_leads_to_its_page(watching: Client, world: list[Account], url: str) -> None:
    html = watching.get(url.format(account=world[0].account_id)).content.decode()

    assert 'href="/regions/eu-west-1/"' in html


def test_a_region_that_aws_named_is_offered_everywhere(operating: Client, db: None) -> None:
    cleanup = refused_because_of("eu-new-1", State.WAITING)

    assert "1 region that AWS names and the table lacks: eu-new-1" in text_of(operating, "/")
    for url in ("/regions/", cleanup.get_absolute_url()):
        assert 'href="/regions/add/?code=eu-new-1"' in operating.get(url).content.decode()


def test_a_region_that_was_added_is_offered_no_more(operating: Client, db: None) -> None:
    refused_because_of("eu-new-1")

    operating.post("/regions/add/", {**NEW, "polled": ""})

    assert named_regions(Account.objects.all()) == []


@pytest.mark.parametrize("region", ["eu-west-1", "nonsense", "us-iso-east-1", ""])
def test_a_region_that_is_known_or_none_is_not_offered(db: None, region: str) -> None:
    refused_because_of(region)

    assert named_regions(Account.objects.all()) == []


def test_what_aws_named_before_the_role_went_is_not_offered(db: None) -> None:
    refused_because_of("eu-new-1", State.DONE)

    assert named_regions(Account.objects.all()) == []


def test_a_region_lists_every_clean_up_that_it_stood_in_the_way_of(db: None) -> None:
    first, second = refused_because_of("eu-new-1"), refused_because_of("eu-new-1", number=2)

    (named,) = named_regions(Account.objects.all())

    assert named.cleanups == (second, first)


def test_a_viewer_reads_of_a_named_region_and_is_offered_nothing(watching: Client, db: None) -> None:
    cleanup = refused_because_of("eu-new-1", State.WAITING)

    for url in ("/regions/", cleanup.get_absolute_url()):
        html = watching.get(url).content.decode()
        assert "eu-new-1" in html
        assert "/regions/add/" not in html


def test_a_region_that_is_off_does_not_say_why_it_failed_once(watching: Client, db: None) -> None:
    why = {"code": "AccessDeniedException", "permission": "mq:ListBrokers", "detail": "denied by an SCP"}
    make_cell(make_account(), "eu-west-1", 2, outcome="denied", **why)
    Region.objects.filter(code="eu-west-1").update(polled=False)

    (row,) = exported(watching, "/regions/eu-west-1/", "show=all")

    assert (row["outcome"], row["brokers"]) == ("unsupported", "2")
    assert (row["code"], row["permission"], row["detail"]) == ("", "", "")


def row(client: Client, code: str) -> str:
    """The counts of a region in the list."""
    html = client.get("/regions/?per_page=100&columns=code,answering,disabled,silent,brokers").content.decode()
    found = next(part for part in html.split("<tr>") if f"/regions/{code}/" in part)
    return " ".join(re.sub(r"<[^>]+>", " ", found.partition("</tr>")[0]).split())


def test_a_region_is_measured_by_the_accounts_that_can_answer(watching: Client, db: None) -> None:
    for number, outcome in enumerate(("ok", "region_disabled", "region_disabled", "denied", "assume_denied")):
        make_cell(make_account(number), "af-south-1", 0 if outcome == "ok" else None, outcome=outcome)

    assert row(watching, "af-south-1") == "af-south-1 1 of 3 2 1 ≥ 0"
    assert "1 account does not let Rolecall in: not counted as failing." in text_of(watching, "/regions/?view=none")


def test_a_region_that_nobody_has_enabled_has_nobody_to_answer(watching: Client, db: None) -> None:
    make_cell(make_account(1), "af-south-1", None, outcome="region_disabled")

    assert row(watching, "af-south-1") == "af-south-1 – 1 0 –"


def test_the_note_has_a_column_once_there_is_one(watching: Client, db: None) -> None:
    Region.objects.update(note="")
    without = watching.get("/regions/?view=none").content.decode()
    Region.objects.filter(code="eu-west-1").update(note="Ask Olga.")

    assert ">Note<" not in without.partition("<thead>")[2].partition("</thead>")[0]
    assert ">Note<" in watching.get("/regions/?view=none").content.decode()
