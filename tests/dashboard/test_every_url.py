"""Every address of the URL table: with nothing behind it, with one row and with 500, and with awkward names."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.dashboard.every_url import NOTHING, Objects, addresses
from tests.dashboard.whole_world import add_rows, make_world

MARKUP = '"><script>alert(1)</script>&amp;{{ 7|add:1 }}'
RIGHT_TO_LEFT = "\u202eحساب المدفوعات\u202c"
LONG = "a-name-without-a-space-" * 8
ACT, FORM_WITHOUT_TOKEN = 405, 401
TABLE = re.compile(r"<table[^>]*>(\s*<caption[^>]*>(?P<caption>[^<]*))?")
BACK = re.compile(r'<p class="ways"><a href="([^"]+)">')
FINE = {200, 302, 286, ACT, FORM_WITHOUT_TOKEN}  # 286: HTMX is told to ask no more
STRANGERS = {400, 404}  # there is no such thing, or none in this state: only an archived account is purged


@pytest.fixture(autouse=True)
def _hush(caplog: pytest.LogCaptureFixture) -> None:
    """Addresses that only take forms say so to whoever asks: not worth a line each."""
    caplog.set_level(logging.CRITICAL, "django.request")


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin", password="correct horse")


@pytest.fixture
def person(admin: User) -> Client:
    """A client that has just given its password, so that every page is open to it."""
    client = Client()
    client.post("/sign-in/", {"username": "admin", "password": "correct horse"})
    return client


def answers(person: Client, objects: Objects) -> Iterator[tuple[str, int, str]]:
    """Each address with its status and its text; a file to be kept is not shown, and has none here."""
    for one in addresses(objects):
        if one.name != "sign-out":
            response = person.get(one.url)
            text = b"".join(response).decode(errors="replace")
            yield one.url, response.status_code, "" if is_file(response) else text


def is_file(response: HttpResponseBase) -> bool:
    """Whether a browser only keeps the answer, and never reads markup in it."""
    kept = response.get("Content-Disposition", "").startswith("attachment")
    return kept and response.get("X-Content-Type-Options") == "nosniff"


def questions(person: Client, objects: Objects) -> dict[str, int]:
    """How often the database is asked for each address."""
    counts = {}
    for one in addresses(objects):
        if one.name != "sign-out":
            with CaptureQueriesContext(connection) as asked:
                b"".join(person.get(one.url))
            counts[one.url] = len(asked)
    return counts


def test_with_nothing_behind_it_every_address_answers(person: Client) -> None:
    wrong = [(url, status) for url, status, _ in answers(person, NOTHING) if status not in FINE | STRANGERS]

    assert wrong == []


def test_with_one_account_every_address_answers(person: Client, admin: User) -> None:
    world = make_world(admin, count=1)

    assert [(url, status) for url, status, _ in answers(person, world) if status not in FINE | STRANGERS] == []


@pytest.mark.parametrize("name", [MARKUP, RIGHT_TO_LEFT, LONG], ids=["markup", "right-to-left", "long"])
def test_no_name_breaks_an_address_or_becomes_markup(person: Client, admin: User, name: str) -> None:
    shown = 0
    for url, status, text in answers(person, make_world(admin, name=name)):
        assert status in FINE | STRANGERS, url
        assert "<script>alert" not in text, url
        shown += name in text or "&lt;script&gt;" in text

    assert shown > 20


def test_every_table_says_what_it_is(person: Client, admin: User) -> None:
    tables = [(url, match) for url, _, text in answers(person, make_world(admin)) for match in TABLE.finditer(text)]

    assert len(tables) > 60
    assert [(url, match[0]) for url, match in tables if not match["caption"] or match["caption"] == "Table"] == []


def test_what_only_takes_forms_says_so_and_leads_to_a_page(person: Client, admin: User) -> None:
    wrong, world = [], make_world(admin, count=1)
    watched = {**world, "account_id": world["account_id"][:1]}  # the other one was deleted: nothing leads to it
    for url, status, text in answers(person, watched):
        if status == ACT:
            back = BACK.search(text)
            there = person.get(back[1], follow=True).status_code if back else None
            wrong += [(url, back and back[1])] if there != 200 else []

    assert wrong == []


def test_a_page_that_is_sent_something_says_so_and_leads_to_itself(person: Client) -> None:
    response = person.post("/matrix/", {"sent": "by mistake"})

    assert response.status_code == ACT
    assert response["Allow"] == "GET, HEAD"
    assert BACK.search(response.content.decode())[1] == "/matrix/"  # type: ignore[index]


def test_no_answer_is_empty(person: Client, admin: User) -> None:
    empty = [
        url
        for one in addresses(make_world(admin, count=1))
        if one.name != "sign-out" and not b"".join(person.get(url := one.url))
        if person.get(url).status_code != 302
    ]

    assert empty == []


def test_five_hundred_rows_cost_no_more_questions_than_a_few(person: Client, admin: User) -> None:
    world = make_world(admin)
    add_rows(admin, 30)
    list(answers(person, world))  # some things are remembered from then on
    few = questions(person, world)
    add_rows(admin, 500)

    many = questions(person, world)

    assert {url: (few[url], count) for url, count in many.items() if count > few[url]} == {}
