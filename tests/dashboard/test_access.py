"""Every address: works, needs sign-in, refuses the wrong role, the wrong method and unknown objects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import BulkAct, Organization, RegionEdit, Sweep
from accounts.services.account_files import write_accounts
from accounts.services.import_drafts import draft_import
from accounts.services.importing import AccountRow, ExternalIds
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, planned
from tests.dashboard.factories import make_account, make_status

PAGES = (
    "/",
    "/matrix/",
    "/accounts/",
    "/brokers/",
    "/regions/",
    "/sweeps/",
    "/views/",
    "/accounts/archived/",
    "/accounts/{account}/",
    "/accounts/{account}/changes/",
    "/accounts/{account}/regions/us-east-1/",
    "/sweeps/{sweep}/",
    "/regions/us-east-1/",
    "/cleanups/",
    "/cleanups/{cleanup}/",
)
BARS = (
    *("/sweeps/running/bar/", "/sweeps/{sweep}/bar/"),
    *("/cleanups/{cleanup}/journal/", "/onboarding/{account}/check/panel/"),
)
OPERATOR_PAGES = (
    *("/audit/", "/onboarding/", "/onboarding/hub/", "/onboarding/{account}/roles/"),
    *("/onboarding/import/template/", "/onboarding/import/accounts/", "/onboarding/import/{import}/problems/"),
    "/onboarding/import/{import}/changes/",
    *("/onboarding/organization/{organization}/", "/onboarding/organization/{organization}/reading/"),
    "/onboarding/organization/{organization}/role/",
)
# Ask on GET, act on POST.
GATES = (
    "/accounts/acts/{act}/",
    "/cleanups/{cleanup}/confirm/",
    "/cleanups/{cleanup}/approve/",
    "/cleanups/{cleanup}/cancel/",
)
# The same address shows a form and takes it.
FORMS = (
    *(
        "/regions/add/",
        "/regions/reset/",
        "/regions/refresh/",
        "/regions/us-east-1/edit/",
        "/regions/us-east-1/remove/",
    ),
    *("/onboarding/import/", "/onboarding/import/{import}/"),
    *("/onboarding/add/", "/onboarding/{account}/edit/", "/onboarding/organization/"),
    *("/onboarding/organization/{organization}/choose/", "/onboarding/organization/{organization}/edit/"),
)
ACTS = (
    "/matrix/poll/",
    "/accounts/{account}/poll/",
    "/accounts/{account}/regions/us-east-1/poll/",
    "/accounts/{account}/paused/",
    "/accounts/{account}/interval/",
    "/accounts/acts/",
    "/accounts/{account}/restore/",
    "/accounts/changes/999999/undo/",
    "/onboarding/check/",
    "/onboarding/hub/ask/",
    "/onboarding/stackset/aws/",
    "/onboarding/{account}/check/",
    "/onboarding/{account}/forget/",
    *(
        "/onboarding/import/{import}/give-up/",
        "/onboarding/import/{import}/check/",
        "/onboarding/import/{import}/poll/",
    ),
    "/onboarding/organization/{organization}/read/",
    "/onboarding/organization/{organization}/take/",
    "/onboarding/organization/{organization}/undo/1/",
    "/onboarding/organization/{organization}/disconnect/",
    "/regions/us-east-1/polled/",
    "/regions/refresh/ask/",
    "/regions/edits/{edit}/undo/",
    "/sweeps/paused/",
    "/sweeps/{sweep}/cancel/",
    "/accounts/{account}/cleanup/",
    "/accounts/{account}/protected/",
    "/cleanups/{cleanup}/redraw/",
    "/cleanups/{cleanup}/rehearse/",
    "/cleanups/{cleanup}/regions/",
    "/cleanups/{cleanup}/paused/",
)
UNKNOWN = (
    *("/accounts/000000000000/", "/accounts/000000000000/changes/", "/sweeps/999999/", "/sweeps/999999/bar/"),
    "/accounts/000000000000/regions/us-east-1/",
    *("/cleanups/999999/", "/cleanups/999999/journal/", "/views/999999/"),
    "/regions/mars-1/",
)
VIEWERS_ACTS = (
    "/views/save/",
    "/views/999999/update/",
    "/views/999999/rename/",
    "/views/999999/default/",
    "/views/999999/delete/",
    "/views/999999/restore/",
    "/reports/",
    "/reports/999999/token/",
    "/reports/999999/revoke/",
)
UNKNOWN_ACTS = (
    "/accounts/000000000000/poll/",
    "/accounts/000000000000/regions/us-east-1/poll/",
    "/accounts/000000000000/paused/",
    "/accounts/000000000000/interval/",
    "/accounts/000000000000/restore/",
    "/accounts/000000000000/purge/",
    "/accounts/acts/999999/",
    "/accounts/changes/999999/undo/",
    "/onboarding/000000000000/check/",
    "/onboarding/000000000000/forget/",
    "/onboarding/000000000000/edit/",
    "/onboarding/organization/999999/read/",
    "/onboarding/organization/999999/take/",
    "/onboarding/organization/999999/undo/1/",
    "/onboarding/organization/999999/disconnect/",
    "/onboarding/organization/999999/edit/",
    "/regions/mars-1/polled/",
    "/regions/mars-1/edit/",
    "/regions/mars-1/remove/",
    "/regions/edits/999999/undo/",
    "/sweeps/999999/cancel/",
    "/accounts/000000000000/cleanup/",
    "/accounts/000000000000/protected/",
    "/cleanups/999999/redraw/",
    "/cleanups/999999/rehearse/",
    "/cleanups/999999/regions/",
    "/cleanups/999999/paused/",
    "/cleanups/999999/confirm/",
    "/cleanups/999999/approve/",
    "/cleanups/999999/cancel/",
)


@pytest.fixture
def place(db: None) -> dict[str, object]:
    account = make_account(cleaner_role_arn="arn:aws:iam::100007654321:role/cleaner")
    make_status(account)
    cleanup = make_cleanup(account, make_plan(account, planned(account)))
    act = BulkAct.objects.create(person="operator", act="pause", page="accounts")
    edit = RegionEdit.objects.create(actor="olga", action="edit region", before={}, after={})
    return {
        "act": act.pk,
        "account": account.account_id,
        "sweep": Sweep.objects.create(reason="page").pk,
        "cleanup": cleanup.pk,
        "edit": edit.pk,
        "import": a_draft(),
        "organization": Organization.objects.create(partition="aws").pk,
    }


def a_draft() -> int:
    """The number of an operator's preview; of nobody's, where the test has no operator."""
    person = User.objects.filter(username="operator").first()
    row = AccountRow("111122223333", "x", "aws", "arn:aws:iam::111122223333:role/R", "", "ext-1", {})
    content = b"".join(write_accounts([row]))
    return draft_import(person, "a.csv", content, ExternalIds.RANDOM).pk if person else 999999


@pytest.mark.parametrize("url", PAGES + BARS)
def test_a_page_opens_for_a_viewer(url: str, place: dict[str, object], watching: Client) -> None:
    assert watching.get(url.format(**place)).status_code == 200


@pytest.mark.parametrize("url", PAGES + OPERATOR_PAGES + GATES + FORMS)
def test_a_page_opens_for_an_operator(url: str, operating: Client, place: dict[str, object]) -> None:
    assert operating.get(url.format(**place)).status_code == 200


@pytest.mark.parametrize("url", PAGES + BARS + OPERATOR_PAGES + ACTS + GATES + FORMS)
def test_an_address_sends_the_anonymous_to_sign_in(url: str, place: dict[str, object], client: Client) -> None:
    response = client.get(url.format(**place))

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=/")


@pytest.mark.parametrize("url", PAGES + BARS + OPERATOR_PAGES + FORMS)
def test_a_page_refuses_a_stranger(url: str, place: dict[str, object], strange: Client) -> None:
    assert strange.get(url.format(**place)).status_code == 403


@pytest.mark.parametrize("url", OPERATOR_PAGES + FORMS)
def test_an_operators_page_refuses_a_viewer(url: str, place: dict[str, object], watching: Client) -> None:
    assert watching.get(url.format(**place)).status_code == 403


@pytest.mark.parametrize("url", ACTS + GATES + FORMS)
def test_an_act_refuses_a_viewer(url: str, place: dict[str, object], watching: Client) -> None:
    assert watching.post(url.format(**place)).status_code == 403


@pytest.mark.parametrize("url", VIEWERS_ACTS)
def test_a_viewers_act_refuses_a_stranger_and_get(url: str, watching: Client, strange: Client) -> None:
    assert strange.post(url).status_code == 403
    assert watching.get(url).status_code == (302 if url == "/reports/" else 405)


@pytest.mark.parametrize("url", VIEWERS_ACTS[1:])
def test_a_viewers_act_on_what_is_not_there_is_not_here(url: str, watching: Client) -> None:
    assert watching.post(url, {"default": "yes"}).status_code == 404


@pytest.mark.parametrize("url", ACTS)
def test_an_act_refuses_get(url: str, place: dict[str, object], operating: Client) -> None:
    assert operating.get(url.format(**place)).status_code == 405


@pytest.mark.parametrize("url", PAGES + BARS)
def test_a_page_refuses_post(url: str, place: dict[str, object], operating: Client) -> None:
    assert operating.post(url.format(**place)).status_code == 405


@pytest.mark.parametrize("url", UNKNOWN)
def test_an_unknown_object_is_not_here(url: str, watching: Client) -> None:
    response = watching.get(url)

    assert response.status_code == 404
    assert b"Not here" in response.content


@pytest.mark.parametrize("url", UNKNOWN_ACTS)
def test_an_act_on_an_unknown_object_is_not_here(url: str, operating: Client) -> None:
    assert operating.post(url, {"polled": "yes", "paused": "yes"}).status_code == 404


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        yield from patterns(entry) if isinstance(entry, URLResolver) else [entry]


def test_every_address_is_open_to_a_role_or_to_everybody_on_purpose() -> None:
    unmarked = [
        str(pattern.pattern)
        for pattern in patterns(get_resolver())
        if getattr(pattern.callback, "login_required", True) and not hasattr(pattern.callback, "open_to")
    ]

    assert unmarked == []


def test_signing_in_leads_to_the_page_that_was_asked_for(viewer: User, client: Client) -> None:
    form = {"username": "viewer", "password": "correct horse", "next": "/matrix/"}

    assert client.post("/sign-in/", form)["Location"] == "/matrix/"


def test_a_wrong_password_says_so(viewer: User, client: Client) -> None:
    response = client.post("/sign-in/", {"username": "viewer", "password": "wrong"})

    assert b"do not fit" in response.content


def test_a_stranger_can_sign_out(strange: Client) -> None:
    assert strange.post("/sign-out/")["Location"] == "/sign-in/"


def test_pages_carry_no_inline_style_or_script(place: dict[str, object], watching: Client) -> None:
    for url in PAGES:
        html = watching.get(url.format(**place)).content.decode()
        assert " style=" not in html
        assert "<script>" not in html
        assert " onclick=" not in html
