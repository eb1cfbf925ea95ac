"""Sweeps: the list, one sweep, and the bar that moves."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Case, Value, When
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from accounts.models import Poll, Sweep
from accounts.services.schedule import pause_polling, resume_polling
from accounts.services.sweep_facts import facts_of
from accounts.services.sweeps import cancel_sweep
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.addresses import number_of
from dashboard.following import bar_context, following, follows_sweeps, own_bar
from dashboard.poll_filter import PollFilter
from dashboard.tables.sweeps import PollTable
from dashboard.views.common import list_page, listing_page, yes_or_no


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def sweep_list(request: ViewerRequest) -> HttpResponseBase:
    """All sweeps, newest first."""
    return listing_page(request, "sweeps", "sweeps.html", {})


@require_safe
@open_to(Role.VIEWER)
def sweep_detail(request: ViewerRequest, sweep_id: int) -> HttpResponseBase:
    """One sweep with its polls, those with a problem first."""
    sweep = get_object_or_404(Sweep, pk=sweep_id)
    mine = visible_accounts(request.user)
    bar = own_bar(sweep, mine)  # before the polls are read
    trouble = Case(When(state=Poll.State.FAILED, then=Value(0)), When(failing_regions__gt=0, then=Value(1)), default=2)
    polls = sweep.polls.filter(account__in=mine.order_by().values("pk"))
    narrowed = PollFilter(request.GET, queryset=polls.select_related("account"))
    table = PollTable(narrowed.qs.order_by(trouble, "account__name", "pk"))
    context = {"sweep": sweep, "facts": facts_of(polls), "filter": narrowed, **bar}
    return list_page(request, table, "sweep.html", f"sweep-{sweep.pk}", **context)


@require_POST
@open_to(Role.OPERATOR)
def sweep_cancel(request: ViewerRequest, sweep_id: int) -> HttpResponse:
    """Stop a sweep."""
    sweep = get_object_or_404(Sweep, pk=sweep_id)
    if cancel_sweep(sweep, request.user.get_username()):
        messages.success(request, f"{sweep} is cancelled. Accounts that were being polled end by themselves.")
    else:
        messages.info(request, f"{sweep} was over already.")
    return redirect(sweep)


@require_POST
@open_to(Role.OPERATOR)
def polling_paused(request: ViewerRequest) -> HttpResponse:
    """Pause the schedule for all accounts, or let it go on."""
    actor = request.user.get_username()
    if yes_or_no(request, "paused"):
        pause_polling(actor)
        messages.success(request, "Polling is paused. A sweep that runs goes on: its page can cancel it.")
    else:
        resume_polling(actor)
        messages.success(request, "Polling goes on: accounts that are due are polled within a minute.")
    return redirect("sweeps")


@require_safe
@open_to(Role.VIEWER)
def running_bar(request: ViewerRequest) -> HttpResponse:
    """The bar of whichever sweep runs, for some seconds of the one that has just ended, else the idle look.

    An idle page asks now and then, and is answered with 204 as long as it has seen everything.
    """
    mine, followed = visible_accounts(request.user), number_of(request.GET.get("sweep", ""))
    context = following(mine)
    if context["bar"] is None and followed and (ended := Sweep.objects.filter(pk=followed).first()):
        context |= bar_context(ended, mine)
    if context["bar"] is None and request.GET.get("seen") == context["mark"]:
        return HttpResponse(status=204)
    # Whoever listens is not told of every round of the schedule, only of what somebody waits for.
    told = context["bar"] is not None and context["bar"].reason != Sweep.Reason.SCHEDULE
    context["say"] = told and request.GET.get("said") != str(context["step"])
    return render(request, "_sweep_bar.html", context)


@require_safe
@open_to(Role.VIEWER)
def sweep_bar(request: ViewerRequest, sweep_id: int) -> HttpResponse:
    """One sweep's bar on its own page; 286 stops the asking once nothing of the sweep can change any more."""
    context = own_bar(get_object_or_404(Sweep, pk=sweep_id), visible_accounts(request.user))
    context["say"] = request.GET.get("said") != str(context["step"])
    response = render(request, "_sweep_bar.html", context)
    return response if context["asks"] else HttpResponseStopPolling(response.content)
