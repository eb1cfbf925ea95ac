from __future__ import annotations

import json
import math
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.canonical import canonical_json, sha256_of
from accounts.domain.role import POLICY_DOCUMENT, TRUST_DOCUMENT

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=3), json_values, max_size=4)


@given(objects)
def test_the_order_of_keys_does_not_change_the_hash(document: dict[str, object]) -> None:
    backwards = dict(reversed(document.items()))

    assert sha256_of(backwards) == sha256_of(document)


@given(objects, objects)
def test_two_documents_share_a_hash_only_when_they_are_the_same(one: object, other: object) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (sha256_of(one) == sha256_of(other)) == same


@given(objects)
def test_the_canonical_form_is_the_document(document: dict[str, object]) -> None:
    assert json.loads(canonical_json(document)) == document


def test_text_and_percent_encoded_text_hash_like_the_dict() -> None:
    text = json.dumps(POLICY_DOCUMENT, indent=4)

    hashes = {sha256_of(document) for document in (POLICY_DOCUMENT, text, quote(text), quote(text, safe=""))}

    assert len(hashes) == 1


def test_another_order_of_a_list_is_another_document() -> None:
    assert sha256_of({"Action": ["a", "b"]}) != sha256_of({"Action": ["b", "a"]})


def test_a_text_that_is_no_document_stands_for_itself() -> None:
    assert canonical_json('{"a": 1, "a": 2}') == '"{\\"a\\": 1, \\"a\\": 2}"'


def test_the_documented_trust_keeps_its_hash() -> None:
    # Stored under this name: a change of the canonical form would orphan what is in the tables.
    assert sha256_of(TRUST_DOCUMENT) == "ab3ca16d821ee2e55c63d5e6ccdcee4326ffa831f5a58b0d3233732e4f1d1dc9"


@pytest.mark.parametrize("document", [{"a": math.nan}, {"a": object()}])
def test_what_json_cannot_hold_is_refused(document: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical_json(document)
