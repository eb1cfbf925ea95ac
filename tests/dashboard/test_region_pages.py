"""The region table's pages and one region's page: what they say, what they do, and what they refuse."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.domain.cleanups import State
from accounts.models import Account, AuditEntry, Cell, Cleanup, Region, RegionEdit, RegionReading, StoredRegionStates
from accounts.services.named_regions import named_regions
from accounts.services.region_readings import read_regions
from accounts.services.regions import rows_of_table
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.cleanup_factories import make_cleanup, make_plan
from tests.dashboard.factories import make_account, make_broker, make_cell, make_status, seed
from tests.dashboard.test_pages import text_of

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
    return [row.record.name for row in client.get(url).context["table"].paginated_rows]


# One region's page


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
    assert "Failing 1 With brokers 2 Answer is old 1 Not enabled 1 Not polled yet 1 All 5" in text
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

    assert "The guide says No" in text
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

    with django_assert_max_num_queries(14):
        operating.get("/regions/eu-west-1/?show=all&per_page=100")


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


# Editing


def test_a_region_is_added_and_told_that_nobody_has_tried_it(operating: Client, db: None) -> None:
    page = operating.post("/regions/add/", NEW, follow=True)

    assert page.redirect_chain == [("/regions/eu-new-1/", 302)]
    assert "Whether Amazon MQ answers at mq.eu-new-1.amazonaws.com was not checked" in page.content.decode()
    assert rows_of_table()["eu-new-1"].polled


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"code": ""}, "This field is required"),
        ({"code": "mars"}, "is not the code of a region"),
        ({"code": "us-iso-east-1"}, "a partition that Rolecall does not watch"),
        ({"code": "eu-west-1"}, "is in the table already, as Europe (Ireland)"),
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\u202eb"}, "control character"),
        ({"supported": "perhaps"}, "not one of the available choices"),
        ({"note": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_wrong_field_says_so_and_nothing_is_saved(
    operating: Client, db: None, changed: dict[str, str], said: str
) -> None:
    before = rows_of_table()

    page = operating.post("/regions/add/", {**NEW, **changed})

    assert said in page.content.decode()
    assert rows_of_table() == before


def test_a_row_is_edited_and_its_code_stays(operating: Client, db: None) -> None:
    form = {"code": "us-east-1", "name": "Dublin", "supported": "no", "note": " Ours.\nReally. "}

    operating.post("/regions/eu-west-1/edit/", form)

    row = rows_of_table()["eu-west-1"]
    assert (row.name, row.supported, row.polled, row.note) == ("Dublin", False, False, "Ours. Really.")
    assert rows_of_table()["us-east-1"].name == "US East (N. Virginia)"


def test_a_form_that_changes_nothing_notes_nothing(operating: Client, db: None) -> None:
    row = rows_of_table()["eu-west-1"]

    operating.post("/regions/eu-west-1/edit/", {"name": row.name, "supported": "yes", "polled": "on"})

    assert not AuditEntry.objects.exists()


def test_a_region_with_cells_goes_only_when_its_code_is_typed(operating: Client, db: None) -> None:
    operating.post("/regions/add/", NEW)
    make_cell(make_account(), "eu-new-1", None, outcome="unreachable")

    wrong = operating.post("/regions/eu-new-1/remove/", {"phrase": "eu-west-1"})
    assert "That is not eu-new-1" in wrong.content.decode()
    assert Cell.objects.filter(region="eu-new-1").exists()

    operating.post("/regions/eu-new-1/remove/", {"phrase": "eu-new-1"})
    assert "eu-new-1" not in rows_of_table()


def test_a_shipped_region_says_why_it_stays(operating: Client, db: None) -> None:
    operating.post("/regions/eu-west-1/remove/", {"phrase": "eu-west-1"})

    assert "eu-west-1" in rows_of_table()
    assert "stop polling it instead" in text_of(operating, "/regions/eu-west-1/remove/")


def test_the_changes_are_listed_with_a_way_back(operating: Client, db: None) -> None:
    operating.post("/regions/add/", NEW)
    edit = RegionEdit.objects.get()
    assert "add region eu-new-1" in text_of(operating, "/regions/")

    page = operating.post(f"/regions/edits/{edit.pk}/undo/", follow=True)

    assert "Undone: eu-new-1 as before." in page.content.decode()
    assert "eu-new-1" not in rows_of_table()


def test_what_cannot_be_undone_says_why(operating: Client, db: None) -> None:
    operating.post("/regions/eu-west-1/polled/", {"polled": "no"})
    operating.post("/regions/eu-west-1/edit/", {"name": "Dublin", "supported": "yes"})

    page = operating.post(f"/regions/edits/{RegionEdit.objects.last().pk}/undo/", follow=True)  # type: ignore[union-attr]

    assert "Not undone: eu-west-1 was changed since" in page.content.decode()


def test_a_viewer_sees_no_changes(operating: Client, watching: Client, db: None) -> None:
    operating.post("/regions/add/", NEW)

    assert "Changes" not in text_of(watching, "/regions/")


# Resetting


def test_a_reset_shows_the_difference_before_it_is_taken(operating: Client, db: None) -> None:
    operating.post("/regions/eu-west-1/edit/", {"name": "Dublin", "supported": "yes", "polled": "on"})
    operating.post("/regions/add/", NEW)

    page = operating.get("/regions/reset/")
    assert "eu-west-1 name “Dublin” “Europe (Ireland)”" in text_of(operating, "/regions/reset/")
    assert "1 row added by hand stays" in text_of(operating, "/regions/reset/")
    operating.post("/regions/reset/", {"seen": page.context["seen"]})

    assert rows_of_table()["eu-west-1"].name == "Europe (Ireland)"
    assert "eu-new-1" in rows_of_table()
    assert "Every row is as the guide has it." in text_of(operating, "/regions/reset/")


def test_a_reset_that_was_not_looked_at_is_not_taken(operating: Client, db: None) -> None:
    Region.objects.filter(code="eu-west-1").update(name="Dublin")

    page = operating.post("/regions/reset/", {"seen": "something else"})

    assert "has changed since you looked" in page.content.decode()
    assert rows_of_table()["eu-west-1"].name == "Dublin"


def test_one_row_is_reset_from_its_own_page(operating: Client, db: None) -> None:
    Region.objects.filter(code__in=["eu-west-1", "eu-west-2"]).update(name="Elsewhere")
    assert 'href="/regions/reset/?code=eu-west-1"' in operating.get("/regions/eu-west-1/").content.decode()

    seen = operating.get("/regions/reset/?code=eu-west-1").context["seen"]
    operating.post("/regions/reset/?code=eu-west-1", {"seen": seen})

    assert [rows_of_table()[code].name for code in ("eu-west-1", "eu-west-2")] == ["Europe (Ireland)", "Elsewhere"]


# Refreshing from AWS


def test_nobody_has_asked_yet(operating: Client, db: None) -> None:
    text = text_of(operating, "/regions/refresh/")

    assert "Nobody has asked yet" in text
    assert "ssm:GetParametersByPath" in text


def test_asking_waits_for_a_worker(operating: Client, db: None) -> None:
    page = operating.post("/regions/refresh/ask/", follow=True)

    assert "Reading AWS’s list" in page.content.decode()
    fragment = operating.get("/regions/refresh/", headers={"hx-request": "true"}).content.decode()
    assert fragment.startswith('<div id="refresh" hx-get')


def test_what_differs_is_shown_and_only_what_is_ticked_is_taken(operating: Client, local_aws: LocalAws) -> None:
    Region.objects.filter(code="ap-east-2").delete()
    read_regions("aws")

    page = operating.get("/regions/refresh/")
    assert page.context["preticked"] == ["new:ap-east-2"]
    assert "ap-northeast-3 Name Asia Pacific (Osaka-Local) Asia Pacific (Osaka)" in text_of(
        operating, "/regions/refresh/"
    )
    operating.post("/regions/refresh/", {"seen": page.context["seen"], "pick": ["new:ap-east-2"]})

    rows = rows_of_table()
    assert rows["ap-east-2"].name == "Asia Pacific (Taipei)"
    assert rows["ap-northeast-3"].name == "Asia Pacific (Osaka-Local)"
    assert not rows["us-gov-west-1"].polled


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "has changed since you looked"),
        ({"seen": "SEEN"}, "Nothing was ticked"),
        ({"seen": "SEEN", "pick": "name:mars-1"}, "name:mars-1 is no difference"),
    ],
)
def test_a_form_that_takes_nothing_says_so(
    operating: Client, local_aws: LocalAws, form: dict[str, str], said: str
) -> None:
    read_regions("aws")
    before, seen = rows_of_table(), operating.get("/regions/refresh/").context["seen"]

    page = operating.post("/regions/refresh/", {key: value.replace("SEEN", seen) for key, value in form.items()})

    assert said in page.content.decode()
    assert rows_of_table() == before


def test_a_denied_look_shows_the_statement_and_the_last_good_list(operating: Client, local_aws: LocalAws) -> None:
    read_regions("aws")
    local_aws.add_fault(service="ssm", status=400, code="AccessDeniedException")
    read_regions("aws")

    text = text_of(operating, "/regions/refresh/")

    assert "AWS denies ssm:GetParametersByPath" in text
    assert "ReadAwsListOfRegions" in text
    assert "Below is what the last good look read" in text
    assert "AWS’s list differs in 3 points" in text


def test_the_states_over_accounts_are_counted(operating: Client, world: list[Account]) -> None:
    (row,) = operating.get("/regions/refresh/").context["states"]

    assert (row.code, row.counts) == ("eu-west-1", [0, 1, 1, 0, 1])


def test_a_name_that_aws_gave_is_proposed(operating: Client, db: None) -> None:
    RegionReading.objects.create(partition="aws", requested_at=timezone.now(), names={"eu-new-1": "Europe (New)"})

    form = operating.get("/regions/add/?code=eu-new-1").context["form"]

    assert (form["name"].value(), form.endpoint) == ("Europe (New)", "mq.eu-new-1.amazonaws.com")


# Named by AWS


def test_a_region_that_aws_named_is_offered_everywhere(operating: Client, db: None) -> None:
    cleanup = refused_because_of("eu-new-1", State.WAITING)

    assert "AWS names 1 region that the table lacks: eu-new-1" in text_of(operating, "/")
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
