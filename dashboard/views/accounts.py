"""The list of accounts, and one account's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Account, RoleStatus
from accounts.services.publications import DRIFTED, has, publications
from accounts.services.schedule import polling_pause, set_account_paused, set_interval
from dashboard.access import Role, ViewerRequest, known_accounts, open_to, visible_accounts
from dashboard.account_guide import guide_context
from dashboard.account_history import history_export, kind_of, timeline
from dashboard.account_page import answers, blockers, cleanups_of, flag_sentences, folded, standings, verdict_sentence
from dashboard.account_polling import next_poll, open_poll, poll_mark
from dashboard.account_steps import Known, frozen, next_step, obstacles
from dashboard.exports import matrix_export
from dashboard.following import follows_sweeps
from dashboard.forms import IntervalForm
from dashboard.last_known import verdict_words
from dashboard.matrix import broker_total, regions_of, role_status_of, row_of, with_cells
from dashboard.organization_words import rest_words
from dashboard.publications import account_sentence
from dashboard.tables.account_brokers import brokers_of
from dashboard.views.archive import archived_page, edits_context
from dashboard.views.common import list_page, listing_page, start_sweep, table_file, yes_or_no
from dashboard.views.onboarding import panel_context
from dashboard.words import TRUST_WORDS, asked_words

POLLS_SHOWN = 10


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def account_list(request: ViewerRequest) -> HttpResponseBase:
    """All accounts, narrowed by the same filters as the matrix."""
    return listing_page(request, "accounts", "accounts.html", {})


@require_safe
@open_to(Role.VIEWER)
def account_detail(request: ViewerRequest, account_id: str) -> HttpResponseBase:
    """Everything that is known of one account, with `_export=` its brokers; of a deleted one, what was kept."""
    mark = poll_mark(account_id)  # before anything else is read
    mine = with_cells(visible_accounts(request.user)).select_related(
        "role_status__policy_document", "role_status__trust_document"
    )
    account = mine.filter(account_id=account_id).first()
    if account is None:
        return archived_page(request, account_id)
    context = {**account_context(request, account), "mark": mark}
    name, own = f"brokers-{account.account_id}", frozenset({"kind", "history"})
    return list_page(request, brokers_of(account), "account.html", name, own, **context)


@require_safe
@open_to(Role.VIEWER)
def account_regions_file(request: ViewerRequest, account_id: str) -> HttpResponseBase:
    """The account's regions as a file, with the columns of the matrix's export."""
    mine = visible_accounts(request.user).filter(account_id=account_id)
    if not mine.exists():
        raise Http404
    return table_file(request, replace(matrix_export(mine), name=f"regions-{account_id}"))


@require_safe
@open_to(Role.VIEWER)
def account_history_file(request: ViewerRequest, account_id: str) -> HttpResponseBase:
    """The account's changes as a file, of the kind that its page shows; those of a deleted account too."""
    account = get_object_or_404(known_accounts(request.user), account_id=account_id)
    kind = kind_of(request.GET)
    understood = frozenset({"kind"} if request.GET.get("kind", "") == kind else ())
    return table_file(request, history_export(account, kind), understood, *(("filtered", kind) if kind else ()))


def account_context(request: ViewerRequest, account: Account) -> dict[str, Any]:
    """Gather the page of an account that came `with_cells`."""
    status, now = role_status_of(account), timezone.now()
    return {
        "account": account,
        "status": status,
        "trust_words": TRUST_WORDS.get(status.trust_grade, ""),  # type: ignore[call-overload]
        "credentials": account.credentials.defer("sealed"),
        "timeline": timeline(account, request.GET),
        "history_days": settings.CHANGE_KEEP_DAYS,
        "now": now,
        **standing_context(request, account, status, now),
        **polling_context(account, now),
        **panel_context(account),
        **guide_context(account, now),
        **edits_context(account),
    }


def standing_context(request: ViewerRequest, account: Account, status: RoleStatus, now: datetime) -> dict[str, object]:
    """The verdict, what it rests on, what stops a deletion, and the next step."""
    cells = row_of(account, regions_of(visible_accounts(request.user).filter(pk=account.pk)))
    regions, brokers = standings(account, cells), list(account.brokers.all())
    found = blockers(regions, brokers)
    own, alike = folded(regions, now)
    published = publications(visible_accounts(request.user)).get(account.partition)
    cleanups = cleanups_of(account)
    drifted = status.policy_grade in DRIFTED and not has(status, published)
    known = Known(account, status, found, cleanups.open_one, cleanups.protections, drifted)
    return {
        "standings": own,
        "alike": alike,
        "answers": answers(regions),
        "brokers": brokers,
        "blockers": found,
        "total": broker_total(cells.values()),
        "sentence": verdict_sentence(status, found),
        "flags": flag_sentences(status),
        "beside_others": account_sentence(account.partition, status, published),
        "obstacles": obstacles(known),
        "frozen_until": frozen(now),
        "next_step": next_step(known),
        "cleanups": cleanups,
    }


def polling_context(account: Account, now: datetime) -> dict[str, object]:
    """How the account is asked: the poll under way, the next one, the latest ones."""
    pause = polling_pause()
    return {
        "asked": asked_words(account),
        "pause": pause,
        "next_poll": next_poll(account, pause, now),
        "open_poll": open_poll(account),
        "rests": rest_words(account),
        "interval_form": IntervalForm.of(account),
        "polls": account.polls.select_related("sweep").order_by("-pk")[:POLLS_SHOWN],
    }


@require_safe
@open_to(Role.VIEWER)
def account_following(request: ViewerRequest, account_id: str) -> HttpResponse:
    """The strip that follows the account's polls; an idle page asks now and then, and gets 204 while nothing is new."""
    mark = poll_mark(account_id)
    mine = visible_accounts(request.user).select_related("role_status")
    account = get_object_or_404(mine, account_id=account_id)
    if request.GET.get("seen") == mark:
        return HttpResponse(status=204)
    verdict = verdict_words(role_status_of(account))
    context = {"account": account, "open_poll": open_poll(account), "mark": mark, "verdict": verdict, "told": True}
    return render(request, "account/_following.html", context)


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
