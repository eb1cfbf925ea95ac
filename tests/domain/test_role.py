from __future__ import annotations

import pytest

from accounts.domain.canonical import sha256_of
from accounts.domain.grants import grants_of
from accounts.domain.role import (
    DOCUMENTED_PERMISSIONS,
    POLICY_DOCUMENT,
    ROLE_NAME,
    SERVICE_PRINCIPAL,
    TRUST_DOCUMENT,
    DocumentedPermission,
    policy_arn,
    role_arn,
)

# The guide's list, as printed: an action on a resource.
GUIDE = """
ec2:CreateVpcEndpoint vpc
ec2:CreateVpcEndpoint subnet
ec2:CreateVpcEndpoint security-group
ec2:CreateVpcEndpoint vpc-endpoint
ec2:DescribeVpcEndpoints vpc
ec2:DescribeVpcEndpoints subnet
ec2:CreateTags vpc-endpoint
logs:PutLogEvents log-group
logs:DescribeLogStreams log-group
logs:DescribeLogGroups log-group
CreateLogStream log-group
CreateLogGroup log-group
"""


def test_the_twelve_pairs_are_the_guides() -> None:
    pairs = [f"{pair.guide_action} {pair.guide_resource}" for pair in DOCUMENTED_PERMISSIONS]

    assert pairs == GUIDE.strip().splitlines()


@pytest.mark.parametrize("pair", DOCUMENTED_PERMISSIONS, ids=lambda pair: f"{pair.action} on {pair.guide_resource}")
def test_a_pair_means_what_the_published_document_grants(pair: DocumentedPermission) -> None:
    granted = {(grant.action_text, grant.resource_text) for grant in grants_of(POLICY_DOCUMENT, "aws")}

    assert (pair.action, pair.resource) in granted


def test_the_role_is_named_and_placed_as_documented() -> None:
    assert ROLE_NAME == "AWSServiceRoleForAmazonMQ"
    assert role_arn("aws-cn", "111122223333") == (
        "arn:aws-cn:iam::111122223333:role/aws-service-role/mq.amazonaws.com/AWSServiceRoleForAmazonMQ"
    )
    assert policy_arn("aws") == "arn:aws:iam::aws:policy/aws-service-role/AmazonMQServiceRolePolicy"


def test_the_baselines_are_the_published_documents() -> None:
    assert SERVICE_PRINCIPAL == "mq.amazonaws.com"
    assert TRUST_DOCUMENT["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "mq.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    assert sha256_of(POLICY_DOCUMENT) == "c19d0d8c4ed9039eca511b5af1d5b43517d76b9dbf946431bde9c937e98562cd"
