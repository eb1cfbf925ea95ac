"""Pages that follow the sweeps: what their bar says, when it asks again, and the mark of what they were drawn from."""

from __future__ import annotations

from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import AccountQuerySet, Sweep
from accounts.services.schedule import polling_pause
from accounts.services.sweeps import Progress, progress_of
from accounts.services.watching import standing
from dashboard.access import View, ViewerRequest, visible_accounts

ANNOUNCED_STEP = 25  # per cent: a screen reader hears of a sweep five times, not every two seconds
# When a bar asks again. A button of the page that begins a sweep tells it at once.
RUNNING = "every 2s"
OVER = "every 8s, sweep-begun from:body"  # its end can be read for so long
IDLE = "every 30s, sweep-begun from:body"


def follows_sweeps(view: View) -> View:
    """Let a view's page follow the sweeps. How they stand is read before any row: what comes in between is news."""

    @wraps(view)
    def followed(request: ViewerRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        request.following = following(visible_accounts(request.user))  # the context processor gives it to the templates
        return view(request, *args, **kwargs)

    return followed


def following(accounts: AccountQuerySet) -> dict[str, Any]:
    """How sweeps stand: the bar of the running one, the mark of what there is to be seen, the pause of all polling."""
    now, address = standing(), reverse("running-bar")
    known = {"pause": SimpleLazyObject(polling_pause), "newest": now.newest, "mark": now.mark}
    if now.running is None:
        asks = f"{address}?{urlencode({'seen': now.mark})}"
        return {**known, "bar": None, "asks": asks, "every": IDLE}
    return {**known, **bar_context(now.running, accounts)}


def bar_context(sweep: Sweep, accounts: AccountQuerySet) -> dict[str, Any]:
    """What the bar says of its sweep's polls of these accounts, and what it asks next: after the end, the idle look."""
    progress, address = progress_of(sweep, accounts), reverse("running-bar")
    step = 100 if progress.finished else progress.percent // ANNOUNCED_STEP * ANNOUNCED_STEP
    again = f"{address}?{urlencode({'said': step, 'sweep': sweep.pk})}"
    asks, every = (address, OVER) if progress.finished else (again, RUNNING)
    return {"bar": sweep, "progress": progress, "over": progress.finished, "step": step, "asks": asks, "every": every}


def own_bar(sweep: Sweep, accounts: AccountQuerySet) -> dict[str, Any]:
    """The bar on the sweep's own page, which follows nothing else; polls may end after their sweep was cancelled."""
    context = bar_context(sweep, accounts)
    progress: Progress = context["progress"]
    left = progress.queued + progress.running
    again = f"{reverse('sweep-bar', args=[sweep.pk])}?{urlencode({'said': context['step']})}"
    asks = "" if progress.finished and not left else again
    return {**context, "mark": f"{sweep.state}.{left}", "asks": asks, "every": RUNNING}
