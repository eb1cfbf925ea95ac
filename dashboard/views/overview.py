"""The overview: totals and what needs a person."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.services.daily_figures import measure
from accounts.services.tally import cells_of, census_of, tally
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.at_work import at_work
from dashboard.attention import attention
from dashboard.behind import behind, engine_figures
from dashboard.following import follows_sweeps
from dashboard.formats import FORMATS
from dashboard.last_sweep import last_sweep
from dashboard.matrix import census
from dashboard.overview import days_export, overview_trends, region_strip, verdict_counts
from dashboard.tables.regions import regions_with_counts
from dashboard.views.common import table_file
from dashboard.words import fresh_words, stale_before


@require_safe
@open_to(Role.VIEWER)
@follows_sweeps
def overview(request: ViewerRequest) -> HttpResponse:
    """Totals, what needs a person, the last sweep and the regions."""
    accounts, now = visible_accounts(request.user), timezone.now()
    tallies = tally(cells_of(accounts), stale_before(now))
    regions = list(regions_with_counts(accounts, tallies=tallies))
    counted = census_of(accounts, tallies)
    figures, last = measure(accounts, counted, now), last_sweep(accounts)
    context = {
        "census": counted,
        "behind": behind(counted),
        "engines": engine_figures(accounts, counted),
        "verdicts": verdict_counts(accounts, figures),
        "attention": attention(accounts, regions, counted, now),
        "regions": region_strip(regions),
        "trends": overview_trends(figures, now),
        "unasked": counted.accounts - figures.accounts,
        "sweep": last.sweep if last else None,
        "last": last,
        "work": at_work(accounts, now),
        "fresh": fresh_words(),
        "formats": FORMATS,
    }
    return render(request, "overview.html", context)


@require_safe
@open_to(Role.VIEWER)
def overview_days(request: ViewerRequest) -> HttpResponseBase:
    """The ninety days of the overview as a file."""
    accounts, now = visible_accounts(request.user), timezone.now()
    figures = measure(accounts, census(accounts, now), now)
    return table_file(request, days_export(overview_trends(figures, now)))
