"""Whether a caller may make a call, and AWS's words when not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dashboard.demo.local_aws.access import decide, like
from dashboard.demo.local_aws.calls import Call
from dashboard.demo.local_aws.sessions import HUB_ACCOUNT_ID, Caller
from dashboard.demo.local_aws.wire import AwsError
from dashboard.demo.local_aws.world import Account, World

_SCP = f"arn:aws:organizations::{HUB_ACCOUNT_ID}:policy/o-rolecall0demo/service_control_policy/p-guardrail"


@dataclass(frozen=True, slots=True)
class Context:
    """One call with all that its answer depends on."""

    world: World
    account: Account
    caller: Caller
    call: Call

    def param(self, name: str, default: str = "") -> str:
        """A parameter of the call as text."""
        return str(self.call.params.get(name, default))

    def allow(self, resource: str) -> None:
        """Go on only when the caller may do this to the resource. Raises AwsError with AWS's text."""
        authorize(self, f"{self.call.service}:{self.call.action}", resource)


def authorize(context: Context, action: str, resource: str) -> None:
    """Check denials of the account, then the role's permissions, then the session policy."""
    for denial in context.account.denials:
        if like(denial.action, action) and denial.region in ("", context.call.region):
            kind = f"a service control policy: {_SCP}" if denial.by == "scp" else "an identity-based policy"
            raise refusal(context, action, resource, f"with an explicit deny in {kind}")
    session = context.caller.session
    access = context.account.access.get(session.role_name) if session else None
    _check(context, action, resource, access.permissions if access else {}, "identity-based")
    if session is not None and session.policy is not None:
        _check(context, action, resource, session.policy, "session")


def _check(context: Context, action: str, resource: str, document: object, kind: str) -> None:
    said = decide(document, action, resource)
    if said == "deny":
        article = "an" if kind == "identity-based" else "a"
        raise refusal(context, action, resource, f"with an explicit deny in {article} {kind} policy")
    if said != "allow":
        raise refusal(context, action, resource, f"because no {kind} policy allows the {action} action")


def refusal(context: Context, action: str, resource: str, why: str = "") -> AwsError:
    """AWS's refusal, in its words."""
    code = "AccessDenied" if context.call.service in ("sts", "iam") else "AccessDeniedException"
    status = 400 if context.call.service in ("organizations", "ssm") else 403
    what = re.sub(r"^arn:[^:]+:iam::\d+:role/.*/", "role ", resource) if action.startswith("iam:") else resource
    text = f"User: {context.caller.arn} is not authorized to perform: {action} on resource: {what} {why}".rstrip()
    return AwsError(status, code, text)
