"""The guide's checklist: what is granted, under what, what is not, what is more; and what nobody can say."""

from __future__ import annotations

import pytest

from accounts.domain.checklist import Attachment, Checklist, Mark, PolicyReading, checklist
from accounts.domain.role import DOCUMENTED_PERMISSIONS, POLICY_DOCUMENT
from tests.domain.documents import changed


def allow(action: str, resource: object = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def marked(document: object, attachment: Attachment = Attachment.READ, others: bool = False) -> Checklist:
    return checklist(PolicyReading(document, attachment, others), "aws")


def test_the_published_policy_grants_all_twelve() -> None:
    found = marked(POLICY_DOCUMENT)

    assert found.complete
    assert [item.permission for item in found.items] == list(DOCUMENTED_PERMISSIONS)
    assert found.reason == ""


def test_awss_own_conditions_are_said_and_are_no_reservation() -> None:
    conditions = {item.permission.guide_action: item.condition for item in marked(POLICY_DOCUMENT).items}

    assert conditions["ec2:CreateTags"] == "StringEquals ec2:CreateAction = CreateVpcEndpoint"
    assert conditions["logs:PutLogEvents"] == ""


def test_what_aws_publishes_beyond_the_guide_is_extra_and_awss() -> None:
    (extra,) = marked(POLICY_DOCUMENT).extras

    assert (extra.grant.action, extra.published) == ("ec2:DeleteVpcEndpoints", True)


def test_a_grant_beyond_the_published_policy_is_extra_and_comes_first() -> None:
    extras = marked(changed(lambda s: s.append(allow("logs:DeleteLogGroup")))).extras

    assert [(extra.grant.action, extra.published) for extra in extras] == [
        ("logs:DeleteLogGroup", False),
        ("ec2:DeleteVpcEndpoints", True),
    ]


def test_a_wider_resource_is_granted_and_extra() -> None:
    found = marked(changed(lambda s: s[5].update(Resource="*")))

    assert found.complete
    assert [extra.grant.resource for extra in found.extras if not extra.published] == ["*"] * 5


def test_a_dropped_action_is_not_granted() -> None:
    items = {item.permission.action: item.mark for item in marked(changed(lambda s: s.pop(3))).items}

    assert items["ec2:CreateTags"] is Mark.NOT_GRANTED
    assert items["logs:PutLogEvents"] is Mark.GRANTED


def test_another_condition_than_published_is_conditional_and_names_both() -> None:
    other = {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}

    item = marked(changed(lambda s: s[3].update(Condition=other))).items[6]

    assert (item.mark, item.condition) == (Mark.CONDITIONAL, "StringEquals ec2:CreateAction = CreateVpc")
    assert item.published == "StringEquals ec2:CreateAction = CreateVpcEndpoint"


@pytest.mark.parametrize("document", [None, "not JSON", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}])
def test_a_document_that_cannot_be_read_grants_and_denies_nothing(document: object) -> None:
    found = marked(document)

    assert {item.mark for item in found.items} == {Mark.UNKNOWN}
    assert (found.extras, len(found.items)) == ((), 12)
    assert found.reason


def test_a_policy_with_not_action_is_unknown_and_says_why() -> None:
    negated = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

    found = marked(changed(lambda s: s.append(negated)))

    assert found.count(Mark.UNKNOWN) == 12
    assert "NotAction" in found.reason


def test_a_last_look_that_failed_leaves_the_old_answer_as_what_was_known() -> None:
    found = marked(changed(lambda s: s.pop(3)), Attachment.UNREAD)

    assert found.count(Mark.UNKNOWN) == 12
    assert [item.last for item in found.items].count(Mark.GRANTED) == 11
    assert found.items[6].last is Mark.NOT_GRANTED


def test_a_policy_that_is_not_attached_grants_nothing() -> None:
    assert marked(None, Attachment.NOT_ATTACHED).count(Mark.NOT_GRANTED) == 12


def test_a_policy_that_is_not_attached_beside_others_that_are_is_unknown() -> None:
    found = marked(None, Attachment.NOT_ATTACHED, others=True)

    assert found.count(Mark.UNKNOWN) == 12
    assert "not weighed" in found.reason


def test_without_a_role_there_is_nobody_to_grant_to() -> None:
    found = marked(None, Attachment.NO_ROLE)

    assert found.count(Mark.NO_ROLE) == 12
    assert not found.complete
