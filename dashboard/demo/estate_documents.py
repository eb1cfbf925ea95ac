"""Policies of the demo estate that are not the documented one. Each difference has a version of its own.

AWS serves one document for one version everywhere, so whoever has read v4 once need not read it again; two accounts
of the estate must not disagree about a version either.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from accounts.domain import role as documented

_LOG_STATEMENT = -1


def _statements(change_at: int | None = None, **changes: object) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(documented.POLICY_DOCUMENT)
    if change_at is not None:
        document["Statement"][change_at].update(changes)
    return document


def _with(*statements: Mapping[str, object]) -> dict[str, Any]:
    document = _statements()
    document["Statement"].extend(statements)
    return document


def _reordered() -> dict[str, Any]:
    document = _statements()
    document["Statement"].reverse()
    return document


_STAR_LOGS = {
    "Effect": "Allow",
    "Action": "logs:DeleteLogGroup",
    "Resource": "arn:aws:logs:*:*:log-group:/aws/amazonmq/*",
}
_DENY = {"Effect": "Deny", "Action": "ec2:DeleteVpcEndpoints", "Resource": "*"}
_ALL_BUT = {"Effect": "Allow", "NotAction": "ec2:RunInstances", "Resource": "*"}

# Named after the grade that each one gets; `same` says the same as v1 in another order.
DRIFTED: dict[str, dict[str, Any]] = {
    "superset": {"version": "v2", "document": _with(_STAR_LOGS)},
    "conditions_differ": {
        "version": "v3",
        "document": _statements(3, Condition={"StringLike": {"ec2:CreateAction": "Create*"}}),
    },
    "resources_differ": {
        "version": "v4",
        "document": _statements(_LOG_STATEMENT, Resource="arn:aws:logs:*:*:log-group:/aws/amazonmq/broker/*"),
    },
    "missing_actions": {
        "version": "v5",
        "document": _statements(_LOG_STATEMENT, Action=["logs:PutLogEvents", "logs:CreateLogStream"]),
    },
    "deny_present": {"version": "v6", "document": _with(_DENY)},
    "not_comparable": {"version": "v7", "document": _with(_ALL_BUT)},
    "same": {"version": "v8", "document": _reordered()},
}

MISTRUSTED: dict[str, object] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": [documented.SERVICE_PRINCIPAL, "ec2.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}

# Cut off in the middle: what IAM would never send, and what a broken proxy does.
UNREADABLE_TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Princ'
