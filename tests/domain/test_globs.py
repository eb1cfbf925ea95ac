from __future__ import annotations

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.globs import canonical, covers, overlap

patterns = st.text("ab*?", max_size=5)
SHORT_PATTERNS = ["".join(signs) for length in range(4) for signs in product("ab*?", repeat=length)]

# "c" stands in no pattern, so that only a wildcard matches it. The words are two letters longer than the patterns.
WORDS = ["".join(letters) for length in range(8) for letters in product("abc", repeat=length)]


@cache
def words_of(pattern: str) -> set[str]:
    shape = re.compile("".join({"*": ".*", "?": "."}.get(sign, sign) for sign in pattern))
    return {word for word in WORDS if shape.fullmatch(word)}


def test_every_pair_of_short_patterns_is_judged_by_its_words() -> None:
    wrong = [
        (wide, narrow)
        for wide, narrow in product(SHORT_PATTERNS, repeat=2)
        if covers(wide, narrow) != (words_of(narrow) <= words_of(wide))
    ]

    assert wrong == []


@given(patterns, patterns)
def test_covering_is_containment_of_words(wide: str, narrow: str) -> None:
    assert covers(wide, narrow) == (words_of(narrow) <= words_of(wide))


@given(patterns, patterns)
def test_overlapping_is_a_word_in_common(one: str, other: str) -> None:
    assert overlap(one, other) == bool(words_of(one) & words_of(other))


@given(patterns)
def test_the_canonical_spelling_matches_the_same_words(pattern: str) -> None:
    assert words_of(canonical(pattern)) == words_of(pattern)


@pytest.mark.parametrize("spelling", ["*?", "?*", "*?*", "**?**"])
def test_runs_of_wildcards_have_one_spelling(spelling: str) -> None:
    assert canonical(spelling) == "?*"


@pytest.mark.parametrize(
    ("wide", "narrow", "answer"),
    [
        ("*", "ec2:createtags", True),
        ("logs:*", "logs:putlogevents", True),
        ("logs:put*", "logs:*", False),
        ("a??*", "a*bc", True),
        ("arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:*:*:vpc-endpoint/*", False),
        ("arn:aws:ec2:*:*:vpc*", "arn:aws:ec2:*:*:vpc-endpoint/*", True),
        ("arn:aws:ec2:*", "arn:aws:ec2:eu-west-1:*:vpc/*", True),
        ("arn:aws:s3:::Bucket", "arn:aws:s3:::bucket", False),
    ],
)
def test_policy_patterns_cover_as_iam_reads_them(wide: str, narrow: str, answer: bool) -> None:
    assert covers(wide, narrow) is answer


def test_a_pattern_made_to_be_slow_is_answered_at_once() -> None:
    slow = "arn:aws:ec2:" + "?" * 3000 + "*a" * 1000

    assert not covers(slow, "arn:aws:ec2:*:*:vpc-endpoint/*")
    assert covers(slow, slow)
