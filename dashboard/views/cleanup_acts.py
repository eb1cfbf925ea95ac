"""What people do to clean-ups: plan, confirm, approve, pause, cancel. The services decide; views ask and say."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.cleanups import ENDS
from accounts.models import Account
from accounts.services.cleanups import drawing, gates, rehearsal
from accounts.services.cleanups.errors import Refused
from accounts.services.protection import set_protected
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.aws_turn import aws_turn
from dashboard.bulk import begin
from dashboard.cleanup_page import Stage
from dashboard.sign_in import ask_again, freshly_signed_in, is_fresh
from dashboard.views.cleanups import cleanup_of, page_context
from dashboard.views.common import yes_or_no

page_or_act = require_http_methods(["GET", "HEAD", "POST"])


@require_POST
@open_to(Role.OPERATOR)
def cleanup_plan(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Begin to draw a plan for an account, and go to its page."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    return _draw(request, account, request.POST.getlist("include"))


@require_POST
@open_to(Role.OPERATOR)
def cleanup_redraw(request: ViewerRequest, number: int) -> HttpResponse:
    """Draw the plan anew: with the brokers that were ticked, or with the same as before."""
    cleanup = cleanup_of(request.user, number)
    if "choose" in request.POST:
        return _draw(request, cleanup.account, request.POST.getlist("include"))
    try:
        return redirect(drawing.redraw(cleanup, request.user.get_username()))
    except Refused as refused:
        _say(request, refused)
        return redirect(cleanup)


def _draw(request: ViewerRequest, account: Account, include: list[str]) -> HttpResponse:
    try:
        return redirect(drawing.request_plan(account, request.user.get_username(), include))
    except Refused as refused:
        _say(request, refused)
        return redirect(account.cleanups.open().first() or account)


@page_or_act
@open_to(Role.OPERATOR)
@freshly_signed_in
def cleanup_confirm(request: ViewerRequest, number: int) -> HttpResponse:
    """Show what is about to happen, and take the phrase that lets it."""
    cleanup, typed, refused = cleanup_of(request.user, number), "", None
    if request.method == "POST":
        typed = request.POST.get("phrase", "")
        try:
            gates.confirm(cleanup, request.user.get_username(), typed, request.POST.get("hash", ""))
            return redirect(cleanup)
        except Refused as error:
            refused = error
    return _gate_page(request, number, Stage.CONFIRM, refused, phrase=typed)


@page_or_act
@open_to(Role.OPERATOR)
@freshly_signed_in
def cleanup_approve(request: ViewerRequest, number: int) -> HttpResponse:
    """Show a second person the same plan with the same hash, and take their word."""
    cleanup, refused = cleanup_of(request.user, number), None
    if request.method == "POST":
        try:
            gates.approve(cleanup, request.user.get_username(), request.POST.get("hash", ""))
            messages.success(request, "Approved.")
            return redirect(cleanup)
        except Refused as error:
            refused = error
    return _gate_page(request, number, Stage.APPROVE, refused)


def _gate_page(
    request: ViewerRequest, number: int, stage: Stage, refused: Refused | None, **context: Any
) -> HttpResponse:
    """A page that stands before something that cannot be undone. Where there is nothing to ask, the clean-up's own."""
    cleanup = cleanup_of(request.user, number)
    shown = page_context(cleanup, request.user, stage)
    if refused is None and not getattr(shown["may"], stage.value):
        messages.info(request, f"There is nothing to {stage.value} here for you now.")
        return redirect(cleanup)
    shown |= {"refused": _sentences(refused) if refused else [], **context}
    return render(request, f"cleanup_{stage.value}.html", shown)


@require_POST
@open_to(Role.OPERATOR)
def cleanup_regions(request: ViewerRequest, number: int) -> HttpResponseBase:
    """Take a second person's word that regions nobody could look into hold nothing that matters."""
    cleanup, why = cleanup_of(request.user, number), request.POST.get("why", "").strip()
    if not is_fresh(request):
        return ask_again(cleanup.get_absolute_url())
    chosen = request.POST.getlist("region")
    if not chosen or not why:
        messages.error(request, "Tick the regions and give the reason: both stay on record.")
        return redirect(cleanup)
    _try(request, gates.accept_regions, cleanup, request.user.get_username(), chosen, why)
    return redirect(cleanup)


@require_POST
@open_to(Role.OPERATOR)
def cleanup_rehearse(request: ViewerRequest, number: int) -> HttpResponse:
    """Do everything but the deleting calls, and show the calls that there would be."""
    cleanup = cleanup_of(request.user, number)
    try:
        with aws_turn():
            rehearsed = rehearsal.rehearse(cleanup)
    except Refused as refused:
        _say(request, refused)
        return redirect(cleanup)
    context = page_context(cleanup_of(request.user, number), request.user) | {"rehearsal": rehearsed}
    return render(request, "cleanup_rehearsal.html", context)


@require_POST
@open_to(Role.OPERATOR)
def cleanup_paused(request: ViewerRequest, number: int) -> HttpResponse:
    """Hold a running clean-up before its next change, or let it go on."""
    cleanup = cleanup_of(request.user, number)
    act = gates.pause if yes_or_no(request, "paused") else gates.resume
    _try(request, act, cleanup, request.user.get_username())
    return redirect(cleanup)


@page_or_act
@open_to(Role.OPERATOR)
def cleanup_cancel(request: ViewerRequest, number: int) -> HttpResponse:
    """Say what has been done and what cannot be undone; then stop the clean-up, or discard the plan."""
    cleanup = cleanup_of(request.user, number)
    if request.method == "POST":
        try:
            messages.success(request, gates.cancel(cleanup, request.user.get_username()))
        except Refused as refused:
            _say(request, refused)
        return redirect(cleanup)
    if cleanup.state in ENDS:
        messages.info(request, f"{cleanup} is over: there is nothing to cancel.")
        return redirect(cleanup)
    return render(request, "cleanup_cancel.html", page_context(cleanup, request.user))


@require_POST
@open_to(Role.OPERATOR)
def account_protected(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Protect an account from every clean-up; to end that, go to the page that asks for a fresh sign-in."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    person = request.user.get_username()
    if not yes_or_no(request, "protected"):
        return redirect(begin(person, "unprotect", "account", "", [account.account_id], 1))
    set_protected(account, True, person)
    messages.success(request, f"{account.name} is protected: no clean-up deletes anything in it.")
    return redirect(account)


def _try(request: HttpRequest, act: Any, *arguments: Any) -> None:
    try:
        act(*arguments)
    except Refused as refused:
        _say(request, refused)


def _say(request: HttpRequest, refused: Refused) -> None:
    for sentence in _sentences(refused):
        messages.error(request, sentence)


def _sentences(refused: Refused) -> list[str]:
    """Each refusal by itself, or the message where there are none."""
    return [refusal.detail for refusal in refused.refusals] or [str(refused)]
