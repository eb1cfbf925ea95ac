"""Editing the region table on its pages: by hand, back to the guide, and by what AWS says."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Cell, Region, RegionEdit, RegionReading, StoredRegionStates
from accounts.services.region_readings import read_regions
from accounts.services.regions import rows_of_table
from dashboard.demo.local_aws.client import LocalAws
from tests.dashboard.factories import make_account, make_cell
from tests.dashboard.test_pages import text_of

NEW: dict[str, str] = {"code": "eu-new-1", "name": "Europe (New)", "supported": "yes", "polled": "on", "opt_in": "on"}


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
    assert "New regions are ticked." in text_of(operating, "/regions/refresh/")
    operating.post("/regions/refresh/", {"seen": page.context["seen"], "pick": ["new:ap-east-2"]})

    rows = rows_of_table()
    assert "New regions are ticked." not in text_of(operating, "/regions/refresh/")
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


def test_the_states_over_accounts_are_counted(operating: Client, db: None) -> None:
    states = ("ENABLED", "DISABLED", "ENABLING")
    for number, state in enumerate(states):
        StoredRegionStates.objects.create(
            account=make_account(number), by_code={"eu-west-1": state}, read_at=timezone.now()
        )

    (row,) = operating.get("/regions/refresh/").context["states"]

    assert (row.code, row.counts) == ("eu-west-1", [0, 1, 1, 0, 1])


def test_a_name_that_aws_gave_is_proposed(operating: Client, db: None) -> None:
    RegionReading.objects.create(partition="aws", requested_at=timezone.now(), names={"eu-new-1": "Europe (New)"})

    form = operating.get("/regions/add/?code=eu-new-1").context["form"]

    assert (form["name"].value(), form.endpoint) == ("Europe (New)", "mq.eu-new-1.amazonaws.com")
