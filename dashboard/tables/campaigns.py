"""Campaigns, one a row, and the accounts of one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import django_tables2 as tables
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.cleanups import AT_WORK, ENDS, State
from accounts.models import AccountQuerySet, Campaign, Cleanup, Target
from accounts.services.cleanups.campaign_acts import NOT_BEGUN
from dashboard.cleanup_words import deletes_words, state_html, state_words
from dashboard.tables.columns import NumberColumn, SortedColumn, TextColumn, TimeColumn, account_html

CAMPAIGN_SIGNS = {
    Campaign.State.DRAWING: ("◌", "in_use"),
    Campaign.State.DRAFTED: ("○", "unused"),
    Campaign.State.AWAITING_APPROVAL: ("◔", "unused"),
    Campaign.State.RUNNING: ("▸", "in_use"),
    Campaign.State.STOPPED: ("✕", "danger"),
    Campaign.State.DONE: ("✓", "good"),
    Campaign.State.CANCELLED: ("–", "no"),
}
REFUSED, WAITS_ITS_TURN, LEFT_OUT = "refused", "waits its turn", "left out"
MEMBER_SIGNS = {REFUSED: "⊘", WAITS_ITS_TURN: "◔", LEFT_OUT: "⊘"}
CAMPAIGN_WORDS = {Campaign.State.DRAFTED: "to be confirmed"}


def campaign_words(campaign: Campaign) -> str:
    """The state in words."""
    state = Campaign.State(campaign.state)
    return CAMPAIGN_WORDS.get(state, str(state.label))


def campaign_html(campaign: Campaign) -> SafeString:
    """The state as a chip with sign and word."""
    sign, tone = CAMPAIGN_SIGNS[Campaign.State(campaign.state)]
    said = '<span class="chip {}"><span aria-hidden="true">{}</span> {}</span>'
    return format_html(said, tone, sign, campaign_words(campaign))


def campaigns_of(accounts: AccountQuerySet) -> QuerySet[Campaign]:
    """The campaigns that take in at least one of these accounts, with what became of each's accounts."""
    mine = Cleanup.objects.filter(campaign=OuterRef("pk"), account__in=accounts.order_by().values("pk"))
    confirmed = Q(cleanups__confirmed_at__isnull=False)
    return Campaign.objects.filter(Exists(mine)).annotate(
        accounts=Count("cleanups"),
        going=Count("cleanups", filter=confirmed),
        done=Count("cleanups", filter=confirmed & Q(cleanups__state=State.DONE)),
        otherwise=Count("cleanups", filter=confirmed & Q(cleanups__state__in=ENDS - {State.DONE})),
    )


class CampaignTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """Newest first."""

    number = SortedColumn("pk", lambda c: c.pk, verbose_name="Campaign", attrs={"td": {"class": "strong"}})
    name = TextColumn("name", lambda c: c.name, verbose_name="Name", attrs={"td": {"class": "note"}})
    state = SortedColumn("state", campaign_words, verbose_name="State")
    accounts = NumberColumn("accounts", lambda c: c.accounts, verbose_name="Accounts")
    going = NumberColumn("going", lambda c: c.going, verbose_name="Confirmed")
    done = NumberColumn("done", lambda c: c.done, verbose_name="Done")
    otherwise = NumberColumn("otherwise", lambda c: c.otherwise, verbose_name="Ended otherwise")
    requested_by = TextColumn("requested_by", lambda c: c.requested_by, verbose_name="Asked by")
    confirmed_by = TextColumn("confirmed_by", lambda c: c.confirmed_by, verbose_name="Confirmed by")
    approved_by = TextColumn("approved_by", lambda c: c.approved_by, verbose_name="Approved by")
    created_at = TimeColumn("created_at", lambda c: c.created_at, verbose_name="Asked")
    finished_at = TimeColumn("finished_at", lambda c: c.finished_at, verbose_name="Ended")

    class Meta:
        empty_text = "No campaign yet."

    def render_number(self, record: Campaign) -> SafeString:
        """The number, linked to the campaign's page."""
        return format_html('<a href="{}">Campaign {}</a>', record.get_absolute_url(), f"{record.pk:,}")

    def render_state(self, record: Campaign) -> SafeString:
        """The state with its sign."""
        return campaign_html(record)

    def render_finished_at(self, record: Campaign, column: TimeColumn) -> SafeString | str:
        """The age; a dash while it is open, which is not “never”."""
        return column.render(record) if record.finished_at else "–"


def members_of(campaign: Campaign, accounts: AccountQuerySet) -> QuerySet[Cleanup]:
    """The clean-ups of a campaign, with how many brokers each deletes and how many of them are gone."""
    gone = Count("targets", filter=Q(targets__state=Target.State.GONE))
    mine = campaign.cleanups.filter(account__in=accounts.order_by().values("pk"))
    return (
        mine.select_related("account", "campaign")
        .annotate(brokers=Count("targets"), gone=gone)
        .order_by("account__name", "pk")
    )


# What the campaign's offer says of plans that cannot be confirmed, by key; None where there is nothing to decide.
Reasons = Mapping[int, str] | None


def member_words(cleanup: Cleanup, refused: Reasons = None) -> str:
    """Where an account of a campaign stands: the clean-up's own state, or what the campaign adds to it."""
    if is_refused(cleanup, refused):
        return REFUSED
    if cleanup.state == State.APPROVED and cleanup.turn_at is None:
        return WAITS_ITS_TURN
    if was_left_out(cleanup):
        return LEFT_OUT
    return state_words(cleanup)


def is_refused(cleanup: Cleanup, refused: Reasons) -> bool:
    """Whether a plan that is drawn would be left out: by the rules of now, which are the offer's, if there is one."""
    if cleanup.plan_json is None or cleanup.state not in NOT_BEGUN:
        return False
    if refused is not None:
        return cleanup.pk in refused
    return cleanup.state == State.DRAFTED and bool(cleanup.refusals)


def was_left_out(cleanup: Cleanup) -> bool:
    """Whether the campaign was confirmed without this account."""
    confirmed = cleanup.campaign is not None and cleanup.campaign.confirmed_at is not None
    return confirmed and cleanup.confirmed_at is None and cleanup.state == State.CANCELLED


def deletes_of(cleanup: Any) -> str:
    """What goes, in words; empty while nobody knows."""
    if cleanup.plan_json is None:
        return ""
    return deletes_words(cleanup.brokers, bool(cleanup.plan_json.get("role_arn")))


def why_of(cleanup: Cleanup, refused: Reasons = None) -> str:
    """Why it stands there: the rules that refuse it, what it waits for, how it ended."""
    if refused is not None:
        return refused.get(cleanup.pk, cleanup.reason)
    if cleanup.state == State.DRAFTED:
        return cleanup.problem or " ".join(refusal["detail"] for refusal in cleanup.refusals)
    return cleanup.reason


class MemberTable(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    """One account of a campaign, a row, on the page and in a file alike."""

    account = SortedColumn(
        "account__name", lambda c: c.account.name, verbose_name="Account", attrs={"td": {"class": "who"}}
    )
    account_id = TextColumn(
        "account__account_id", lambda c: c.account.account_id, verbose_name="Account id", visible=False
    )
    state = SortedColumn("state", member_words, verbose_name="State")
    deletes = TextColumn("brokers", deletes_of, verbose_name="Deletes")
    gone = NumberColumn("gone", lambda c: c.gone, verbose_name="Brokers gone")
    why = TextColumn("reason", why_of, verbose_name="Why", attrs={"td": {"class": "note why"}})
    plan = SortedColumn("pk", lambda c: c.plan_sha256, verbose_name="Plan")

    caption = "Clean-ups of this campaign"

    class Meta:
        empty_text = "No account here."

    def __init__(self, *args: Any, refused: Reasons = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused = refused
        self.columns["state"].column.export = partial(member_words, refused=refused)
        self.columns["why"].column.export = partial(why_of, refused=refused)

    def render_account(self, record: Cleanup) -> SafeString:
        """The account's name and id."""
        return account_html(record.account)

    def render_state(self, record: Cleanup) -> SafeString:
        """The state with its sign."""
        words = member_words(record, self.refused)
        if sign := MEMBER_SIGNS.get(words):
            return format_html('<span class="chip no"><span aria-hidden="true">{}</span> {}</span>', sign, words)
        return state_html(record)

    def render_gone(self, record: Any) -> str:
        """How many of how many, once it is under way."""
        begun = record.brokers and (record.state in AT_WORK or record.gone)
        return f"{record.gone} of {record.brokers}" if begun else "–"

    def render_plan(self, record: Cleanup) -> SafeString:
        """The clean-up's number, linked to its page."""
        return format_html('<a href="{}">Clean-up {}</a>', record.get_absolute_url(), f"{record.pk:,}")
