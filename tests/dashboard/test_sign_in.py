"""Guessing passwords is slow, is on record, and does not shut out whoever comes from elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry
from dashboard.sign_in import FAILED, FORGET_AFTER, MOST_FAILURES, MOST_OF_AN_ADDRESS, NOBODY

RIGHT = {"username": "operator", "password": "correct horse"}
WRONG = {"username": "operator", "password": "wrong"}


@pytest.fixture
def guesser(operator: User) -> Client:
    browser = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(MOST_FAILURES):
        browser.post("/sign-in/", WRONG)
    return browser


def test_after_too_many_wrong_passwords_even_the_right_one_waits(guesser: Client) -> None:
    response = guesser.post("/sign-in/", RIGHT)

    assert response.status_code == 200
    assert "Wait 5 minutes" in response.content.decode()


def test_the_same_person_signs_in_from_another_address(guesser: Client) -> None:
    assert Client(REMOTE_ADDR="192.0.2.2").post("/sign-in/", RIGHT).status_code == 302


def test_the_wait_ends(guesser: Client) -> None:
    AuditEntry.objects.update(at=timezone.now() - FORGET_AFTER - timedelta(seconds=1))

    assert guesser.post("/sign-in/", RIGHT).status_code == 302


def test_wrong_passwords_are_on_record_up_to_the_limit_and_without_the_password(guesser: Client) -> None:
    guesser.post("/sign-in/", WRONG)

    entries = AuditEntry.objects.filter(actor="operator", action=FAILED, subject="192.0.2.1")
    assert entries.count() == MOST_FAILURES
    assert not AuditEntry.objects.filter(detail__contains="wrong").exists()


def test_what_is_no_user_name_is_not_written_down(operator: User, client: Client) -> None:
    client.post("/sign-in/", {"username": "correct horse", "password": "correct horse"})

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == (NOBODY, FAILED)
    assert "horse" not in entry.subject + entry.detail


def test_a_name_that_nobody_has_waits_like_one_that_somebody_has(guesser: Client) -> None:
    unknown = {**WRONG, "username": "nobody"}
    answers = [guesser.post("/sign-in/", unknown).content.decode() for _ in range(MOST_FAILURES + 1)]

    assert ["Wait 5 minutes" in answer for answer in answers] == [False] * MOST_FAILURES + [True]


def guess_many_names(browser: Client) -> None:
    for number in range(MOST_OF_AN_ADDRESS):
        browser.post("/sign-in/", {"username": f"name-{number}", "password": "Winter2026!"})


def test_one_password_for_many_names_is_slow_too(operator: User) -> None:
    sprayer = Client(REMOTE_ADDR="192.0.2.1")
    guess_many_names(sprayer)

    assert "Wait 5 minutes" in sprayer.post("/sign-in/", RIGHT).content.decode()
    assert Client(REMOTE_ADDR="192.0.2.2").post("/sign-in/", RIGHT).status_code == 302


def test_who_is_signed_in_already_proves_it_again_whatever_others_do_at_the_address(operating: Client) -> None:
    guess_many_names(Client())

    assert operating.post("/sign-in/again/", {"password": "correct horse"}).status_code == 302


def test_the_addresses_that_one_connection_has_in_ipv6_count_as_one(operator: User) -> None:
    for number in range(MOST_FAILURES):
        Client(REMOTE_ADDR=f"2001:db8:0:7::{number:x}").post("/sign-in/", WRONG)

    held, free = (Client(REMOTE_ADDR=f"2001:db8:0:{net}::ffff").post("/sign-in/", RIGHT) for net in (7, 8))
    assert (held.status_code, free.status_code) == (200, 302)


def test_an_address_of_ipv4_in_the_clothes_of_ipv6_counts_for_itself(operator: User) -> None:
    for _ in range(MOST_FAILURES):
        Client(REMOTE_ADDR="::ffff:192.0.2.1").post("/sign-in/", WRONG)

    assert Client(REMOTE_ADDR="::ffff:192.0.2.2").post("/sign-in/", RIGHT).status_code == 302


def test_behind_a_proxy_it_is_the_guessers_address_that_waits(operator: User, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    guesser = Client(headers={"X-Forwarded-For": "made-up, 192.0.2.1"})
    person = Client(headers={"X-Forwarded-For": "made-up, 192.0.2.2"})

    for _ in range(MOST_FAILURES):
        guesser.post("/sign-in/", WRONG)

    assert "Wait 5 minutes" in guesser.post("/sign-in/", RIGHT).content.decode()
    assert person.post("/sign-in/", RIGHT).status_code == 302


def test_without_a_proxy_nobody_chooses_an_address(guesser: Client) -> None:
    response = guesser.post("/sign-in/", RIGHT, headers={"X-Forwarded-For": "192.0.2.2"})

    assert "Wait 5 minutes" in response.content.decode()
