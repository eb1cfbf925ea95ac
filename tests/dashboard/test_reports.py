"""Reports: fetched with a token alone, with the rights that their owner has then, and ended when somebody says so."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from dashboard.formats import FORMATS
from dashboard.models import Report, SavedView
from dashboard.reports import FETCHES_PER_MINUTE, export_of, measured
from dashboard.told_tokens import KEY as TOLD
from tests.dashboard.factories import make_account, make_status

CURL = Client()  # no session: what curl is


@pytest.fixture
def view(viewer: User) -> SavedView:
    make_status(make_account(1, "idle"), verdict="unused"), make_status(make_account(2, "busy"))
    return SavedView.objects.create(owner=viewer, name="Unused", page="accounts", query="verdict=unused")


def make(client: Client, view: SavedView, **form: str) -> str:
    """Make a report as the page does; gives its token, or nothing when none is made."""
    html = client.post("/reports/", {"view": str(view.pk), "name": "Idle roles", **form}, follow=True).content.decode()
    found = re.search(r'<pre class="token"><code>([^<]+)', html)
    return found[1] if found else ""


def fetch(token: str, pk: int | None = None, **headers: str) -> HttpResponseBase:
    pk = pk or Report.objects.get().pk
    return CURL.get(f"/reports/{pk}/", headers={"Authorization": f"Bearer {token}", **headers})


def text_of(response: HttpResponseBase) -> str:
    return b"".join(response).decode()


def test_a_report_is_fetched_with_its_token_alone(watching: Client, view: SavedView) -> None:
    token = make(watching, view, columns="name, verdict")

    response = fetch(token)

    assert text_of(response) == "name,verdict\r\nidle,unused\r\n"
    assert response["Content-Disposition"].startswith('attachment; filename="rolecall-accounts-idle-roles-20')
    assert "no-store" in response["Cache-Control"]


def test_an_address_can_carry_the_token_as_its_password(watching: Client, view: SavedView) -> None:
    token = make(watching, view)
    basic = base64.b64encode(f"report:{token}".encode()).decode()

    response = CURL.get(f"/reports/{Report.objects.get().pk}/", headers={"Authorization": f"Basic {basic}"})

    assert response.status_code == 200


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_a_report_has_its_format(watching: Client, view: SavedView, form: str) -> None:
    assert fetch(make(watching, view, format=form)).status_code == 200


def test_only_the_hash_of_a_token_is_kept_and_it_is_shown_once(watching: Client, view: SavedView) -> None:
    token = make(watching, view)

    kept = str(Report.objects.values_list().get())

    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert token not in kept
    assert token not in watching.get("/views/").content.decode()
    assert not AuditEntry.objects.filter(detail__contains=token).exists()


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", "Basic !!!", "Basic d3Jvbmc=", "Digest x", "Bearer é", "Basic é", "Basic //4="],
)
def test_without_the_right_token_nothing_is_told(watching: Client, view: SavedView, header: str) -> None:
    make(watching, view)

    known, unknown = (
        CURL.get(f"/reports/{pk}/", headers={"Authorization": header}) for pk in (Report.objects.get().pk, 0)
    )

    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.content == unknown.content
    assert known["WWW-Authenticate"].startswith("Basic")


def test_a_session_is_no_token(watching: Client, view: SavedView) -> None:
    make(watching, view)

    assert watching.get(Report.objects.get().get_absolute_url()).status_code == 401


def test_a_new_token_ends_the_old_one(watching: Client, view: SavedView) -> None:
    old = make(watching, view)

    html = watching.post(f"/reports/{Report.objects.get().pk}/token/", follow=True).content.decode()

    new = re.search(r'<pre class="token"><code>([^<]+)', html)
    assert fetch(old).status_code == 401
    assert new and fetch(new[1]).status_code == 200


def test_a_revoked_report_is_fetched_no_more(watching: Client, view: SavedView) -> None:
    token = make(watching, view)

    watching.post(f"/reports/{Report.objects.get().pk}/revoke/")

    assert fetch(token).status_code == 401


def test_an_operator_revokes_what_a_viewer_made_and_others_cannot(
    watching: Client, operating: Client, view: SavedView, django_user_model: type[User]
) -> None:
    make(watching, view)
    other = Client()
    user = django_user_model.objects.create_user("vera")
    user.groups.add(Group.objects.get(name="viewer"))
    other.force_login(user)
    address = f"/reports/{Report.objects.get().pk}/revoke/"

    refusal = other.post(address, follow=True).content.decode()
    assert "Only its owner or an operator" in refusal
    assert Report.objects.get().revoked_at is None

    operating.post(address)
    assert Report.objects.get().revoked_at is not None


def test_an_owner_who_lost_the_role_gets_nothing(watching: Client, view: SavedView, viewer: User) -> None:
    token = make(watching, view)
    viewer.groups.clear()

    response = fetch(token)

    assert response.status_code == 403
    assert AuditEntry.objects.filter(action="refused report").exists()


def test_an_owner_who_may_not_sign_in_gets_nothing(watching: Client, view: SavedView, viewer: User) -> None:
    token = make(watching, view)
    User.objects.filter(pk=viewer.pk).update(is_active=False)

    assert fetch(token).status_code == 403


def test_a_report_on_a_list_of_operators_ends_with_the_role(operating: Client, operator: User) -> None:
    view = SavedView.objects.create(owner=operator, name="Acts", page="audit")
    token = make(operating, view)
    assert fetch(token).status_code == 200

    operator.groups.set([Group.objects.get(name="viewer")])

    assert fetch(token).status_code == 403


def test_a_view_that_is_shared_no_more_gives_others_no_report(
    operating: Client, watching: Client, operator: User
) -> None:
    view = SavedView.objects.create(owner=operator, name="Unused", page="accounts", shared=True)
    token = make(watching, view)

    operating.post(f"/views/{view.pk}/rename/", {"name": "Unused"})

    assert fetch(token).status_code == 403


def test_a_view_under_a_report_is_not_deleted(watching: Client, view: SavedView) -> None:
    make(watching, view)

    page = watching.post(f"/views/{view.pk}/delete/", follow=True).content.decode()

    assert "The report “Idle roles” rests on this view: revoke it first." in page


def test_a_report_follows_its_view(watching: Client, view: SavedView) -> None:
    token = make(watching, view, columns="name")

    watching.post(f"/views/{view.pk}/update/", {"query": "q=busy"})

    assert text_of(fetch(token)) == "name\r\nbusy\r\n"


def test_a_report_whose_view_names_what_is_gone_says_so_and_gives_no_rows(watching: Client, view: SavedView) -> None:
    token = make(watching, view)
    SavedView.objects.update(query="boss=payments")

    response = fetch(token)

    assert response.status_code == 409
    assert "It filtered by “boss: payments”, which is no filter here." in text_of(response)


@pytest.mark.parametrize(
    ("form", "why"), [({"columns": "colour"}, "no column “colour”"), ({"format": "pdf"}, "no format “pdf”")]
)
def test_a_report_that_could_not_be_fetched_is_not_made(
    watching: Client, view: SavedView, form: dict[str, str], why: str
) -> None:
    page = watching.post("/reports/", {"view": str(view.pk), **form}, follow=True).content.decode()

    assert f"No report is made. There is {why}" in page
    assert not Report.objects.exists()


def test_a_report_is_fetched_a_few_times_a_minute_and_not_more(watching: Client, view: SavedView) -> None:
    token = make(watching, view)

    codes = [fetch(token).status_code for _ in range(FETCHES_PER_MINUTE + 1)]
    refused = fetch(token)

    assert codes == [*[200] * FETCHES_PER_MINUTE, 429]
    assert 0 < int(refused["Retry-After"]) <= 60
    Report.objects.update(counted_from=timezone.now() - timedelta(seconds=61))
    assert fetch(token).status_code == 200


def test_refusals_are_counted_too_so_that_they_cannot_fill_the_record(
    watching: Client, view: SavedView, viewer: User
) -> None:
    token = make(watching, view)
    viewer.groups.clear()

    codes = [fetch(token).status_code for _ in range(FETCHES_PER_MINUTE + 3)]

    assert codes == [*[403] * FETCHES_PER_MINUTE, *[429] * 3]
    assert AuditEntry.objects.filter(action="refused report").count() == FETCHES_PER_MINUTE


def test_what_was_made_fetched_and_ended_is_written_down(watching: Client, view: SavedView) -> None:
    token = make(watching, view)
    fetch(token)
    watching.post(f"/reports/{Report.objects.get().pk}/revoke/")

    said = list(AuditEntry.objects.order_by("pk").values_list("actor", "action"))

    assert said == [("viewer", "make report"), ("viewer", "fetch report"), ("viewer", "revoke report")]
    assert Report.objects.get().last_used_at is not None


def test_a_report_refuses_post(watching: Client, view: SavedView) -> None:
    make(watching, view)

    assert CURL.post(Report.objects.get().get_absolute_url()).status_code == 405


def told(client: Client) -> str:
    """The token that the page of reports shows now, or nothing."""
    found = re.search(r'<pre class="token"><code>([^<]+)', client.get("/views/").content.decode())
    return found[1] if found else ""


def test_a_reload_makes_no_second_report_and_shows_no_token(watching: Client, view: SavedView) -> None:
    made = watching.post("/reports/", {"view": str(view.pk), "name": "Idle roles"})

    first, again = told(watching), told(watching)

    assert (made.status_code, made["Location"], again) == (302, "/views/", "")
    assert fetch(first).status_code == 200
    assert Report.objects.count() == 1


def test_a_reload_after_a_new_token_leaves_that_one_as_it_is(watching: Client, view: SavedView) -> None:
    make(watching, view)
    renewed = watching.post(f"/reports/{Report.objects.get().pk}/token/")

    token = told(watching)

    assert (renewed.status_code, told(watching)) == (302, "")
    assert fetch(token).status_code == 200


def test_a_token_that_waits_to_be_shown_is_sealed_and_stands_in_no_address_or_message(
    watching: Client, view: SavedView
) -> None:
    made = watching.post("/reports/", {"view": str(view.pk), "name": "Idle roles"})
    kept = str(watching.session[TOLD])

    page = watching.get("/views/")

    token = re.findall(r'class="token"><code>([^<]+)', page.content.decode())[0]
    assert token not in kept and token not in str(made.headers) and token not in str(made.cookies)
    assert TOLD not in watching.session
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("spoiled", [{"at": "2026-01-01T00:00:00+00:00"}, {"sealed": "0123456789abcdef:gAAAA"}])
def test_a_token_that_waited_too_long_or_does_not_open_is_not_shown_and_that_is_said(
    watching: Client, view: SavedView, spoiled: dict[str, str]
) -> None:
    watching.post("/reports/", {"view": str(view.pk), "name": "Idle roles"})
    session = watching.session
    session[TOLD] = {**session[TOLD], **spoiled}
    session.save()

    page = watching.get("/views/").content.decode()

    assert "The token of “Idle roles” can be shown no more: give it a new one below." in page
    assert 'class="token"' not in page


def test_a_token_of_a_report_that_was_ended_meanwhile_is_not_shown(watching: Client, view: SavedView) -> None:
    watching.post("/reports/", {"view": str(view.pk), "name": "Idle roles"})
    Report.objects.update(revoked_at=timezone.now())

    assert told(watching) == ""


def test_looking_for_reports_where_they_are_made_leads_to_them(watching: Client, view: SavedView) -> None:
    page = watching.get("/reports/", follow=True)

    assert page.redirect_chain == [("/views/", 302)]
    assert not Report.objects.exists()


def test_a_look_at_the_head_does_not_use_the_token_up(watching: Client, view: SavedView) -> None:
    watching.post("/reports/", {"view": str(view.pk), "name": "Idle roles"})
    watching.head("/views/")

    assert told(watching)


def test_a_token_may_have_an_end_and_a_new_one_has_it_anew(watching: Client, view: SavedView) -> None:
    token = make(watching, view, lasts="30")
    assert fetch(token).status_code == 200
    assert "token ends <time" in watching.get("/views/").content.decode()

    Report.objects.update(token_made_at=timezone.now() - timedelta(days=30))

    assert fetch(token).status_code == 401
    assert "its token has ended: give it a new one" in watching.get("/views/").content.decode()
    watching.post(f"/reports/{Report.objects.get().pk}/token/")
    assert fetch(told(watching)).status_code == 200


def test_a_token_lasts_until_it_is_revoked_unless_somebody_says_so(watching: Client, view: SavedView) -> None:
    token = make(watching, view)
    Report.objects.update(token_made_at=timezone.now() - timedelta(days=4000))

    assert fetch(token).status_code == 200
    assert (
        "No report is made. A token lasts 30, 90, 365 days"
        in watching.post("/reports/", {"view": str(view.pk), "lasts": "1000"}, follow=True).content.decode()
    )


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_the_list_says_how_large_the_last_file_was(watching: Client, view: SavedView, form: str) -> None:
    token = make(watching, view, format=form)
    assert "1 row," not in watching.get("/views/").content.decode()

    content = b"".join(fetch(token))

    report = Report.objects.get()
    assert (report.last_rows, report.last_bytes) == (1, len(content))
    assert "1 row," in watching.get("/views/").content.decode()


def test_a_file_that_was_not_fetched_to_its_end_is_not_measured(watching: Client, view: SavedView) -> None:
    make(watching, view)
    report = Report.objects.get()
    blocks = measured(report, FORMATS["csv"]).blocks(export_of(report))

    assert b"idle" in next(blocks)

    report.refresh_from_db()
    assert report.last_rows is None
