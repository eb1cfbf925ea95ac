"""The documentation can be read on the site, and every page says what it is for and where to read on."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import get_resolver

from accounts.models import HubIdentity
from dashboard.manual import manual_page, names
from dashboard.page_help import HELP, help_for
from tests.dashboard.every_url import patterns
from tests.dashboard.factories import make_account, make_cell

OWN_WORDS = {"sign-in", "sign-out"}  # nobody is signed in there


def ids_of(name: str) -> set[str]:
    return set(re.findall(r' id="([^"]+)"', manual_page(name).html))


@pytest.mark.parametrize("name", names())
def test_a_page_of_the_documentation_is_read_on_the_site(watching: Client, name: str) -> None:
    page = watching.get("/help/" if name == "index" else f"/help/{name}/")

    assert page.status_code == 200
    assert manual_page(name).title in unescape(page.content.decode())


def test_only_pages_of_the_documentation_are_read(watching: Client) -> None:
    for name in ("nowhere", "../README", "images/matrix.png", "index", "%2e%2e/CHANGELOG"):
        assert watching.get(f"/help/{name}/").status_code == (200 if name == "index" else 404)


def test_the_documentation_is_for_those_who_may_look(strange: Client) -> None:
    assert strange.get("/help/").status_code == 403


@pytest.mark.parametrize("name", names())
def test_no_link_of_a_help_page_leads_nowhere(name: str) -> None:
    for page, anchor in re.findall(r'href="/help/([^"#]*)#?([^"]*)"', manual_page(name).html):
        target = page.strip("/") or "index"
        assert target in names()
        assert not anchor or anchor in ids_of(target), f"{name}: {target}#{anchor}"


def test_a_link_out_of_the_documentation_is_plain_text() -> None:
    html = manual_page("index").html

    assert "The local AWS" in html
    assert "local_aws/README" not in html
    assert ".md" not in "".join(re.findall(r'href="([^"]*)"', html))


def test_markup_in_the_documentation_is_text() -> None:
    assert "<NUMBER>" not in manual_page("operating").html
    assert not any("<script" in manual_page(name).html for name in names())


def test_every_page_has_a_sentence_of_help_that_leads_to_its_section() -> None:
    named = {str(pattern.name) for pattern in patterns(get_resolver())} - OWN_WORDS
    acts = {name for name in named if help_for(name) is None}

    assert {name.partition("-")[0] for name in acts} <= {
        "poll",
        "make",
        "report",
        "renew",
        "acts",
        "undo",
        "revoke",
        "running",
    } | {*("save", "view", "update", "rename", "default", "delete", "restore", "polling")}
    for said in HELP.values():
        page, _, anchor = said.where.partition("#")
        assert said.sentence.endswith(".")
        assert not anchor or anchor in ids_of(page), said.where


def test_a_page_ends_with_its_help(watching: Client) -> None:
    html = watching.get("/sweeps/").content.decode()

    assert "Every round of polling" in html
    assert 'href="/help/polling/#when"' in html


def steps_of(client: Client, url: str = "/") -> list[str]:
    html = client.get(url).content.decode()
    return [said.strip() for said in re.findall(r"<b>([^<]+<i class=\"visually-hidden\">: \w+)", html)]


def test_an_empty_installation_leads_to_the_first_account(operating: Client) -> None:
    HubIdentity.objects.create(partition="aws", principal_arn="arn:aws:iam::1:role/hub")

    said = [step.rpartition(" ")[2] for step in steps_of(operating)]

    assert said == ["done", "next", "later", "later"]
    assert steps_of(operating, "/matrix/") == steps_of(operating, "/onboarding/") == steps_of(operating)


def test_the_steps_stay_until_the_first_answer(operating: Client) -> None:
    account = make_account(1, "orders")
    assert "The role of orders" in operating.get("/").content.decode()

    make_cell(account, "us-east-1", 0)

    assert steps_of(operating) == []


def test_a_viewer_is_told_who_adds_accounts(watching: Client) -> None:
    assert "An operator adds accounts" in watching.get("/").content.decode()
