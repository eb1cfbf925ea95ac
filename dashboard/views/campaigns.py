"""Campaigns: chosen, looked at, confirmed, approved, followed, stopped."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import BulkAct, Campaign
from accounts.services.cleanups.campaign_acts import (
    MOST_ACCOUNTS,
    approve_campaign,
    cancel_campaign,
    confirm_campaign,
    create_campaign,
    offer_of,
    resume_campaign,
)
from accounts.services.cleanups.campaigns import progress_of_campaign, surprises_of
from accounts.services.cleanups.errors import Refused
from dashboard.access import Person, Role, ViewerRequest, known_accounts, open_to
from dashboard.addresses import number_of
from dashboard.selection import Selection, choice_of, selection_of
from dashboard.sign_in import ask_again, freshly_signed_in, is_fresh
from dashboard.tables.campaigns import MemberTable, campaigns_of, members_of
from dashboard.views.common import list_page, listing_page, wants_fragment

# In these the next move is a person's; in the others the page asks for news.
STILL = (Campaign.State.DRAFTED, Campaign.State.AWAITING_APPROVAL)


@require_safe
@open_to(Role.VIEWER)
def campaign_list(request: ViewerRequest) -> HttpResponseBase:
    """All campaigns, newest first."""
    return listing_page(request, "campaigns", "campaigns.html", {})


@require_safe
@open_to(Role.OPERATOR)
def campaign_new(request: ViewerRequest) -> HttpResponse:
    """Which accounts, how many that makes, and what happens next."""
    return _new_page(request, selection_of(_chosen(request), request.user))


def _new_page(request: ViewerRequest, selection: Selection, status: int = 200, **context: Any) -> HttpResponse:
    shown = {"selection": selection, "most": MOST_ACCOUNTS, **context}
    return render(request, "campaign_new.html", shown, status=status)


def _chosen(request: ViewerRequest) -> QueryDict:
    """What the address says, or what was chosen in a list and kept because it is too long for an address."""
    mine = BulkAct.objects.filter(person=request.user.get_username())
    kept = number_of(request.GET.get("chosen", ""))
    bulk = mine.filter(pk=kept).first() if kept else None
    return choice_of(bulk) if bulk else request.GET


@require_POST
@open_to(Role.OPERATOR)
def campaign_create(request: ViewerRequest) -> HttpResponse:
    """Have the plans drawn."""
    selection, name = selection_of(request.POST, request.user), request.POST.get("name", "")
    chosen = selection.chosen(request.POST.get("which", ""))
    try:
        campaign = create_campaign(chosen, request.user.get_username(), name)
    except Refused as refused:
        return _new_page(request, selection, 409, problem=str(refused), name=name)
    messages.success(request, f"{campaign}: every Amazon MQ region of its accounts is being looked at.")
    return redirect(campaign)


@require_safe
@open_to(Role.VIEWER)
def campaign_detail(request: ViewerRequest, number: int) -> HttpResponseBase:
    """One campaign as it stands. A page that shows another state than the campaign's is loaded anew."""
    campaign = campaign_of(request.user, number)
    if wants_fragment(request) and request.headers.get("X-Campaign-State") != campaign.state:
        return HttpResponseClientRefresh()
    offer = offer_of(campaign) if campaign.state in STILL else None
    table = MemberTable(members_of(campaign, known_accounts(request.user)), refused=offer.refused if offer else None)
    progress = progress_of_campaign(campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "offer": offer,
        "progress": progress,
        "surprises": list(surprises_of(campaign)) if campaign.state == Campaign.State.STOPPED else [],
        "open": campaign.state in Campaign.OPEN,
        "own": request.user.get_username() in (campaign.requested_by, campaign.confirmed_by),
        "moving": campaign.state not in STILL and (campaign.state in Campaign.OPEN or progress.working),
    }
    return list_page(request, table, "campaign.html", f"campaign-{campaign.pk}", **context)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
@freshly_signed_in
def campaign_confirm(request: ViewerRequest, number: int) -> HttpResponse:
    """The phrase, typed after a fresh sign-in."""
    campaign = campaign_of(request.user, number)
    if request.method != "POST":
        return _decision(request, campaign, "campaign_confirm.html")
    person, given = request.user.get_username(), request.POST
    try:
        campaign = confirm_campaign(campaign, person, given.get("phrase", ""), given.get("sha256", ""))
    except Refused as refused:
        return _decision(request, campaign, "campaign_confirm.html", problem=str(refused), status=409)
    waits = campaign.state == Campaign.State.AWAITING_APPROVAL
    messages.success(request, f"{campaign} is confirmed{': a second person has to approve it' if waits else ''}.")
    return redirect(campaign)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
@freshly_signed_in
def campaign_approve(request: ViewerRequest, number: int) -> HttpResponse:
    """The second person's yes, after a fresh sign-in."""
    campaign = campaign_of(request.user, number)
    if request.method != "POST":
        return _decision(request, campaign, "campaign_approve.html")
    try:
        campaign = approve_campaign(campaign, request.user.get_username(), request.POST.get("sha256", ""))
    except Refused as refused:
        return _decision(request, campaign, "campaign_approve.html", problem=str(refused), status=409)
    messages.success(request, f"{campaign} is approved and runs.")
    return redirect(campaign)


def _decision(
    request: ViewerRequest, campaign: Campaign, template: str, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page on which somebody decides; with the words of a refusal when there was one."""
    offer, person = offer_of(campaign), request.user.get_username()
    context = {
        "campaign": campaign,
        "offer": offer,
        "problem": problem,
        "own": person in (campaign.requested_by, campaign.confirmed_by),
    }
    return render(request, template, context, status=status)


@require_POST
@open_to(Role.OPERATOR)
def campaign_resume(request: ViewerRequest, number: int) -> HttpResponseBase:
    """Go on after a stop that the person has read of."""
    campaign = campaign_of(request.user, number)
    if not is_fresh(request):
        return ask_again(campaign.get_absolute_url())  # this address itself cannot be opened
    seen = [pk for text in request.POST.getlist("seen") if (pk := number_of(text)) is not None]
    try:
        resumed = resume_campaign(campaign, request.user.get_username(), seen)
        messages.success(request, f"{campaign} is {resumed.get_state_display()} again.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(campaign)


@require_POST
@open_to(Role.OPERATOR)
def campaign_cancel(request: ViewerRequest, number: int) -> HttpResponse:
    """Let nothing further begin. Stopping needs no fresh sign-in: it must never be held up."""
    campaign = campaign_of(request.user, number)
    try:
        said = cancel_campaign(campaign, request.user.get_username())
        messages.success(request, f"{campaign} is cancelled. {said}")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(campaign)


def campaign_of(person: Person, number: int) -> Campaign:
    """A campaign that takes in an account which the person may see. Raises Http404."""
    return get_object_or_404(campaigns_of(known_accounts(person)), pk=number)
