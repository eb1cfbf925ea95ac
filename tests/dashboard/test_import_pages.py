"""The CSV door in the page: what a file would do is shown, then done; what is wrong with it is said line by line."""

from __future__ import annotations

import csv
import io
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AccessCheck, Account, AuditEntry, ImportDraft, Sweep
from accounts.services.account_files import HEADER, MAX_BYTES
from tests.dashboard.factories import make_account, make_status

URL = "/onboarding/import/"


def line(number: int, name: str = "", role: str = "Reader", external_id: str = "ext-1") -> str:
    account_id = f"{number:012}"
    return f"{account_id},{name or f'account-{number}'},arn:aws:iam::{account_id}:role/{role},,{external_id},env=prod"


def content(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines)).encode()


def send(browser: Client, data: bytes, name: str = "accounts.csv", **more: str) -> Any:
    return browser.post(URL, {"file": SimpleUploadedFile(name, data), **more}, follow=True)


def text(response: Any) -> str:
    joined = b"".join(response) if response.streaming else response.content
    return " ".join(unescape(joined.decode()).split())


def take(response: Any, **form: str) -> dict[str, str]:
    return {"seen": response.context["preview"].mark, **form}


def test_a_file_is_previewed_and_nothing_is_stored(operating: Client) -> None:
    page = send(operating, content(line(1), line(2)))

    assert "What accounts.csv would do" in text(page)
    assert "Import 2 new" in text(page)
    assert not Account.objects.exists()
    assert not AuditEntry.objects.exists()


def test_names_that_protect_go_only_after_the_password(operating: Client) -> None:
    account_id = make_account(name="payments-prod").account_id
    page = send(operating, content(line(int(account_id), "payments")))
    session = operating.session
    session["password_given_at"] = 0
    session.save()
    address = page.redirect_chain[-1][0]

    asked = operating.post(address, take(page))
    kept = Account.objects.get().name
    operating.post("/sign-in/again/", {"password": "correct horse"})
    operating.post(address, take(page))

    assert "The new names of <b>1 account</b> end the protection" in text(page)
    assert asked["Location"].startswith("/sign-in/again/?next=%2Fonboarding%2Fimport%2F")
    assert (kept, Account.objects.get().name) == ("payments-prod", "payments")


def test_what_was_previewed_is_imported_and_followed(operating: Client) -> None:
    page = send(operating, content(line(1), line(2)))

    done = operating.post(page.redirect_chain[-1][0], take(page, check="yes"), follow=True)

    assert Account.objects.count() == AccessCheck.objects.count() == 2
    assert "2 accounts added, 0 updated" in text(done)
    assert "2 accounts being checked" in text(done)
    assert 'hx-trigger="every 3s"' in done.content.decode()


def test_a_change_is_shown_before_and_after_and_a_way_in_is_named(operating: Client) -> None:
    send_and_import(operating, content(line(1), line(2)))

    page = send(operating, content(line(1, name="orders"), line(2, role="Other", external_id="ext-2")))

    shown = {
        change.words: (change.before, change.after) for _, all_ in page.context["preview"].changed for change in all_
    }
    assert shown["name"] == ("account-1", "orders")
    assert shown["external id"] == ("ext-1", "ext-2")
    assert shown["reader role"][1].endswith("role/Other")
    assert "sessions and access checks that are stored for them are forgotten." in text(page)
    assert "Import 2 changed" in text(page)


def send_and_import(browser: Client, data: bytes) -> Any:
    page = send(browser, data)
    return browser.post(page.redirect_chain[-1][0], take(page), follow=True)


def test_a_file_that_changes_nothing_says_so_and_offers_no_import(operating: Client) -> None:
    send_and_import(operating, content(line(1)))

    page = send(operating, content(line(1)))

    assert "There is nothing to import" in text(page)
    assert 'name="seen"' not in page.content.decode()


def test_accounts_that_are_not_in_the_file_are_told_and_stay(operating: Client) -> None:
    make_account(1, "left-alone")

    page = send(operating, content(line(1)))
    operating.post(page.redirect_chain[-1][0], take(page))

    assert "1 account of Rolecall is not in the file" in text(page)
    assert Account.objects.filter(name="left-alone").exists()


def test_an_external_id_stands_in_no_hidden_field_and_in_no_cookie(operating: Client) -> None:
    page = send(operating, content(line(1, external_id="hush-hush")))

    fields = [part.partition(">")[0] for part in page.content.decode().split("<input")[1:]]
    assert not [field for field in fields if "hush-hush" in field]
    assert not [cookie for cookie in operating.cookies.values() if "hush-hush" in cookie.value]


def test_a_world_that_changed_is_said_and_the_preview_is_shown_again(operating: Client) -> None:
    page = send(operating, content(line(1)))
    url = page.redirect_chain[-1][0]
    Account.objects.create(account_id=f"{1:012}", name="by hand", partition="aws", reader_role_arn="arn:x")

    again = operating.post(url, take(page), follow=True)

    assert "Nothing was imported: accounts of this file were added, changed or deleted since you looked" in text(again)
    assert Account.objects.get().name == "by hand"
    assert "Import 1 changed" in text(again)


@pytest.mark.parametrize("seen", [{}, {"seen": ""}, {"seen": "0" * 64}])
def test_an_import_that_nobody_has_previewed_is_not_done(operating: Client, seen: dict[str, str]) -> None:
    page = send(operating, content(line(1)))

    operating.post(page.redirect_chain[-1][0], seen)

    assert not Account.objects.exists()


def test_every_bad_line_is_shown_with_its_reason_and_can_be_downloaded(operating: Client) -> None:
    page = send(operating, content(line(1), "1.23457E+11,x,arn:aws:iam::1:role/x,,,", line(2).replace("account-2", "")))
    url = page.redirect_chain[-1][0]

    file = list(csv.DictReader(io.StringIO(text_lines(operating.get(f"{url}problems/")))))

    assert "Nothing was imported: 2 lines need another look" in text(page)
    assert "did a spreadsheet round it?" in text(page)
    assert page.content.decode().count('<code class="quoted">1.23457E+11,x,arn:aws:iam::1:role/x,,,</code>') == 1
    assert [row["line"] for row in file] == ["3", "3", "4"]
    assert not Account.objects.exists()


def text_lines(response: Any) -> str:
    return b"".join(response).decode()


def test_50_000_bad_lines_make_a_small_page_and_a_whole_file(operating: Client) -> None:
    page = send(operating, content(*(line(number, name=" ", external_id="") + "=" for number in range(1, 50_001))))
    url = page.redirect_chain[-1][0]

    file = text_lines(operating.get(f"{url}problems/"))

    assert "50,000 lines need another look" in text(page)
    assert "The first 200 of 50,000 problems" in text(page)
    assert len(page.content) < 100_000
    assert len(file.splitlines()) == 50_001


def test_50_000_new_accounts_make_a_small_page(operating: Client) -> None:
    page = send(operating, content(*(line(number) for number in range(50_000))))

    assert "Import 50,000 new" in text(page)
    assert "the first 200 of 50,000" in text(page)
    assert len(page.content) < 250_000


def test_pasted_text_is_previewed_like_a_file(operating: Client) -> None:
    page = operating.post(URL, {"text": content(line(1)).decode()}, follow=True)

    assert "What the pasted text would do" in text(page)


def test_pasted_text_with_a_bad_line_is_not_lost(operating: Client) -> None:
    page = operating.post(URL, {"text": content(line(1), "x").decode()}, follow=True)

    assert "Nothing was imported" in text(page)
    assert page.context["text"].replace("\r\n", "\n") == content(line(1), "x").decode()
    assert "account-1" in page.content.decode()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choose a file, or paste its text."),
        ({"text": "  "}, "Choose a file, or paste its text."),
    ],
)
def test_a_form_without_a_file_says_what_to_do(operating: Client, form: dict[str, str], said: str) -> None:
    response = operating.post(URL, form)

    assert response.status_code == 422
    assert said in text(response)


def test_a_file_and_a_text_at_once_are_refused_and_the_text_is_kept(operating: Client) -> None:
    page = send(operating, content(line(1)), text="pasted")

    assert "use one of them" in text(page)
    assert "pasted</textarea>" in page.content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04\x14\x00", "this is an Excel workbook (XLSX)"),
        (b"\x00\x01\x02", "a NUL byte"),
        (HEADER.encode(), "there is no account below the header"),
    ],
)
def test_a_file_that_is_none_is_explained(operating: Client, data: bytes, said: str) -> None:
    assert said in text(send(operating, data))


def test_a_file_beyond_the_limit_is_not_read_and_the_page_says_so(operating: Client) -> None:
    response = send(operating, b"x" * (MAX_BYTES + 1))

    assert response.status_code == 422
    assert "The file is larger than 32 MB" in text(response)


def test_pasted_text_beyond_the_limit_is_told_to_come_as_a_file(operating: Client) -> None:
    response = operating.post(URL, {"text": "x" * 3_000_000})

    assert response.status_code == 400
    assert "Choose a long CSV as a file instead." in text(response)


def test_a_file_of_somebody_who_may_not_import_is_not_even_kept(watching: Client) -> None:
    response = watching.post(URL, {"file": SimpleUploadedFile("a.csv", content(line(1)))})

    assert response.status_code == 403
    assert not response.wsgi_request.FILES
    assert not ImportDraft.objects.exists()


def test_a_name_of_a_file_cannot_speak_html(operating: Client) -> None:
    page = send(operating, content(line(1, name="<script>alert(1)</script>")), name="<script>.csv")

    assert "<script>alert" not in page.content.decode()
    assert "<script>.csv" not in page.content.decode()


def test_a_preview_that_is_over_leads_back_to_the_door(operating: Client) -> None:
    for url in (f"{URL}999999/", f"{URL}999999/problems/", f"{URL}999999/changes/"):
        assert "That preview is over" in text(operating.get(url, follow=True))
    for act in ("check", "poll"):
        assert "That preview is over" in text(operating.post(f"{URL}999999/{act}/", follow=True))


def test_a_preview_can_be_given_up(operating: Client) -> None:
    page = send(operating, content(line(1)))

    left = operating.post(f"{page.redirect_chain[-1][0]}give-up/", follow=True)

    assert "The preview is forgotten" in text(left)
    assert not ImportDraft.objects.exists()


def test_the_door_leads_back_to_a_preview_that_waits(operating: Client) -> None:
    page = send(operating, content(line(1)))

    assert page.redirect_chain[-1][0] in operating.get(URL).content.decode()


def test_the_template_can_be_imported_as_it_is(operating: Client) -> None:
    template = b"".join(operating.get(f"{URL}template/"))

    page = send(operating, template)

    assert template.decode().splitlines()[0] == HEADER
    assert "Import 1 new" in text(page)


def test_what_is_downloaded_edited_and_imported_again_changes_what_was_edited(operating: Client) -> None:
    make_account(1, "=odd; name", tags={"a": "1;2", "-b": ""}, external_id="ext-1")
    make_account(2, "orders", external_id="ext-2")
    file = b"".join(operating.get(f"{URL}accounts/"))

    page = send(operating, file.replace(b"orders", b"billing"))

    assert page.context["preview"].unchanged_count == 1
    assert [(row.name, changes[0].after) for row, changes in page.context["preview"].changed] == [("orders", "billing")]


def test_all_that_would_be_done_can_be_downloaded(operating: Client) -> None:
    send_and_import(operating, content(line(1)))
    page = send(operating, content(line(1, name="orders"), line(2)))

    rows = list(csv.reader(io.StringIO(text_lines(operating.get(f"{page.redirect_chain[-1][0]}changes/")))))

    assert rows[1:] == [
        ["000000000002", "account-2", "new", "", "", ""],
        ["000000000001", "account-1", "changed", "name", "account-1", "orders"],
    ]


def test_the_accounts_of_an_import_are_checked_and_polled_by_a_button_each(operating: Client) -> None:
    make_account(7, "another")
    done = send_and_import(operating, content(line(1)))
    url = done.redirect_chain[-1][0]

    operating.post(f"{url}check/")
    operating.post(f"{url}poll/")

    assert AccessCheck.objects.get().account.name == "account-1"
    assert [poll.account.name for poll in Sweep.objects.get().polls.all()] == ["account-1"]


def test_the_page_of_an_import_counts_how_far_its_accounts_have_come(operating: Client) -> None:
    done = send_and_import(operating, content(line(1), line(2)))
    account, now = Account.objects.get(name="account-1"), timezone.now()
    make_status(account)
    AccessCheck.objects.create(
        account=account, reader="ready", requested_at=now, requested_by="olga", sent_at=now, checked_at=now
    )

    page = text(operating.get(done.redirect_chain[-1][0], headers={"HX-Request": "true"}))

    assert "1 of 2 accounts checked" in page
    assert "1 of 2 accounts read" in page
    assert "<h1>" not in page
