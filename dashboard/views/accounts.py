"""The list of accounts, and one account's page."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.services.publications import publications
from accounts.services.schedule import set_account_paused, set_interval
from dashboard.access import Person, Role, ViewerRequest, open_to, visible_accounts
from dashboard.account_page import (
    blockers,
    cleanup_context,
    flag_sentences,
    folded,
    policy_context,
    standings,
    verdict_sentence,
)
from dashboard.forms import IntervalForm
from dashboard.matrix import broker_total, regions_of, role_status_of, row_of, with_cells
from dashboard.organization_words import rest_words
from dashboard.publications import account_sentence
from dashboard.views.archive import archived_page, edits_context
from dashboard.views.common import listing_page, start_sweep, yes_or_no
from dashboard.views.onboarding import panel_context
from dashboard.words import POLICY_WORDS, TRUST_WORDS, asked_words

HISTORY_SHOWN = 50
POLLS_SHOWN = 10


@require_safe
@open_to(Role.VIEWER)
def account_list(request: ViewerRequest) -> HttpResponseBase:
    """All accounts, narrowed by the same filters as the matrix."""
    return listing_page(request, "accounts", "accounts.html", {})


@require_safe
@open_to(Role.VIEWER)
def account_detail(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Everything that is known of one account; of a deleted one, what was kept."""
    try:
        context = account_context(request.user, account_id)
    except Http404:
        return archived_page(request, account_id)
    return render(request, "account.html", context)


def account_context(person: Person, account_id: str) -> dict[str, object]:
    """Gather the page. Raises Http404 for an account that is not there or not visible."""
    mine = with_cells(visible_accounts(person)).select_related(
        "role_status__policy_document", "role_status__trust_document"
    )
    account = get_object_or_404(mine, account_id=account_id)
    status = role_status_of(account)
    cells = row_of(account, regions_of(visible_accounts(person).filter(pk=account.pk)))
    regions = standings(account, cells)
    brokers = list(account.brokers.all())
    found, now = blockers(regions, brokers), timezone.now()
    own, alike = folded(regions, now)
    published = publications(visible_accounts(person)).get(account.partition)
    return {
        "account": account,
        "status": status,
        "standings": own,
        "alike": alike,
        "brokers": brokers,
        "blockers": found,
        "total": broker_total(cells.values()),
        "sentence": verdict_sentence(status, found),
        "flags": flag_sentences(status, published),
        "beside_others": account_sentence(account.partition, status, published),
        "policy_words": POLICY_WORDS.get(status.policy_grade, ""),  # type: ignore[call-overload]
        "trust_words": TRUST_WORDS.get(status.trust_grade, ""),  # type: ignore[call-overload]
        "credentials": account.credentials.defer("sealed"),
        "changes": account.changes.all()[:HISTORY_SHOWN],
        "history_days": settings.CHANGE_KEEP_DAYS,
        "asked": asked_words(account),
        "rests": rest_words(account),
        "interval_form": IntervalForm.of(account),
        "polls": account.polls.select_related("sweep").order_by("-pk")[:POLLS_SHOWN],
        "now": now,
        **cleanup_context(account),
        **panel_context(account),
        **policy_context(account),
        **edits_context(account),
    }


@require_POST
@open_to(Role.OPERATOR)
def poll_account(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Start a sweep over this account alone."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    if rests := rest_words(account):
        messages.warning(request, f"{account.name} is {rests}: nobody can get in, so nothing is polled.")
        return redirect(account)
    chosen = visible_accounts(request.user).filter(pk=account.pk)
    return start_sweep(request, chosen, account.name, back=account.get_absolute_url())


@require_POST
@open_to(Role.OPERATOR)
def account_paused(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Pause one account, or let it be polled again."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    set_account_paused(account, yes_or_no(request, "paused"), request.user.get_username())
    state = "is paused: only “Poll this account” asks it" if account.paused else "is polled by schedule again"
    messages.success(request, f"{account.name} {state}.")
    return redirect(account)


@require_POST
@open_to(Role.OPERATOR)
def account_interval(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Give one account an interval of its own; none is the default."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    form = IntervalForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"The interval stays as it is. Minutes: {form.errors['minutes'][0]}")
    elif set_interval(account, form.seconds, request.user.get_username()):
        messages.success(request, f"{account.name} is asked {asked_words(account)}.")
    return redirect(account)
