"""Every figure leads to exactly the rows that it counts, whatever the estate and whatever view a list opens with."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Cell, Poll, Region, StoredRegionStates, Sweep
from dashboard.models import DefaultView, SavedView
from tests.dashboard.factories import make_account, make_broker, make_cell, seed

FIGURE = re.compile(r'<a class="(?:in|card figure)" href="([^"]+)"[^>]*>(.*?)</a>', re.S)
NARROW = {"accounts": "q=zzz", "brokers": "q=zzz", "cells": "q=zzz", "regions": "failing=most", "matrix": "q=zzz"}


def figures(client: Client, url: str) -> list[tuple[str, str, int]]:
    """Each figure of a page that is a link: where it leads, what it says, and its number."""
    found = []
    for href, inside in FIGURE.findall(client.get(url).content.decode()):
        words = " ".join(re.sub(r"<[^>]+>", " ", inside).split())
        if number := re.search(r"(?<![\w-])\d[\d,]*", words):
            found.append((urljoin(url, unescape(href)), words, int(number[0].replace(",", ""))))
    return found


def check(client: Client, url: str, least: int) -> None:
    """Follow every figure of a page and compare it with the number of rows there."""
    found = figures(client, url)
    rows = {href: client.get(href, follow=True).context["table"].paginator.count for href, _, _ in found}

    assert len(found) >= least, found
    assert [(words, rows[href], href) for href, words, number in found if rows[href] != number] == []


@pytest.fixture
def varied(db: None, viewer: User) -> list[Account]:
    """All outcomes, old answers, accounts never or half polled, two partitions, regions switched off with a past.

    And a person whose lists all open with a view that hides nearly everything.
    """
    accounts = seed(43)
    now = timezone.now()
    make_account(900, "never-polled", tags={"env": "prod"}, unit="Payments/New")
    half = make_account(901, "half-polled", "aws-us-gov")
    make_cell(half, "us-gov-west-1", 1, last_ok_at=now - timedelta(hours=9))
    make_broker(half, "us-gov-west-1", "alone")
    Cell.objects.filter(account=accounts[0], outcome="ok").update(last_ok_at=now - timedelta(hours=8))
    Region.objects.filter(code__in=["ap-south-1", "eu-central-1"]).update(polled=False)
    for page, query in NARROW.items():
        view = SavedView.objects.create(owner=viewer, name="narrow", page=page, query=query)
        DefaultView.objects.create(person=viewer, page=page, view=view)
    return accounts


def test_the_overviews_figures(varied: list[Account], watching: Client) -> None:
    check(watching, "/", 18)


@pytest.mark.parametrize(
    "query",
    [
        "view=none",
        "outcome=denied&outcome=throttled",
        "region=eu-west-1",
        "age=old&partition=aws",
        "q=payments&environment=prod",
        "tag=unit%3DPlatform&hide=empty&sort=-brokers",
        "outcome=never",
    ],
)
def test_the_figures_of_a_narrowed_matrix(varied: list[Account], watching: Client, query: str) -> None:
    check(watching, f"/matrix/?{query}", 4)


def test_the_figures_of_the_brokers_page(varied: list[Account], watching: Client) -> None:
    check(watching, "/brokers/?view=none", 2)


def test_the_figures_of_the_region_table(varied: list[Account], watching: Client) -> None:
    every = "columns=code,accounts,answering,disabled,silent,failing,brokers"
    check(watching, f"/regions/?per_page=100&{every}", 60)


@pytest.mark.parametrize("code", ["eu-west-2", "eu-central-1", "us-gov-west-1", "af-south-1"])
def test_the_figures_of_a_regions_page(varied: list[Account], watching: Client, code: str) -> None:
    for account in varied[:5]:
        StoredRegionStates.objects.create(account=account, by_code={code: "ENABLED"}, read_at=timezone.now())

    check(watching, f"/regions/{code}/", 3)


@pytest.fixture
def told(varied: list[Account]) -> Sweep:
    """The sweep with what its polls met."""
    sweep = Sweep.objects.get()
    for place, poll in enumerate(sweep.polls.filter(state="done")):
        poll.outcomes = {"ok": 30 - place % 3, "denied": place % 3 + 1} if place % 4 else {"ok": 31}
        poll.failing = {"eu-west-2": "denied" if place % 3 else "throttled", "sa-east-1": "denied"} if place % 4 else {}
        poll.failing_regions = len(poll.failing)
        poll.save()
    Poll.objects.filter(pk=sweep.polls.filter(state="failed").first().pk).update(problem="Another cause. Do something.")  # type: ignore[union-attr]
    return sweep


def test_the_figures_of_a_sweep(told: Sweep, watching: Client) -> None:
    check(watching, f"/sweeps/{told.pk}/", 7)


def test_the_figures_of_the_list_of_sweeps(told: Sweep, watching: Client) -> None:
    check(watching, "/sweeps/", 3)


def test_the_figures_of_the_last_sweep_on_the_overview(told: Sweep, watching: Client) -> None:
    check(watching, "/", 21)


def test_an_account_pages_figures(varied: list[Account], watching: Client) -> None:
    check(watching, f"/accounts/{varied[4].account_id}/", 1)


def test_what_is_bold_in_the_sentence_stays_bold_and_is_a_link(varied: list[Account], watching: Client) -> None:
    sentence = watching.get("/").content.decode().partition('<p id="census">')[2].partition("</p>")[0]

    assert re.sub(r'<a class="in"[^>]*>.*?</a>', "", sentence).count("<b>") == 0
