"""Acts over many accounts: chosen in a list, looked at on a page of their own, done, and perhaps taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.identifiers import parse_account_id
from accounts.models import AuditEntry, BulkAct
from accounts.services.access_checks import request_checks
from accounts.services.acts import Changed, Tally, TooMany
from accounts.services.undoing import UNDO_HOURS, CannotUndo, undo, unprotects, why_not
from dashboard.access import Role, ViewerRequest, open_to
from dashboard.addresses import number_of
from dashboard.bulk import DEEDS, Prepared, begin, finish, prepare
from dashboard.selection import ALL, TICKED, ticked_in
from dashboard.sign_in import ask_again, is_fresh
from dashboard.views.common import start_sweep
from dashboard.words import plural

LOSSES_SHOWN = 8  # of the values that accounts lose, the most common first
PLAN = "plan"  # leads to a campaign
LISTS = ("accounts", "matrix")
ACCOUNT = "account"  # an account's own page, for an act on it alone


@require_POST
@open_to(Role.OPERATOR)
def act_begin(request: ViewerRequest) -> HttpResponse:
    """Keep what was chosen in a list, and go on to the act's page."""
    key, page, query = (request.POST.get(name, "") for name in ("act", "page", "filter"))
    if key not in (*DEEDS, PLAN):
        raise BadRequest(f"act: use {', '.join((*DEEDS, PLAN))}.")
    ticked = ticked_in(request.POST) if request.POST.get("which", TICKED) != ALL else []
    if not ticked and request.POST.get("which") != ALL and key != PLAN:
        messages.warning(request, "No account is ticked. Tick some, or choose all that match the filters.")
        return redirect(list_address(page if page in LISTS else "accounts", query))
    page = page if page in LISTS or (page == ACCOUNT and len(ticked) == 1) else "accounts"
    counted = len(ticked) or number_of(request.POST.get("matching", ""))
    bulk = begin(request.user.get_username(), key, page, query, ticked, counted)
    return redirect(f"{reverse('campaign-new')}?chosen={bulk.pk}" if key == PLAN else bulk)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def act(request: ViewerRequest, act_id: int) -> HttpResponseBase:
    """What an act would change, and on POST the act; afterwards, what it has changed."""
    bulk = own_act(request, act_id)
    if bulk.result:
        return render(request, "act_done.html", done_context(bulk))
    if DEEDS[bulk.act].serious and not is_fresh(request):
        return ask_again(request.get_full_path() if request.method == "GET" else request.path)
    prepared = prepare(bulk, request.POST if request.method == "POST" else request.GET, request.user)
    if request.method == "POST" and prepared.form.is_valid():
        return _do(request, prepared)
    return _page(request, prepared)


def own_act(request: ViewerRequest, act_id: int) -> BulkAct:
    """One's own act of the last day. Raises Http404."""
    since = timezone.now() - timedelta(hours=UNDO_HOURS)
    mine = BulkAct.objects.filter(person=request.user.get_username(), act__in=DEEDS, created_at__gte=since)
    return get_object_or_404(mine.select_related("entry__undone_by"), pk=act_id)


def _do(request: ViewerRequest, prepared: Prepared) -> HttpResponse:
    """Do it, if nothing has changed since it was looked at."""
    try:
        tally = prepared.tally()
        if problem := _objection(request, prepared, tally):
            return _page(request, prepared, problem, status=409)
        if prepared.deed.act is None and prepared.deed.key != "delete":
            return _ask(request, prepared, tally)
        finish(prepared, prepared.do(request.user.get_username(), request.POST.get("seen", "")))
    except (TooMany, Changed) as refusal:
        return _page(request, prepared, str(refusal), status=409)
    return redirect(prepared.bulk)


def _objection(request: HttpRequest, prepared: Prepared, tally: Tally) -> str:
    if not tally.changed:
        return "There is nothing to do: see below."
    if request.POST.get("seen", "") != tally.seen:
        return (
            f"This would change {plural(tally.changed, 'account')} by now, and not those that you saw. "
            "Nothing was done. See what it would change now, then confirm."
        )
    wanted, typed = prepared.phrase(tally), request.POST.get("phrase", "").strip()
    if wanted and _as_id(typed) != wanted:
        return f"Nothing was deleted: “{typed[:60]}” was typed, and “{wanted}” was asked for."
    return ""


def _as_id(typed: str) -> str:
    """An account id without dashes and spaces; anything else as it was typed."""
    try:
        return parse_account_id(typed)
    except ValueError:
        return typed


def _ask(request: ViewerRequest, prepared: Prepared, tally: Tally) -> HttpResponse:
    """Poll or check: the workers are asked, and nothing is changed that could be undone."""
    bulk = prepared.bulk
    back = back_address(bulk)
    chosen = prepared.accounts.filter(account_id__in=tally.changed_numbers)
    if prepared.deed.key == "poll":
        return start_sweep(request, chosen, plural(tally.changed, "account"), back)
    count = request_checks(chosen, request.user.get_username())
    messages.success(
        request, f"{plural(count, 'account')} will be checked by the workers. “Onboarding” says the results."
    )
    return redirect(back)


def _page(request: ViewerRequest, prepared: Prepared, problem: str = "", status: int = 200) -> HttpResponse:
    """The act as it would be done now, or why it cannot be."""
    context: dict[str, Any] = {
        "deed": prepared.deed,
        "form": prepared.form,
        "bulk": prepared.bulk,
        "problems": [*prepared.problems, *([problem] if problem else [])],
        "back": back_address(prepared.bulk),
        "purges": prepared.purges,
    }
    if prepared.form.is_valid():
        try:
            tally = prepared.tally()
        except TooMany as refusal:
            context["problems"] = list(dict.fromkeys([*context["problems"], str(refusal)]))
        else:
            context |= {
                "tally": tally,
                "refusals": [(reason, count, tally.refused_names[reason]) for reason, count in tally.refused.items()],
                "tag_words": prepared.tag_words(tally),
                "losses": [
                    (f"{key}={old}", "" if new is None else f"{key}={new}", count)
                    for (key, old, new), count in tally.lost.most_common(LOSSES_SHOWN)
                ],
                "more_losses": max(0, len(tally.lost) - LOSSES_SHOWN),
                "phrase": prepared.phrase(tally),
                "counted_otherwise": prepared.counted_otherwise(tally),
            }
    if "tally" not in context:
        context["chosen"] = prepared.accounts.count()
    return render(request, "act.html", context, status=status)


def done_context(bulk: BulkAct) -> dict[str, Any]:
    """What an act has come to, and whether it can be taken back."""
    edits = list(bulk.entry.edits.all()) if bulk.entry else []
    return {
        "deed": DEEDS[bulk.act],
        "bulk": bulk,
        "result": bulk.result,
        "fixed": why_not(bulk.entry, edits) if bulk.entry else "",
        "back": back_address(bulk),
    }


@require_POST
@open_to(Role.OPERATOR)
def undo_entry(request: ViewerRequest, entry_id: int) -> HttpResponseBase:
    """Take back what an entry of the audit record stands for."""
    entry = get_object_or_404(AuditEntry, pk=entry_id)
    back = request.POST.get("back", "")
    back = back if back.startswith("/accounts/") and "\\" not in back else reverse("accounts")
    if unprotects(list(entry.edits.all())) and not is_fresh(request):
        return ask_again(back)
    try:
        messages.success(request, f"Undone. {undo(entry, request.user.get_username())}")
    except CannotUndo as refusal:
        messages.error(request, f"Not undone. {refusal}")
    return redirect(back)


def back_address(bulk: BulkAct) -> str:
    """Where somebody came from: the list, filtered as it was, or the account's page while there is one."""
    if bulk.page == ACCOUNT and not bulk.result.get("purged"):
        return reverse("account", args=[bulk.ticked[0]])
    return list_address("accounts" if bulk.page == ACCOUNT else bulk.page, bulk.filter)


def list_address(page: str, query: str) -> str:
    """The list that accounts were chosen in, filtered as it was."""
    return f"{reverse(page)}?{query}" if query else reverse(page)
