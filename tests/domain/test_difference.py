"""The live document beside the documented one: nothing is lost, likest lines stand side by side, words are marked."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.difference import Part, documented_lines, live_lines, side_by_side, trust_side_by_side
from accounts.domain.role import POLICY_DOCUMENT, TRUST_DOCUMENT
from tests.domain.documents import changed, published, respelled


@given(respelled(published()))
def test_the_documented_policy_beside_itself_loses_nothing(document: object) -> None:
    lines = side_by_side(document)

    assert tuple(line.left for line in lines if line.kind != "added") == documented_lines()
    assert tuple(line.right for line in lines if line.kind != "removed") == live_lines(document)


def test_order_and_lists_make_no_difference_side_by_side() -> None:
    document = published()
    document["Statement"].reverse()
    document["Statement"][0]["Resource"] = document["Statement"][0]["Resource"][0]

    assert {line.kind for line in side_by_side(document)} == {"same"}


def test_the_live_documents_own_lines_are_shown_beside_the_documented_ones() -> None:
    document = changed(lambda s: s[3].update(Resource="*"))

    (line,) = [line for line in side_by_side(document) if line.kind != "same"]

    assert (line.kind, line.right.strip(" ,")) == ("changed", '"Resource": "*"')


def test_a_dropped_condition_is_shown_as_removed_lines() -> None:
    kinds = [line.kind for line in side_by_side(changed(lambda s: s[3].pop("Condition")))]

    assert kinds.count("removed") == 5
    assert set(kinds) == {"same", "removed"}


def test_side_by_side_shows_the_partitions_arns() -> None:
    own = json.dumps(POLICY_DOCUMENT).replace("arn:aws:", "arn:aws-cn:")

    assert {line.kind for line in side_by_side(own, "aws-cn")} == {"same"}


@pytest.mark.parametrize(("document", "right"), [("not JSON", ["not JSON"]), (None, []), (7, ["7"])])
def test_what_is_no_document_is_shown_as_it_came(document: object, right: list[str]) -> None:
    assert [line.right for line in side_by_side(document) if line.right] == right


@given(st.recursive(st.text(max_size=6), lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4)))
def test_whatever_the_live_document_is_both_sides_are_shown_whole(document: object) -> None:
    lines = side_by_side(document)

    assert tuple(line.left for line in lines if line.left_number) == documented_lines()
    assert tuple(line.right for line in lines if line.right_number) == live_lines(document)
    assert all(text(line.left_parts) == line.left and text(line.right_parts) == line.right for line in lines)


def text(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts)


def test_the_numbers_count_the_lines_of_each_document() -> None:
    lines = side_by_side(changed(lambda s: s.pop(0)))

    assert [line.left_number for line in lines if line.left_number] == list(range(1, len(documented_lines()) + 1))
    assert {line.right_number for line in lines if line.kind == "removed"} == {None}


def test_only_the_words_that_differ_are_marked() -> None:
    document = changed(lambda s: s[3]["Condition"]["StringEquals"].update({"ec2:CreateAction": "CreateVpc"}))

    (line,) = [line for line in side_by_side(document) if line.kind == "changed"]

    assert [part.text for part in line.left_parts if part.changed] == ["CreateVpcEndpoint"]
    assert [part.text for part in line.right_parts if part.changed] == ["CreateVpc"]


def test_a_changed_line_stands_beside_the_likest_of_the_new_ones() -> None:
    document = changed(lambda s: s[5].update(Resource=["arn:aws:logs:*:*:*", "arn:aws:logs:*:*:log-group:/aws/amq/*"]))

    beside = {line.left.strip(): line.right.strip() for line in side_by_side(document) if line.kind == "changed"}

    assert (
        beside['"Resource": "arn:aws:logs:*:*:log-group:/aws/amazonmq/*"'] == '"arn:aws:logs:*:*:log-group:/aws/amq/*"'
    )


def test_lines_that_have_nothing_in_common_are_not_called_changed() -> None:
    assert {line.kind for line in side_by_side("QQQ")} == {"removed", "added"}


def test_the_trust_policy_is_laid_beside_the_documented_one_in_either_spelling() -> None:
    listed = json.loads(json.dumps(TRUST_DOCUMENT))
    listed["Statement"][0]["Principal"]["Service"] = ["mq.amazonaws.com"]

    assert {line.kind for line in trust_side_by_side(listed)} == {"same"}


def test_another_principal_is_a_changed_word_of_the_trust_policy() -> None:
    other = json.loads(json.dumps(TRUST_DOCUMENT).replace("mq.amazonaws.com", "ec2.amazonaws.com"))

    (line,) = [line for line in trust_side_by_side(other) if line.kind != "same"]

    assert [part.text for part in line.right_parts if part.changed] == ["ec2"]
