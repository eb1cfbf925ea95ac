from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.outcomes import PolicyGrade
from accounts.domain.policy import (
    check_documented_permissions,
    compare_policy,
)
from accounts.domain.role import DOCUMENTED_PERMISSIONS, POLICY_DOCUMENT
from tests.domain.documents import Change, changed, one_step_mutations, published, respelled

MUTATIONS = dict(one_step_mutations())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["Allow", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "Resource", "Condition", "Principal", "NotAction", "Sid"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def grade(document: object, partition: str = "aws") -> PolicyGrade:
    return compare_policy(document, partition).grade


def allow(action: Any, resource: Any = "*", **elements: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def document_of(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@given(respelled(published()))
def test_another_spelling_of_the_documented_policy_is_exact(document: object) -> None:
    comparison = compare_policy(document, "aws")

    assert (comparison.grade, comparison.reason) == (PolicyGrade.EXACT, "")


@given(st.sampled_from(sorted(MUTATIONS)), st.data())
def test_the_grade_of_a_mutation_does_not_depend_on_spelling(name: str, data: st.DataObject) -> None:
    document = data.draw(respelled(MUTATIONS[name]))

    assert grade(document) is grade(MUTATIONS[name])


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_one_step_mutation_changes_the_grade_and_says_why(name: str) -> None:
    comparison = compare_policy(MUTATIONS[name], "aws")

    assert comparison.grade is not PolicyGrade.EXACT
    assert comparison.reason.endswith(": has AWS published a newer version than v1?")


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_the_partitions_own_arns_and_those_of_aws_are_both_exact(partition: str) -> None:
    own = json.dumps(POLICY_DOCUMENT).replace("arn:aws:", f"arn:{partition}:")

    assert grade(own, partition) is PolicyGrade.EXACT
    assert grade(POLICY_DOCUMENT, partition) is PolicyGrade.EXACT
    assert grade(own, "aws") is PolicyGrade.RESOURCES_DIFFER


NAMED_STEPS: list[tuple[str, Change, PolicyGrade]] = [
    ("an extra action", lambda s: s[5]["Action"].append("logs:GetLogEvents"), PolicyGrade.SUPERSET),
    ("logs:* for the listed actions", lambda s: s[5].update(Action="logs:*"), PolicyGrade.SUPERSET),
    ("an extra statement", lambda s: s.append(allow("s3:GetObject")), PolicyGrade.SUPERSET),
    ("a wider resource", lambda s: s[5].update(Resource="arn:aws:logs:*"), PolicyGrade.SUPERSET),
    (
        "the same action without its condition besides",
        lambda s: s.append(allow("ec2:CreateTags")),
        PolicyGrade.SUPERSET,
    ),
    ("an action dropped", lambda s: s[5]["Action"].remove("logs:PutLogEvents"), PolicyGrade.MISSING_ACTIONS),
    ("a statement dropped", lambda s: s.pop(4), PolicyGrade.MISSING_ACTIONS),
    ("no statement at all", lambda s: s.clear(), PolicyGrade.MISSING_ACTIONS),
    ("an action without its prefix", lambda s: s[5].update(Action="CreateLogGroup"), PolicyGrade.MISSING_ACTIONS),
    ("a resource narrowed", lambda s: s[0].update(Resource="arn:aws:ec2:*:*:vpc/*"), PolicyGrade.RESOURCES_DIFFER),
    ("a resource dropped", lambda s: s[1]["Resource"].pop(), PolicyGrade.RESOURCES_DIFFER),
    (
        "a resource in another case",
        lambda s: s[3].update(Resource=s[3]["Resource"].upper()),
        PolicyGrade.RESOURCES_DIFFER,
    ),
    ("a condition dropped", lambda s: s[4].pop("Condition"), PolicyGrade.CONDITIONS_DIFFER),
    ("a condition emptied", lambda s: s[4].update(Condition={}), PolicyGrade.CONDITIONS_DIFFER),
    (
        "a wider action under a condition",
        lambda s: s[5].update(Action="logs:*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        PolicyGrade.CONDITIONS_DIFFER,
    ),
    (
        "a conditional grant given without its condition besides",
        lambda s: s.append(allow("ec2:CreateTags", s[3]["Resource"])),
        PolicyGrade.SUPERSET,
    ),
    (
        "a condition dropped and the resource widened",
        lambda s: s.__setitem__(4, allow("ec2:DeleteVpcEndpoints")),
        PolicyGrade.CONDITIONS_DIFFER,
    ),
    (
        "StringLike for StringEquals",
        lambda s: s[3].update(Condition={"StringLike": s[3]["Condition"]["StringEquals"]}),
        PolicyGrade.CONDITIONS_DIFFER,
    ),
    (
        "ForAnyValue",
        lambda s: s[3].update(Condition={"ForAnyValue:StringEquals": s[3]["Condition"]["StringEquals"]}),
        PolicyGrade.CONDITIONS_DIFFER,
    ),
    (
        "a value in another case",
        lambda s: s[4]["Condition"].update(StringEquals={"ec2:ResourceTag/AMQManaged": "True"}),
        PolicyGrade.CONDITIONS_DIFFER,
    ),
    (
        "a condition added",
        lambda s: s[0].update(Condition={"Bool": {"aws:SecureTransport": True}}),
        PolicyGrade.CONDITIONS_DIFFER,
    ),
    ("a Deny", lambda s: s.append(allow("s3:*") | {"Effect": "Deny"}), PolicyGrade.DENY_PRESENT),
    ("a Deny and an action missing", lambda s: s[4].update(Effect="Deny"), PolicyGrade.DENY_PRESENT),
    (
        "NotAction",
        lambda s: s.append({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}),
        PolicyGrade.NOT_COMPARABLE,
    ),
    (
        "NotResource",
        lambda s: s.append({"Effect": "Allow", "Action": "s3:*", "NotResource": "*"}),
        PolicyGrade.NOT_COMPARABLE,
    ),
    ("NotPrincipal", lambda s: s.append(allow("s3:*", NotPrincipal="*")), PolicyGrade.NOT_COMPARABLE),
    ("NotAction beside a broken statement", lambda s: s.extend([{"NotAction": "*"}, 7]), PolicyGrade.UNREADABLE),
]


@pytest.mark.parametrize(("change", "expected"), [pytest.param(c, g, id=name) for name, c, g in NAMED_STEPS])
def test_each_difference_has_its_own_grade(change: Change, expected: PolicyGrade) -> None:
    assert grade(changed(change)) is expected


def test_everything_allowed_is_more_than_documented() -> None:
    comparison = compare_policy(document_of(allow("*")), "aws")

    assert comparison.grade is PolicyGrade.SUPERSET
    assert [str(grant) for grant in comparison.extra] == ["Allow * on *"]
    assert {check.status for check in comparison.documented} == {"granted"}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "it is not a JSON object"),
        ("", "it is not JSON"),
        ("<html>", "it is not JSON"),
        ("[" * 5000, "it is not JSON"),
        ('%7B"Statement":[],"Id":"%FF"%7D', "it is not JSON"),
        ('{"Statement": [], "Statement": []}', "the key Statement stands twice in one object"),
        ('{"Statement": NaN}', "NaN is not JSON"),
        ({}, "it has no Statement"),
        ({"Version": 2012, "Statement": []}, "its Version is not text"),
        ({"Statement": "Allow"}, "statement 1 is not an object"),
        (document_of(allow("*"), allow("*", Effect="allow")), "the Effect of statement 2 is neither Allow nor Deny"),
        (document_of({"Effect": "Allow", "Resource": "*"}), "statement 1 needs one of Action and NotAction"),
        (document_of({"Effect": "Allow", "Action": "*"}), "statement 1 needs one of Resource and NotResource"),
        (document_of(allow("*", NotAction="*")), "statement 1 needs one of Action and NotAction"),
        (document_of(allow([])), "the Action of statement 1 is not text or a list of texts"),
        (document_of(allow("*", {"arn": "*"})), "the Resource of statement 1 is not text or a list of texts"),
        (document_of(allow("*", Sid=1)), "the Sid of statement 1 is not text"),
        (document_of(allow("*", Condition=[])), "the Condition of statement 1 is not an object of objects"),
        (document_of(allow("*", Condition={"Bool": "x"})), "the Condition of statement 1 is not an object of objects"),
        (
            document_of(allow("*", Condition={"Bool": {"k": None}})),
            "the Condition of statement 1 has a value that is not text",
        ),
    ],
)
def test_a_malformed_document_is_unreadable_and_says_where(document: object, reason: str) -> None:
    comparison = compare_policy(document, "aws")

    assert comparison.grade is PolicyGrade.UNREADABLE
    assert comparison.reason == f"The live policy document cannot be read: {reason}."
    assert comparison.documented == ()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (document_of(allow("*")) | {"Version": "2031-01-01"}, "its Version is 2031-01-01"),
        (document_of(allow("*", Obligation="none")), "statement 1 has Obligation"),
        (document_of(allow("*", Principal="*")), "statement 1 has Principal"),
    ],
)
def test_what_rolecall_does_not_weigh_is_not_compared(document: object, reason: str) -> None:
    comparison = compare_policy(document, "aws")

    assert comparison.grade is PolicyGrade.NOT_COMPARABLE
    assert comparison.reason == f"The live policy cannot be compared: {reason}."


@given(ANYTHING)
def test_no_document_whatever_raises(document: object) -> None:
    assert grade(document) in PolicyGrade
    assert grade({"Statement": document}) in PolicyGrade
    assert grade({"Statement": [allow(document, document, Condition=document)]}) in PolicyGrade


def test_json_booleans_and_case_mean_the_same_under_bool_and_null() -> None:
    spellings = [{"Bool": {"aws:SecureTransport": value}} for value in (True, "true", "TRUE", ["True"])]

    documents = [document_of(allow("*", Condition=condition)) for condition in spellings]

    assert len({compare_policy(document, "aws").grade for document in documents}) == 1
    repeated = document_of(*(statement for document in documents for statement in document["Statement"]))  # type: ignore[attr-defined]
    assert len(compare_policy(repeated, "aws").extra) == 1


def test_a_reason_names_three_actions_and_counts_the_rest() -> None:
    reason = compare_policy(changed(lambda s: s.pop(5)), "aws").reason

    assert reason == (
        "The live policy does not allow logs:CreateLogGroup, logs:CreateLogStream, logs:DescribeLogGroups and 2 more: "
        "has AWS published a newer version than v1?"
    )


def test_the_guides_twelve_pairs_are_granted_two_of_them_under_a_condition() -> None:
    checks = check_documented_permissions(POLICY_DOCUMENT, "aws")

    conditional = {check.permission.guide_action: check.condition for check in checks if check.status == "conditional"}
    assert [check.permission for check in checks] == list(DOCUMENTED_PERMISSIONS)
    assert {check.status for check in checks} == {"granted", "conditional"}
    assert conditional == {
        "ec2:CreateVpcEndpoint": "StringEquals aws:RequestTag/AMQManaged = true",
        "ec2:CreateTags": "StringEquals ec2:CreateAction = CreateVpcEndpoint",
    }


def statuses(document: object) -> dict[str, str]:
    return {check.permission.action: check.status for check in check_documented_permissions(document, "aws")}


def test_a_dropped_action_is_not_granted() -> None:
    assert statuses(changed(lambda s: s.pop(3)))["ec2:CreateTags"] == "not_granted"


def test_a_denied_action_is_not_granted() -> None:
    document = changed(lambda s: s.append(allow("logs:Put*") | {"Effect": "Deny"}))

    assert statuses(document)["logs:PutLogEvents"] == "not_granted"
    assert statuses(document)["logs:CreateLogGroup"] == "granted"


def test_a_deny_of_some_of_it_is_a_condition() -> None:
    denied = allow("logs:*", "arn:aws:logs:eu-west-1:*:*") | {"Effect": "Deny"}

    checks = check_documented_permissions(changed(lambda s: s.append(denied)), "aws")

    assert checks[7].condition == "unless Deny logs:* on arn:aws:logs:eu-west-1:*:*"


def test_a_deny_under_a_condition_is_a_condition() -> None:
    denied = allow("logs:*", Condition={"Bool": {"aws:SecureTransport": "false"}}) | {"Effect": "Deny"}

    checks = check_documented_permissions(changed(lambda s: s.append(denied)), "aws")

    assert checks[7].condition == "unless Deny logs:* on * if Bool aws:SecureTransport = false"


def test_a_document_that_cannot_be_compared_says_nothing_of_the_twelve_pairs() -> None:
    assert check_documented_permissions("not JSON", "aws") == ()
