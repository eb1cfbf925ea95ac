"""Sweeps: the list, one sweep, and the bar that moves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Case, Value, When
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling, trigger_client_event

from accounts.models import Poll, Sweep
from accounts.services.schedule import pause_polling, polling_pause, resume_polling
from accounts.services.sweep_facts import facts_of
from accounts.services.sweeps import Progress, cancel_sweep, progress_of, running_sweep
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.poll_filter import PollFilter
from dashboard.tables.sweeps import PollTable
from dashboard.views.common import list_page, listing_page, yes_or_no

ANNOUNCED_STEP = 25  # per cent: a screen reader hears of a sweep five times, not every two seconds


@require_safe
@open_to(Role.VIEWER)
def sweep_list(request: ViewerRequest) -> HttpResponseBase:
    """All sweeps, newest first."""
    return listing_page(request, "sweeps", "sweeps.html", {"pause": polling_pause()})


@require_safe
@open_to(Role.VIEWER)
def sweep_detail(request: ViewerRequest, sweep_id: int) -> HttpResponseBase:
    """One sweep with its polls, those with a problem first."""
    sweep = get_object_or_404(Sweep, pk=sweep_id)
    trouble = Case(When(state=Poll.State.FAILED, then=Value(0)), When(failing_regions__gt=0, then=Value(1)), default=2)
    polls = sweep.polls.filter(account__in=visible_accounts(request.user).order_by().values("pk"))
    narrowed = PollFilter(request.GET, queryset=polls.select_related("account"))
    table = PollTable(narrowed.qs.order_by(trouble, "account__name", "pk"))
    context = {"sweep": sweep, "facts": facts_of(polls), "filter": narrowed, **bar_context(sweep)}
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
    """The bar of whichever sweep runs; an idle page asks now and then."""
    return render(request, "_sweep_bar.html", running_context())


@require_safe
@open_to(Role.VIEWER)
def sweep_bar(request: ViewerRequest, sweep_id: int) -> HttpResponse:
    """One sweep's bar. Tells the page that there is news; 286 stops the asking once the sweep is over."""
    sweep = get_object_or_404(Sweep, pk=sweep_id)
    context = bar_context(sweep)
    if request.GET.get("said") != str(context["step"]):
        context["say"] = True
    response = render(request, "_sweep_bar.html", context)
    if context["over"]:
        response = HttpResponseStopPolling(response.content)
    return trigger_client_event(response, "sweep-ended" if context["over"] else "sweep-moved")


def bar_context(sweep: Sweep) -> dict[str, Any]:
    """What a bar needs to know of its sweep."""
    progress: Progress = progress_of(sweep)
    step = 100 if progress.finished else progress.percent // ANNOUNCED_STEP * ANNOUNCED_STEP
    return {"bar": sweep, "progress": progress, "over": progress.finished, "step": step}


def running_context() -> dict[str, Any]:
    """The bar of the running sweep and the pause of all polling, for pages that show them."""
    sweep = running_sweep()
    return {"pause": polling_pause(), **(bar_context(sweep) if sweep else {})}
