"""Ages, numbers and words as people read them; no vocabulary has a word missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.domain.outcomes import Flag, Outcome, PolicyGrade, TrustGrade, Verdict
from dashboard import words
from dashboard.overview import share_step

NOW = timezone.now()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "just now"), (59, "59 s ago"), (60, "1 min ago"), (7200, "2 h ago"), (172800, "2 d ago"), (-300, "in 5 min")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int, said: str) -> None:
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [(60, "60 d ago"), (61, "2 mo ago"), (365, "11 mo ago"), (366, "1 y ago"), (1322, "3 y 7 mo ago")],
)
def test_an_old_age_is_told_in_months_and_years(days: int, said: str) -> None:
    assert words.ago(NOW - timedelta(days=days), NOW) == said


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "http://localhost:4566/", "http://[::1]:9"])
def test_a_server_on_this_machine_is_called_that(url: str) -> None:
    assert words.answering_server(url) == "a server on this machine"


def test_a_server_elsewhere_is_named() -> None:
    assert words.answering_server("https://aws.example.com:4566/") == "https://aws.example.com:4566/"


def test_what_never_happened_has_no_age() -> None:
    assert words.ago(None, NOW) == "never"


@pytest.mark.parametrize(("count", "said"), [(0, "0 brokers"), (1, "1 broker"), (1482, "1,482 brokers")])
def test_a_number_agrees_with_its_noun(count: int, said: str) -> None:
    assert words.plural(count, "broker") == said


@pytest.mark.parametrize(("seconds", "said"), [(3600, "within the hour"), (900, "within 15 min")])
def test_fresh_follows_the_setting(settings: Settings, seconds: int, said: str) -> None:
    settings.STALE_AFTER_SECONDS = seconds

    assert words.fresh_words() == said


def test_every_word_of_the_domain_has_a_word_for_people() -> None:
    assert set(words.OUTCOME_WORDS) == set(Outcome)
    assert set(words.VERDICT_WORDS) == set(Verdict)
    assert set(words.POLICY_WORDS) == set(words.POLICY_SIGNS) == set(PolicyGrade)
    assert set(words.TRUST_WORDS) == set(TrustGrade)
    assert set(words.FLAG_WORDS) == set(Flag)


@pytest.mark.parametrize(("brokers", "step"), [(0, 0), (1, 1), (20, 2), (150, 3), (4795, 4)])
def test_the_strips_blue_grows_with_the_magnitude(brokers: int, step: int) -> None:
    assert share_step(brokers, 4795) == step


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "under 1 s"), (59.4, "59 s"), (60, "1 min 00 s"), (338, "5 min 38 s"), (3599.7, "1 h 00 min")],
)
def test_a_length_of_time_to_the_second(seconds: float, said: str) -> None:
    assert words.exact_span(seconds) == said
