"""What has to hold before a plan is confirmed, approved or carried out."""

from __future__ import annotations

from django.conf import settings

from accounts.domain.protection import Refusal, account_refusals, broker_refusals, unreadable_regions
from accounts.models import Cleanup


def refusals_now(cleanup: Cleanup) -> list[Refusal]:
    """Why nothing may be deleted, by the protection of this moment."""
    account, plan, rules = cleanup.account, cleanup.plan, settings.CLEANUP_PROTECTION
    found = list(account_refusals(account.account_id, account.name, account.protected, rules))
    if plan is not None:
        found += [*broker_refusals(plan.deletes, rules), *unreadable_regions(plan, cleanup.accepted_regions)]
    return found
