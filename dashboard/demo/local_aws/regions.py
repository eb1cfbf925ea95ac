"""AWS Account Management: which regions are on in the account that asks."""

from __future__ import annotations

from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.wire import AwsError

DEFAULT_PAGE, LARGEST_PAGE = 20, 50


def list_regions(context: Context) -> dict[str, object]:
    """One page of the partition's regions with the account's opt-in state. Raises AwsError as AWS does."""
    account, params = context.account, context.call.params
    context.allow(f"arn:{account.partition}:account::{account.account_id}:account")
    if "AccountId" in params:
        text = "Your organization must first enable trusted access with AWS Account Management."
        raise AwsError(403, "AccessDeniedException", text)
    size, start = int(params.get("MaxResults", DEFAULT_PAGE)), _start(params.get("NextToken", ""))
    if not 1 <= size <= LARGEST_PAGE:
        raise AwsError(400, "ValidationException", f"MaxResults must be between 1 and {LARGEST_PAGE}")
    wanted = params.get("RegionOptStatusContains")
    found = [(code, state) for code, state in account.region_states.items() if not wanted or state in wanted]
    page = [{"RegionName": code, "RegionOptStatus": state} for code, state in found[start : start + size]]
    more = len(found) > start + size
    return {"Regions": page, **({"NextToken": f"from-{start + size}"} if more else {})}


def _start(token: str) -> int:
    digits = token.removeprefix("from-") or "0"
    if not digits.isdigit():
        raise AwsError(400, "ValidationException", "NextToken is not valid")
    return int(digits)


ANSWERS = {"ListRegions": list_regions}
