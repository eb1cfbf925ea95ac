"""The accounts, one a row."""

from __future__ import annotations

from collections import Counter
from typing import Any

import django_tables2 as tables
from django.db.models import Count, F
from django.db.models.functions import Coalesce
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.outcomes import Outcome, Verdict
from accounts.models import Account, Region
from dashboard.matrix import role_status_of, stored_total
from dashboard.tables.account_columns import (
    FailingColumn,
    LastPollColumn,
    StatusColumn,
    StatusTimeColumn,
    TrustColumn,
    UnitColumn,
)
from dashboard.tables.columns import (
    NumberColumn,
    SortedColumn,
    TextColumn,
    account_html,
    grade_html,
    quiet_zero,
    verdict_html,
)
from dashboard.words import asked_words

SETTLED = F("role_status__regions_ok") + F("role_status__regions_disabled")
VERDICT_AS_OF = Coalesce("role_status__verdict_last_known_at", "role_status__checked_at")


def asked_html(account: Account) -> SafeString:
    """Say that an account is asked less often, and why; one that is not polled at all says so beside its id."""
    if account.failed_polls and not account.paused and not account.rests:
        return format_html('<small class="grade warn">asked {}</small>', asked_words(account))
    return SafeString("")


class AccountTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Name and id, tags, what is known of the role, and how complete that is."""

    ticked = "name"

    name = SortedColumn("name", verbose_name="Account", attrs={"td": {"class": "who"}})
    # Below the name, where every list has them; columns of their own on wish and in exports.
    account_id = TextColumn("account_id", verbose_name="Id", visible=False)
    unit = UnitColumn()
    env = TextColumn("environment", verbose_name="Environment")
    owner = TextColumn("owner", verbose_name="Owner", visible=False)
    partition = TextColumn("partition", verbose_name="Partition", visible=False)
    verdict = StatusColumn("verdict", Verdict.UNKNOWN.value, verbose_name="Role")
    policy = StatusColumn("policy_grade", "", verbose_name="Policy")
    trust = TrustColumn(verbose_name="Trust")
    brokers = NumberColumn(
        "role_status__brokers",
        lambda a: role_status_of(a).brokers,
        value="role_status__brokers",
        verbose_name="Brokers",
    )
    # Only in an export, where the brokers stand without their `≥`: in how many regions they were counted or are off.
    regions_settled = NumberColumn(
        SETTLED,
        lambda a: role_status_of(a).regions_ok + role_status_of(a).regions_disabled,
        value=Coalesce(SETTLED, 0),
        verbose_name="Regions settled",
        visible=False,
    )
    failing = FailingColumn(verbose_name="Failing regions")
    checked_at = LastPollColumn(verbose_name="Last poll")
    # Likewise for exports: what role, policy and trust rest on, which the page tells by “last known”.
    verdict_as_of = StatusTimeColumn("verdict_as_of", VERDICT_AS_OF, verbose_name="Verdict as of", visible=False)
    role_outcome = StatusColumn("outcome", Outcome.NEVER.value, verbose_name="Role’s outcome", visible=False)
    role_last_ok_at = StatusTimeColumn("last_ok_at", verbose_name="Role last read", visible=False)
    policy_outcome = StatusColumn("policy_outcome", Outcome.NEVER.value, verbose_name="Policy’s outcome", visible=False)
    policy_last_ok_at = StatusTimeColumn("policy_last_ok_at", verbose_name="Policy last read", visible=False)

    nothing_yet = "No account is watched yet."
    how_to_begin = "An operator adds accounts under Onboarding; each is polled from then on."

    class Meta:
        template_name = "tables/accounts.html"
        empty_text = "No account matches these filters."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        counts = Region.objects.order_by().values_list("partition").annotate(Count("pk"))
        self.regions_in = Counter(dict(counts))

    def render_name(self, record: Account) -> SafeString:
        """Name and id, and what is unusual about how it is asked."""
        return account_html(record) + asked_html(record)

    def render_account_id(self, record: Account) -> str:
        """Grouped for the eye; an export has the plain digits."""
        return record.grouped_id

    def render_verdict(self, record: Account) -> SafeString:
        """The verdict."""
        return verdict_html(role_status_of(record))

    def render_policy(self, record: Account) -> SafeString:
        """The policy's grade; the trust policy has its own column here."""
        return grade_html(role_status_of(record))

    def render_brokers(self, record: Account) -> str:
        """The total with its reservation."""
        return quiet_zero(str(stored_total(role_status_of(record), self.regions_in[record.partition])))
