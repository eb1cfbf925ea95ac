"""The forty accounts of the demo estate: who they are, and what is odd about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from accounts.domain import role as documented
from dashboard.demo.estate_documents import DRIFTED, MISTRUSTED, UNREADABLE_TRUST

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Plan:
    """What an account is made from. `brokers` is (region, RabbitMQ brokers, ActiveMQ brokers) for each region."""

    name: str
    unit: str
    env: str
    owner: str
    brokers: tuple[tuple[str, int, int], ...] = ()
    role: bool = True
    account_id: str = ""
    partition: str = "aws"
    # Further words of an account's description, and of its role's.
    more: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    role_more: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    # The states of the first brokers, in the order in which they are made; the others run.
    states: tuple[str, ...] = ()
    wrong_external_id: bool = False

    @property
    def organizational_unit(self) -> str:
        """Where Organizations has it: by what it is for, not by whose it is."""
        if self.owner == "security":
            return "Security"
        places = {"prod": "Workloads/Prod", "sandbox": "Sandbox"}
        return places.get(self.env, "Workloads/Dev")


def _drift(grade: str) -> dict[str, Any]:
    return {"policy": DRIFTED[grade]}


def _on(*regions: str) -> dict[str, Any]:
    return {"regions": dict.fromkeys(regions, "ENABLED")}


_POLICY = documented.policy_arn("aws")
_READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
_INLINE = {
    "emergency-logs": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:GetLogEvents", "Resource": "*"}],
    }
}
_LONG_NAME = "commerce-marketplace-settlement-reconciliation-and-refund-processing-northern-europe-production-2019"

COMMERCE = (
    Plan("payments-prod", "Commerce", "prod", "payments", (("eu-west-1", 6, 1), ("eu-central-1", 3, 0))),
    Plan("payments-staging", "Commerce", "staging", "payments", (("eu-west-1", 2, 0),)),
    Plan("payments-dev", "Commerce", "dev", "payments"),
    Plan("orders-prod", "Commerce", "prod", "orders", (("eu-west-1", 4, 0), ("us-east-1", 4, 2))),
    Plan(
        "orders-dev", "Commerce", "dev", "orders", (("eu-west-1", 4, 0),),
        states=("CREATION_IN_PROGRESS", "REBOOT_IN_PROGRESS", "RUNNING", "DELETION_IN_PROGRESS"),
    ),
    Plan("checkout-prod", "Commerce", "prod", "checkout", (("us-east-1", 3, 0),), more=_drift("superset")),
    Plan("checkout-dev", "Commerce", "dev", "checkout", role=False),
    Plan("legacy-billing", "Commerce", "prod", "billing", (("eu-central-1", 96, 41), ("us-east-1", 1, 0)),
         account_id="004217389055"),
    Plan("pricing-prod", "Commerce", "prod", "pricing", (("us-west-2", 2, 0),), more=_drift("conditions_differ")),
    Plan("catalog-search", "Commerce", "prod", "catalog", (("us-east-2", 2, 1),), more=_drift("same")),
    Plan("loyalty-apac", "Commerce", "prod", "loyalty", (("ap-southeast-1", 2, 0), ("ap-southeast-3", 1, 0)),
         more=_on("ap-southeast-3", "ap-south-2")),
    Plan("storefront-sandbox", "Commerce", "sandbox", "storefront", (("eu-west-2", 1, 0),),
         states=("CREATION_FAILED",)),
    Plan(_LONG_NAME, "Commerce", "prod", "settlement", (("eu-north-1", 2, 0),)),
    # The shop that was bought: its administrators entered another external id than the one they were given.
    Plan("acquired-shop", "Commerce", "prod", "integration", (("us-east-1", 2, 0),), wrong_external_id=True),
)  # fmt: skip

PLATFORM = (
    Plan("messaging-hub-prod", "Platform", "prod", "messaging", (("eu-west-1", 8, 2), ("us-east-1", 5, 0))),
    Plan("messaging-hub-dev", "Platform", "dev", "messaging", (("eu-west-1", 2, 0),), more=_drift("missing_actions")),
    Plan("shared-services", "Platform", "prod", "platform", (("eu-central-1", 3, 0),),
         role_more={"attached": [_POLICY, _READ_ONLY]}),
    Plan("identity-prod", "Platform", "prod", "identity", (("us-east-1", 1, 0),), role_more={"boundary": _BOUNDARY}),
    Plan("observability", "Platform", "prod", "sre", (("us-west-2", 2, 0),), role_more={"inline": _INLINE}),
    Plan("network-core", "Platform", "prod", "network", role=False),
    Plan("build-farm", "Platform", "dev", "developer-tools", role_more={"attached": []}),
    # A guardrail of the organization keeps everyone out of two regions.
    Plan("security-audit", "Platform", "prod", "security", more={
        "denials": [{"action": "mq:*", "region": region, "by": "scp"} for region in ("sa-east-1", "ap-northeast-3")]}),
    # Nobody has rolled out the reader role here.
    Plan("break-glass", "Platform", "prod", "security", more={"denials": [{"action": "sts:AssumeRole"}]}),
    Plan("log-archive", "Platform", "prod", "security", more={"denials": [{"action": "iam:GetRole"}]}),
    Plan("edge-gateway", "Platform", "prod", "network", (("ca-central-1", 1, 0), ("mx-central-1", 1, 0)),
         more=_on("mx-central-1", "ca-west-1")),
    Plan("disaster-recovery", "Platform", "prod", "sre", (("us-west-1", 1, 1),),
         states=("CRITICAL_ACTION_REQUIRED", "REPLICA")),
    Plan("platform-sandbox", "Platform", "sandbox", "platform", role=False),
    Plan("federal-messaging", "Platform", "prod", "federal", (("us-gov-east-1", 3, 1),), partition="aws-us-gov"),
    Plan("federal-sandbox", "Platform", "sandbox", "federal", role=False, partition="aws-us-gov"),
)  # fmt: skip

DATA = (
    Plan("warehouse-eu", "Data", "prod", "warehouse", (("eu-west-3", 3, 0), ("eu-south-1", 2, 0)),
         more=_on("eu-south-1", "eu-south-2", "eu-central-2")),
    Plan("warehouse-us", "Data", "prod", "warehouse", (("us-east-2", 3, 1),), more=_drift("resources_differ")),
    Plan("ingest-prod", "Data", "prod", "ingest", (("us-east-1", 7, 0), ("eu-west-1", 4, 0), ("ap-northeast-1", 2, 0))),
    Plan("ingest-dev", "Data", "dev", "ingest", more=_drift("deny_present")),
    Plan("analytics-prod", "Data", "prod", "analytics", (("eu-west-1", 2, 0),), role_more={"trust": MISTRUSTED}),
    Plan("feature-store", "Data", "prod", "machine-learning", (("us-west-2", 1, 0),), more=_drift("not_comparable")),
    Plan("ml-training", "Data", "dev", "machine-learning", role_more={"trust": UNREADABLE_TRUST}),
    # ActiveMQ does not use the role: it is there, and nothing needs it.
    Plan("reporting-classic", "Data", "prod", "reporting", (("us-east-1", 0, 3), ("eu-west-1", 0, 1))),
    Plan("gulf-analytics", "Data", "prod", "analytics", (("me-central-1", 2, 0),), more={
        **_on("me-central-1", "me-south-1"), "denials": [{"action": "iam:GetPolicyVersion"}]}),
    Plan("archive-2017", "Data", "prod", "records", more={"regions": {"af-south-1": "ENABLING"}}),
    # Paused by a person, and suspended in AWS since: a reading of the organization tells.
    Plan("dormant-poc", "Data", "sandbox", "innovation", more={"paused": True, "state": "SUSPENDED"}),
)  # fmt: skip

PLANS = COMMERCE + PLATFORM + DATA

# In the organization and not in the import file: what the door by AWS Organizations finds.
NEWCOMERS = (
    Plan("returns-prod", "Commerce", "prod", "returns", (("eu-west-1", 2, 0), ("us-east-1", 1, 0))),
    Plan("returns-dev", "Commerce", "dev", "returns"),
    Plan("mobile-backend-prod", "Commerce", "prod", "mobile", (("us-west-2", 3, 1),)),
    Plan("fraud-lab", "Data", "sandbox", "fraud", role=False),
    Plan("security-forensics", "Platform", "prod", "security", role=False),
    Plan("sunset-crm", "Commerce", "prod", "customers", more={"state": "SUSPENDED"}),
)

# What stays broken: each costs the caller its retries, so each is one region of one account.
BROKEN: tuple[dict[str, Any], ...] = (
    {"id": "estate-throttled", "account": "ingest-prod", "region": "ap-northeast-1", "service": "mq", "status": 429,
     "code": "TooManyRequestsException", "message": "Rate exceeded"},
    {"id": "estate-unreachable", "account": "observability", "region": "sa-east-1", "service": "mq", "reset": True},
    {"id": "estate-failed", "account": "build-farm", "region": "ap-south-1", "service": "mq", "status": 500,
     "code": "InternalServerErrorException", "message": "An internal error occurred."},
)  # fmt: skip
