from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given

from accounts.domain.outcomes import TrustGrade
from accounts.domain.role import TRUST_DOCUMENT
from accounts.domain.trust import grade_trust, trusted_by
from tests.domain.documents import respelled, trust

MQ = "mq.amazonaws.com"


@given(respelled(trust()))
def test_another_spelling_of_the_documented_trust_is_exact(document: object) -> None:
    assert grade_trust(document).grade is TrustGrade.EXACT


def test_both_of_awss_spellings_are_exact() -> None:
    created = trust(Action=["sts:AssumeRole"], Principal={"Service": [MQ]})

    assert grade_trust(created).grade is TrustGrade.EXACT
    assert grade_trust(quote(str(TRUST_DOCUMENT).replace("'", '"'), safe="")).grade is TrustGrade.EXACT


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            trust(Principal={"Service": "ec2.amazonaws.com"}),
            "trusts Service ec2.amazonaws.com, which AWS does not document",
        ),
        (
            trust(Principal={"Service": [MQ, "ec2.amazonaws.com"]}),
            "trusts Service ec2.amazonaws.com, which AWS does not document",
        ),
        (
            trust(Principal={"Service": MQ, "AWS": "111122223333"}),
            "trusts AWS 111122223333, which AWS does not document",
        ),
        (trust(Principal={"AWS": MQ}), "trusts AWS mq.amazonaws.com, which AWS does not document"),
        (trust(Principal="*"), "trusts everyone, which AWS does not document"),
        (
            trust(Action=["sts:AssumeRole", "sts:TagSession"]),
            "allows sts:TagSession, which AWS does not document",
        ),
        (trust(Action="sts:*"), "allows sts:*, which AWS does not document"),
        (trust(Action="sts:TagSession"), "allows sts:TagSession, which AWS does not document"),
        (
            trust(Condition={"Bool": {"aws:SecureTransport": True}}),
            "has a condition, which AWS does not document",
        ),
        (trust(Effect="Deny"), "has a Deny"),
        ({"Statement": []}, "does not let mq.amazonaws.com assume the role"),
        (
            trust(Principal=None, NotPrincipal={"Service": MQ}),
            "is not the documented one: statement 1 has NotPrincipal",
        ),
        (trust(Action=None, NotAction="sts:TagSession"), "is not the documented one: statement 1 has NotAction"),
        (trust(Resource="*"), "is not the documented one: statement 1 has Resource"),
    ],
)
def test_every_other_trust_is_a_mismatch_and_says_why(document: object, reason: str) -> None:
    comparison = grade_trust(document)

    assert comparison.grade is TrustGrade.TRUST_MISMATCH
    assert comparison.reason == f"The live trust policy {reason}."


def test_a_second_statement_is_weighed_too() -> None:
    document = trust()
    document["Statement"].append({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})

    assert grade_trust(document).grade is TrustGrade.TRUST_MISMATCH


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "it is not a JSON object"),
        ("{", "it is not JSON"),
        (trust(Action=None), "statement 1 needs one of Action and NotAction"),
        (trust(Principal=None), "statement 1 needs one of Principal and NotPrincipal"),
        (trust(Principal=MQ), "the Principal of statement 1 is neither * nor an object"),
        (trust(Principal={}), "the Principal of statement 1 is neither * nor an object"),
        (trust(Principal={"Service": [None]}), "the Principal of statement 1 is not text or a list of texts"),
    ],
)
def test_a_malformed_trust_is_unreadable_and_says_where(document: object, reason: str) -> None:
    comparison = grade_trust(document)

    assert comparison.grade is TrustGrade.UNREADABLE
    assert comparison.reason == f"The live trust policy cannot be read: {reason}."


def test_those_who_are_trusted_are_named_once_and_everyone_by_that_word() -> None:
    both = trust(Principal={"Service": ["mq.amazonaws.com", "ec2.amazonaws.com"], "AWS": "*"})

    assert trusted_by(both) == ("mq.amazonaws.com", "ec2.amazonaws.com", "everyone")
    assert trusted_by(trust(Effect="Deny")) == trusted_by("not JSON") == ()
