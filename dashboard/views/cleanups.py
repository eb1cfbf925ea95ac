"""Clean-ups: the list, one clean-up's page whose content follows its state, and its journal."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from accounts.domain.cleanups import ENDS, ROLE_DELETED, State
from accounts.domain.plans import Plan
from accounts.models import Cleanup, Region
from accounts.services.cleanups.gates import refusals_now
from accounts.services.cleanups.journal import in_the_dark
from accounts.services.cleanups.so_far import done_so_far
from dashboard.access import Person, Role, ViewerRequest, known_accounts, may, open_to, visible_accounts
from dashboard.cleanup_page import (
    Stage,
    broker_lines,
    powers,
    said_refusals,
    seen_token,
    stage_of,
    stepper,
    unseen_regions,
    usage_rows,
)
from dashboard.cleanup_timeline import broker_progress, timeline
from dashboard.cleanup_words import deletes_words, plan_sentence, state_words
from dashboard.exports import table_export
from dashboard.formats import FORMATS
from dashboard.tables.cleanups import JournalTable
from dashboard.views.common import export_response, listing_page, wants_fragment

JOURNAL_SHOWN = 200


@require_safe
@open_to(Role.VIEWER)
def cleanup_list(request: ViewerRequest) -> HttpResponseBase:
    """All clean-ups, newest first."""
    some = Cleanup.objects.filter(account__in=visible_accounts(request.user).order_by().values("pk")).exists()
    return listing_page(request, "cleanups", "cleanups.html", {"some": some})


@require_safe
@open_to(Role.VIEWER)
def cleanup_detail(request: ViewerRequest, number: int) -> HttpResponse:
    """One clean-up as it stands; to HTMX only what is new: 204 when nothing is, 286 when it is over."""
    cleanup = cleanup_of(request.user, number)
    if wants_fragment(request) and request.GET.get("seen") == seen_token(cleanup):
        return HttpResponse(status=204)
    context = page_context(cleanup, request.user)
    if not wants_fragment(request):
        return render(request, "cleanup.html", context)
    response = render(request, "_cleanup.html", {**context, "say": True})
    return HttpResponseStopPolling(response.content) if context["over"] else response


@require_safe
@open_to(Role.VIEWER)
def cleanup_journal(request: ViewerRequest, number: int) -> HttpResponseBase:
    """The whole journal of one clean-up as CSV."""
    cleanup = cleanup_of(request.user, number)
    journal = table_export(f"clean-up-{cleanup.pk}-journal", JournalTable(cleanup.journal.order_by("pk")))
    return export_response(journal, FORMATS["csv"])


def cleanup_of(person: Person, number: int) -> Cleanup:
    """The clean-up of an account that the person may see or could see before it was deleted. Raises Http404."""
    mine = known_accounts(person).order_by().values("pk")
    known = Cleanup.objects.filter(account__in=mine).select_related("account__role_status", "campaign")
    return get_object_or_404(known, pk=number)


def page_context(cleanup: Cleanup, user: User, now_at: Stage | None = None) -> dict[str, Any]:
    """What a page about one clean-up needs, whichever of the steps it shows."""
    plan, unreadable = plan_of(cleanup)
    seen = seen_token(cleanup)  # before the rest is read: what comes in between is shown by the next question
    targets, journal = list(cleanup.targets.all()), list(cleanup.journal.all())
    over, stage = cleanup.state in ENDS, stage_of(cleanup)
    refusals = (
        []
        if over or plan is None
        else said_refusals((r.rule, r.detail) for r in refusals_now(cleanup, cleanup.account))
    )
    context = {
        "cleanup": cleanup,
        "account": cleanup.account,
        "plan": plan,
        "stage": stage.value,
        "steps": stepper(cleanup, now_at or stage),
        "over": over,
        "proved": cleanup.state == State.DONE and cleanup.reason == ROLE_DELETED,
        "seen": seen,
        "may": powers(cleanup, user.get_username(), may(user, Role.OPERATOR), bool(refusals) or plan is None),
        "refusals": refusals,
        "done_so_far": done_so_far(cleanup),
        "state_words": state_words(cleanup),
        "problem": unreadable or cleanup.problem,
        "journal": journal[-JOURNAL_SHOWN:],
        "journal_left_out": max(0, len(journal) - JOURNAL_SHOWN),
    }
    if plan is None:
        return context | _looking(cleanup)
    return context | _planned(cleanup, plan) | _running(cleanup, plan, targets, journal)


def plan_of(cleanup: Cleanup) -> tuple[Plan | None, str]:
    """The plan, or why it cannot be shown: another version of Rolecall has drawn it."""
    try:
        return cleanup.plan, ""
    except ValueError as error:
        return None, f"{error}"


def _looking(cleanup: Cleanup) -> dict[str, Any]:
    return {"regions": Region.objects.filter(partition=cleanup.account.partition).count()}


def _planned(cleanup: Cleanup, plan: Plan) -> dict[str, Any]:
    deletes, keeps = broker_lines(plan.deletes, cleanup.include_arns), broker_lines(plan.keeps)
    return {
        "sentence": plan_sentence(plan),
        "goes": deletes_words(len(plan.deletes), bool(plan.role_arn)),
        "deletes": deletes,
        "keeps": keeps,
        "deletes_tell": any(line.tells for line in deletes),
        "keeps_tell": any(line.tells for line in keeps),
        "unseen": unseen_regions(cleanup, plan),
        "one_step": bool(plan.role_arn) and not plan.deletes,
    }


def _running(cleanup: Cleanup, plan: Plan, targets: list[Any], journal: list[Any]) -> dict[str, Any]:
    return {
        "timeline": timeline(cleanup, plan, journal),
        "brokers": broker_progress(targets, cleanup.state in ENDS, in_the_dark(cleanup)),
        "usage": usage_rows(cleanup, plan),
    }
