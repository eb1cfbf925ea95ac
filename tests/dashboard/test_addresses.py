"""Addresses as people keep and send them: nothing empty in them, lists in one piece, whatever a plain form sends."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.addresses import is_tidy, tidied
from dashboard.models import DefaultView, SavedView
from tests.dashboard.factories import make_account

LISTS = ["/matrix/", "/accounts/", "/brokers/", "/cleanups/", "/regions/", "/sweeps/"]
FORM = "?q=&tag=&unit=&owner=&verdict=in_use&verdict=unused&region=&age="  # of a browser without JavaScript


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (FORM, "?verdict=in_use&verdict=unused"),
        ("?columns=name&columns=brokers&q=a", "?columns=name,brokers&q=a"),
        ("?columns=name,brokers&columns=trust&columns=name", "?columns=name,brokers,trust"),
        ("?sort=-brokers&sort=name&per_page=", "?sort=-brokers,name"),
        ("?q=&tag=+", "?view=none"),
    ],
)
def test_what_a_plain_form_sends_leads_to_a_clean_address(db: None, watching: Client, sent: str, kept: str) -> None:
    response = watching.get(f"/accounts/{sent}")

    assert (response.status_code, response["Location"]) == (302, f"/accounts/{kept}")
    assert watching.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("url", LISTS)
def test_every_list_tidies_its_address(db: None, watching: Client, url: str) -> None:
    response = watching.get(f"{url}?sort=&page=2")

    assert response["Location"] == f"{url}?page=2"


def test_a_page_without_views_has_no_word_of_them(operating: Client) -> None:
    account = make_account()

    assert operating.get("/onboarding/?q=&tag=")["Location"] == "/onboarding/"
    assert operating.get(f"{account.get_absolute_url()}?columns=name&columns=state")["Location"] == (
        f"{account.get_absolute_url()}?columns=name,state"
    )


@pytest.mark.parametrize("query", ["?columns=name,brokers", "?columns=name%2Cbrokers", "?verdict=a&verdict=b", "?x=1"])
def test_an_address_that_is_clean_is_answered(db: None, watching: Client, query: str) -> None:
    assert watching.get(f"/accounts/{query}").status_code == 200


def test_htmx_and_programs_are_answered_where_they_ask(db: None, watching: Client) -> None:
    """A program may follow no redirect, and HTMX would draw the tidied page in the place of a part."""
    part = watching.get("/matrix/?q=&columns=role&columns=policy", headers={"HX-Request": "true"})
    file = watching.get("/accounts/?q=&columns=name&columns=brokers&_export=csv")

    assert (part.status_code, file.status_code) == (200, 200)


def test_an_emptied_form_does_not_open_the_default_view(watching: Client, viewer: User) -> None:
    view = SavedView.objects.create(owner=viewer, name="Unused", page="accounts", query="q=&verdict=unused")
    DefaultView.objects.create(person=viewer, page="accounts", view=view)

    emptied = watching.get("/accounts/?q=&verdict=", follow=True)
    bare = watching.get("/accounts/", follow=True)

    assert emptied.redirect_chain == [("/accounts/?view=none", 302)]
    assert bare.redirect_chain[-1] == (f"/accounts/?verdict=unused&view={view.pk}", 302)


@example([("columns", ","), ("columns", ",")])
@given(st.lists(st.tuples(st.sampled_from(["q", "columns", "pin", "sort", "x"]), st.text("a, &=", max_size=4))))
def test_tidying_is_done_once_and_takes_nothing_that_was_said(pairs: list[tuple[str, str]]) -> None:
    data = QueryDict(mutable=True)
    for name, value in pairs:
        data.appendlist(name, value)

    tidy = tidied(data)

    assert is_tidy(tidy)
    assert tidied(QueryDict(tidy.urlencode(safe=","))).urlencode() == tidy.urlencode()
    assert tidy.getlist("q") == [value for value in data.getlist("q") if value.strip()]
