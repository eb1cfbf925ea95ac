"""The role as AWS documents it: name, path, principal, trust and the permissions the guide lists."""

from __future__ import annotations

from dataclasses import dataclass

ROLE_NAME = "AWSServiceRoleForAmazonMQ"
ROLE_PATH = "/aws-service-role/mq.amazonaws.com/"
SERVICE_PRINCIPAL = "mq.amazonaws.com"
POLICY_NAME = "AmazonMQServiceRolePolicy"
DOCUMENTED_VERSION = "v1"

# The engine whose brokers use the role. ActiveMQ brokers never do, so they never stop its deletion.
ROLE_USING_ENGINE = "rabbitmq"


@dataclass(frozen=True, slots=True)
class DocumentedPermission:
    """One of the guide's twelve action/resource pairs, with what it means in IAM's own words.

    `guide_action` and `guide_resource` are as printed in the guide; two actions there lack the `logs:` prefix, and
    DescribeVpcEndpoints has no resource-level permission, so that the policy says `*`.
    """

    guide_action: str
    guide_resource: str
    action: str
    resource: str


_VPC_ENDPOINT = "arn:aws:ec2:*:*:vpc-endpoint/*"
_LOG_GROUP = "arn:aws:logs:*:*:log-group:/aws/amazonmq/*"

DOCUMENTED_PERMISSIONS: tuple[DocumentedPermission, ...] = (
    DocumentedPermission("ec2:CreateVpcEndpoint", "vpc", "ec2:CreateVpcEndpoint", "arn:aws:ec2:*:*:vpc/*"),
    DocumentedPermission("ec2:CreateVpcEndpoint", "subnet", "ec2:CreateVpcEndpoint", "arn:aws:ec2:*:*:subnet/*"),
    DocumentedPermission(
        "ec2:CreateVpcEndpoint", "security-group", "ec2:CreateVpcEndpoint", "arn:aws:ec2:*:*:security-group/*"
    ),
    DocumentedPermission("ec2:CreateVpcEndpoint", "vpc-endpoint", "ec2:CreateVpcEndpoint", _VPC_ENDPOINT),
    DocumentedPermission("ec2:DescribeVpcEndpoints", "vpc", "ec2:DescribeVpcEndpoints", "*"),
    DocumentedPermission("ec2:DescribeVpcEndpoints", "subnet", "ec2:DescribeVpcEndpoints", "*"),
    DocumentedPermission("ec2:CreateTags", "vpc-endpoint", "ec2:CreateTags", _VPC_ENDPOINT),
    DocumentedPermission("logs:PutLogEvents", "log-group", "logs:PutLogEvents", _LOG_GROUP),
    DocumentedPermission("logs:DescribeLogStreams", "log-group", "logs:DescribeLogStreams", _LOG_GROUP),
    DocumentedPermission("logs:DescribeLogGroups", "log-group", "logs:DescribeLogGroups", _LOG_GROUP),
    DocumentedPermission("CreateLogStream", "log-group", "logs:CreateLogStream", _LOG_GROUP),
    DocumentedPermission("CreateLogGroup", "log-group", "logs:CreateLogGroup", _LOG_GROUP),
)

# The published document, version v1: the baseline. The guide's prose leaves out its conditions and DeleteVpcEndpoints.
POLICY_DOCUMENT: dict[str, object] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["ec2:DescribeVpcEndpoints"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["ec2:CreateVpcEndpoint"],
            "Resource": [
                "arn:aws:ec2:*:*:vpc/*",
                "arn:aws:ec2:*:*:subnet/*",
                "arn:aws:ec2:*:*:security-group/*",
            ],
        },
        {
            "Effect": "Allow",
            "Action": ["ec2:CreateVpcEndpoint"],
            "Resource": [_VPC_ENDPOINT],
            "Condition": {"StringEquals": {"aws:RequestTag/AMQManaged": "true"}},
        },
        {
            "Effect": "Allow",
            "Action": ["ec2:CreateTags"],
            "Resource": _VPC_ENDPOINT,
            "Condition": {"StringEquals": {"ec2:CreateAction": "CreateVpcEndpoint"}},
        },
        {
            "Effect": "Allow",
            "Action": ["ec2:DeleteVpcEndpoints"],
            "Resource": _VPC_ENDPOINT,
            "Condition": {"StringEquals": {"ec2:ResourceTag/AMQManaged": "true"}},
        },
        {
            "Effect": "Allow",
            "Action": [
                "logs:PutLogEvents",
                "logs:DescribeLogStreams",
                "logs:DescribeLogGroups",
                "logs:CreateLogStream",
                "logs:CreateLogGroup",
            ],
            "Resource": [_LOG_GROUP],
        },
    ],
}

TRUST_DOCUMENT: dict[str, object] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": SERVICE_PRINCIPAL}, "Action": "sts:AssumeRole"}],
}


def role_arn(partition: str, account_id: str) -> str:
    """The ARN that the role has in an account."""
    return f"arn:{partition}:iam::{account_id}:role{ROLE_PATH}{ROLE_NAME}"


def policy_arn(partition: str) -> str:
    """The ARN of the managed policy that AWS attaches to the role."""
    return f"arn:{partition}:iam::aws:policy/aws-service-role/{POLICY_NAME}"
