"""The overview: totals and what needs a person."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Sweep
from accounts.services.tally import cells_of, census_of, tally
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.attention import attention
from dashboard.following import follows_sweeps
from dashboard.overview import overview_trends, region_strip, verdict_counts
from dashboard.tables.regions import regions_with_counts
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
    context = {
        "census": counted,
        "verdicts": verdict_counts(accounts),
        "attention": attention(accounts, regions, counted, now),
        "regions": region_strip(regions),
        "trends": overview_trends(accounts, counted, now),
        "sweep": Sweep.objects.first(),
        "fresh": fresh_words(),
    }
    return render(request, "overview.html", context)
