"""AWS's doing or one account's: the rule, by its laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.publications import Publication, Sighting, publication_in

V2 = Sighting("v2", "b", True, 38)
BASELINE = Sighting("v1", "a", False, 2)

sightings = st.lists(
    st.builds(
        Sighting,
        version=st.sampled_from(["v1", "v2", "v3", "v10", "latest"]),
        sha256=st.sampled_from("abc"),
        drifted=st.booleans(),
        accounts=st.integers(1, 6),
    ),
    max_size=8,
)


def total(seen: list[Sighting]) -> int:
    return sum(one.accounts for one in seen)


def test_what_most_accounts_have_alike_is_awss_doing() -> None:
    assert publication_in([BASELINE, V2], 40) == Publication("v2", "b", 38, 40)


@pytest.mark.parametrize(
    ("accounts", "with_role", "published"),
    [(2, 2, False), (3, 3, True), (3, 6, True), (3, 7, False), (20, 40, True), (19, 40, False)],
)
def test_it_takes_three_accounts_and_half_of_all(accounts: int, with_role: int, published: bool) -> None:
    assert (publication_in([replace(V2, accounts=accounts)], with_role) is not None) is published


def test_a_newer_version_is_news_although_it_grants_the_same() -> None:
    assert publication_in([replace(V2, drifted=False)], 40) is not None


def test_the_documented_version_with_another_document_is_news() -> None:
    found = publication_in([Sighting("v1", "b", True, 38)], 40)

    assert found is not None and not found.is_new_version


def test_of_two_halves_the_later_version_is_the_news() -> None:
    found = publication_in([Sighting("v9", "a", True, 5), Sighting("v10", "b", True, 5)], 10)

    assert found is not None and found.version == "v10"


@given(sightings, st.integers(0, 20))
def test_the_baseline_is_never_news(seen: list[Sighting], unread: int) -> None:
    only_baseline = [replace(one, version="v1", drifted=False) for one in seen]

    assert publication_in(only_baseline, total(seen) + unread) is None


@given(sightings, st.integers(0, 20))
def test_news_is_what_at_least_half_and_three_accounts_have(seen: list[Sighting], unread: int) -> None:
    found = publication_in(seen, total(seen) + unread)

    if found is not None:
        alike = [one for one in seen if (one.version, one.sha256) == (found.version, found.sha256)]
        assert found.accounts <= total(alike)
        assert found.accounts >= 3 and 2 * found.accounts >= found.of == total(seen) + unread


@given(sightings, st.integers(0, 20), st.randoms(use_true_random=False))
def test_the_order_in_which_documents_were_seen_does_not_matter(seen: list[Sighting], unread: int, rnd: object) -> None:
    shuffled = sorted(seen, key=lambda _: rnd.random())  # type: ignore[attr-defined]

    assert publication_in(shuffled, total(seen) + unread) == publication_in(seen, total(seen) + unread)


@given(sightings, st.integers(0, 20))
def test_counting_one_by_one_makes_no_difference(seen: list[Sighting], unread: int) -> None:
    singly = [replace(one, accounts=1) for one in seen for _ in range(one.accounts)]

    assert publication_in(singly, total(seen) + unread) == publication_in(seen, total(seen) + unread)


@given(sightings, st.integers(0, 20))
def test_one_more_account_with_the_same_keeps_it_news(seen: list[Sighting], unread: int) -> None:
    found = publication_in(seen, total(seen) + unread)

    if found is not None:
        more = [*seen, Sighting(found.version, found.sha256, True, 1)]
        after = publication_in(more, total(more) + unread)
        assert after == replace(found, accounts=found.accounts + 1, of=found.of + 1)


@given(sightings, st.integers(0, 20))
def test_an_account_that_cannot_be_read_never_makes_news(seen: list[Sighting], unread: int) -> None:
    before, after = publication_in(seen, total(seen) + unread), publication_in(seen, total(seen) + unread + 1)

    assert before is not None or after is None
