"""botocove asking the questions of one sweep. Runs in the peers' own venv: ACCOUNT_IDS and REGIONS, comma-separated."""

import os
import time

from botocove import cove

NAME = "AWSServiceRoleForAmazonMQ"
ARN = "arn:aws:iam::aws:policy/aws-service-role/AmazonMQServiceRolePolicy"
ACCOUNTS, REGIONS = os.environ["ACCOUNT_IDS"].split(","), os.environ["REGIONS"].split(",")
OPTIONS = {
    "target_ids": ACCOUNTS,
    "rolename": "R",
    "role_session_name": "mqslr-scan-cove",
    "external_id": "ext",
    "raise_exception": True,
}


@cove(**OPTIONS, regions=["us-east-1"])
def role(session):
    iam = session.client("iam")
    iam.get_role(RoleName=NAME)
    iam.list_attached_role_policies(RoleName=NAME)
    version = iam.get_policy(PolicyArn=ARN)["Policy"]["DefaultVersionId"]
    iam.get_policy_version(PolicyArn=ARN, VersionId=version)
    return iam.list_role_policies(RoleName=NAME)["PolicyNames"]


@cove(**OPTIONS, regions=REGIONS)
def brokers(session):
    return len(session.client("mq").list_brokers(MaxResults=100)["BrokerSummaries"])


started = time.monotonic()
assert len(role()["Results"]) == len(ACCOUNTS)
assert sum(found["Result"] for found in brokers()["Results"]) == len(ACCOUNTS) * ("eu-west-1" in REGIONS)
print(time.monotonic() - started)  # noqa: T201
