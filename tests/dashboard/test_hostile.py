"""What a hostile or careless address does: an answer with words, never a fault and never an empty file."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client

from accounts.domain.cleanups import State
from accounts.models import Account, Campaign, Cleanup
from tests.dashboard.factories import make_account, make_status

LISTS = (
    "/matrix/",
    "/accounts/",
    "/brokers/",
    "/cleanups/",
    "/campaigns/",
    "/regions/",
    "/sweeps/",
    "/audit/",
    "/accounts/archived/",
)
NONSENSE = (
    "sort=-",
    "sort=nothing",
    "sort=account&sort=-account&sort=--account",
    "sort=" + "name," * 500,
    "page=0",
    "page=-1",
    "page=" + "9" * 5000,
    "page=%00",
    "per_page=1000000",
    "per_page=-1",
    "per_page=%D9%A5%D9%A0",
    "q=%00",
    "q=%FF%FE",
    "q=" + "x" * 4000,
    "q=%25_%5C'%22%3C",
    "tag=%00",
    "tag=%3D",
    "tag=" + "%5B" * 900,
    "tag=a%3D%ED%A0%80",
    "region=%00",
    "verdict=%00&verdict=unused",
    "engine=%00",
    "columns=%00,%0A",
    "pin=%00",
    "view=%00",
    "density=%00&hide=%00",
)


@pytest.fixture
def account(db: None) -> str:
    account = make_account(1, "orders", tags={"env": "prod"})
    make_status(account)
    return account.account_id


@pytest.mark.parametrize("query", NONSENSE, ids=lambda query: query[:30])
@pytest.mark.parametrize("listing", LISTS)
def test_nonsense_in_a_query_string_is_not_a_fault(account: str, operating: Client, listing: str, query: str) -> None:
    assert operating.get(f"{listing}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize(
    "query", [*NONSENSE, "show=%00", "code=%00", "code=" + "a" * 4000], ids=lambda query: query[:30]
)
@pytest.mark.parametrize("page", ["us-east-1", "add"])
def test_nonsense_on_a_page_of_regions_is_not_a_fault(account: str, operating: Client, page: str, query: str) -> None:
    assert operating.get(f"/regions/{page}/?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("number", ["0", "99999999999999999999999"])
def test_a_sweep_of_an_impossible_number_is_not_here(operating: Client, number: str) -> None:
    assert operating.get(f"/sweeps/{number}/").status_code == 404


NO_NUMBERS = ("²", "٥٠", "-1", "1.0", "9" * 5000, "\0")


@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: ascii(text)[:12])
@pytest.mark.parametrize("url", ["/sweeps/running/bar/?sweep=", "/campaigns/new/?chosen="])
def test_an_address_with_what_is_no_number_is_answered_as_if_it_had_none(
    operating: Client, url: str, text: str
) -> None:
    assert operating.get(f"{url}{quote(text)}", headers={"HX-Request": "true"}).status_code == 200


@pytest.mark.parametrize("text", NO_NUMBERS[:-1], ids=lambda text: ascii(text)[:12])
def test_a_form_with_what_is_no_number_is_no_fault(account: str, operating: Client, text: str) -> None:
    campaign = Campaign.objects.create(name="one", requested_by="ana", state=Campaign.State.STOPPED)
    Cleanup.objects.create(account=Account.objects.get(), campaign=campaign, state=State.FAILED, requested_by="ana")

    resumed = operating.post(f"/campaigns/{campaign.pk}/resume/", {"seen": text})
    chosen = operating.post("/accounts/acts/", {"act": "poll", "page": "accounts", "which": "all", "matching": text})
    reported = operating.post("/reports/", {"view": text})

    assert (resumed.status_code, chosen.status_code, reported.status_code) == (302, 302, 404)


@pytest.mark.parametrize("url", ["/accounts/%00/", "/accounts/1%002/", "/accounts/%FF/"])
def test_an_account_id_that_no_table_can_hold_is_not_here(operating: Client, url: str) -> None:
    assert operating.get(url).status_code == 404


@pytest.mark.parametrize("url", ["/accounts/%00/poll/", "/regions/%00/polled/", "/regions/%00/edit/"])
def test_an_act_on_a_name_that_no_table_can_hold_is_not_here(operating: Client, url: str) -> None:
    assert operating.post(url, {"polled": "yes"}).status_code == 404


@pytest.mark.parametrize("listing", ["/matrix/", "/accounts/", "/brokers/"])
def test_an_export_under_a_filter_that_makes_no_sense_is_refused_and_not_empty(
    account: str, watching: Client, listing: str
) -> None:
    response = watching.get(f"{listing}?region=mars-1&_export=csv")

    assert response.status_code == 400
    assert "mars-1" in response.content.decode()


@pytest.mark.parametrize(
    "url",
    ["/views/save/", "/reports/", "/campaigns/create/", "/onboarding/add/", "/onboarding/import/", "/regions/add/"],
)
def test_a_form_with_a_nul_is_refused_with_the_fields_name(account: str, operating: Client, url: str) -> None:
    form = {"page": "accounts", "which": "all", "name": "a\0b"}

    response = operating.post(url, form)

    assert response.status_code == 400
    assert "“name” has a NUL" in response.content.decode()


def test_a_ticked_account_that_no_table_can_hold_is_not_ticked(account: str, operating: Client) -> None:
    page = operating.get(f"/campaigns/new/?account=%00&account={account}")

    assert page.context["selection"].ticked == [account]


def test_a_foreign_host_name_is_told_nothing_of_the_settings(db: None, client: Client) -> None:
    response = client.get("/sign-in/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert b"ALLOWED_HOSTS" not in response.content
    assert b"evil.example" not in response.content


def test_too_many_parameters_are_refused(watching: Client) -> None:
    assert watching.get("/matrix/?" + "q=1&" * 3100).status_code == 400


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_leads_nowhere_else(operator: object, client: Client, elsewhere: str) -> None:
    form = {"username": "operator", "password": "correct horse", "next": elsewhere}

    assert client.post("/sign-in/", form)["Location"] == "/"


def test_signing_in_changes_the_session(operator: object, client: Client) -> None:
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key

    client.post("/sign-in/", {"username": "operator", "password": "correct horse"})

    assert client.session.session_key != planted


@pytest.mark.parametrize(
    "url", ["/matrix/poll/", "/accounts/{account}/poll/", "/regions/us-east-1/polled/", "/sign-in/", "/sign-out/"]
)
def test_every_act_wants_the_token(account: str, operator: object, url: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)  # type: ignore[arg-type]

    assert browser.post(url.format(account=account), {"polled": "no"}).status_code == 403


@pytest.mark.parametrize("url", ["/", "/sign-in/", "/nowhere/", "/matrix/?_export=xml"])
def test_every_answer_forbids_frames_and_inline_scripts(operating: Client, url: str) -> None:
    headers = operating.get(url).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_name_cannot_speak_html(watching: Client, db: None) -> None:
    evil = '"><script>alert(1)</script>'
    account = make_account(1, evil, tags={evil: evil})
    make_status(account, detail=evil, outcome="denied", permission=evil, description=evil)

    for url in ("/", "/matrix/", "/accounts/", f"/accounts/{account.account_id}/", "/matrix/?q=%22%3E%3Cscript%3E"):
        assert "<script>" not in watching.get(url).content.decode()


def test_a_page_that_refreshes_itself_after_the_session_is_over_is_loaded_anew(client: Client, db: None) -> None:
    response = client.get("/sweeps/running/bar/", headers={"HX-Request": "true"})

    assert response["HX-Refresh"] == "true"
    assert response.content == b""


@pytest.mark.parametrize("url", ["/matrix/", "/matrix/?_export=csv", "/sign-in/"])
def test_no_shared_cache_keeps_a_page(watching: Client, url: str) -> None:
    assert "private" in watching.get(url)["Cache-Control"]
