"""What was done to an account here; and accounts that were deleted, read, brought back or purged."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Account, AccountQuerySet
from accounts.services.deleting import delete_accounts, preview_deletion, restore_accounts
from dashboard.access import Person, Role, ViewerRequest, known_accounts, open_to
from dashboard.account_edits import can_undo, entries_about
from dashboard.formats import FORMATS
from dashboard.sign_in import freshly_signed_in
from dashboard.tables.archive import ArchivedTable
from dashboard.tables.edits import EditTable, lines_html
from dashboard.views.common import list_page

SHOWN = 10
HISTORY_SHOWN = 50


@require_safe
@open_to(Role.VIEWER)
def archived_list(request: ViewerRequest) -> HttpResponseBase:
    """The accounts that were deleted and whose history was kept."""
    return list_page(request, ArchivedTable(archived(request.user)), "archived.html", "archived")


@require_safe
@open_to(Role.VIEWER)
def account_edits(request: ViewerRequest, account_id: str) -> HttpResponseBase:
    """Every act on one account."""
    account = get_object_or_404(known_accounts(request.user), account_id=account_id)
    table = EditTable(entries_about(account.account_id))
    return list_page(request, table, "account_edits.html", f"changes-{account.account_id}", account=account)


def archived(person: Person) -> AccountQuerySet:
    """The archived accounts that a person may know of."""
    return known_accounts(person).filter(archived_at__isnull=False)


def archived_page(request: ViewerRequest, account_id: str) -> HttpResponse:
    """What is left to read of a deleted account. Raises Http404."""
    account = get_object_or_404(archived(request.user), account_id=account_id)
    context: dict[str, Any] = {
        "account": account,
        "changes": account.changes.all()[:HISTORY_SHOWN],
        "formats": FORMATS,
        "history_days": settings.CHANGE_KEEP_DAYS,
        "status": getattr(account, "role_status", None),
        "cleanups": account.cleanups.all(),
        **edits_context(account),
    }
    return render(request, "account_archived.html", context)


def edits_context(account: Account) -> dict[str, Any]:
    """The latest acts on an account, each with what it changed and whether it can be taken back."""
    latest = entries_about(account.account_id)[:SHOWN]
    return {"edits": [(entry, lines_html(entry), can_undo(entry, account)) for entry in latest]}


@require_POST
@open_to(Role.OPERATOR)
def account_restore(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Watch an archived account again."""
    account = get_object_or_404(archived(request.user), account_id=account_id)
    restore_accounts(archived(request.user).filter(pk=account.pk), request.user.get_username())
    messages.success(request, f"{account.name} is watched again, with its history. It is polled at the next sweep.")
    return redirect(account)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
@freshly_signed_in
def account_purge(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Take away what was kept of a deleted account, after its id was typed."""
    account = get_object_or_404(archived(request.user), account_id=account_id)
    chosen = archived(request.user).filter(pk=account.pk)
    refusals = list(preview_deletion(chosen, purge=True).refused)
    typed = request.POST.get("phrase", "").replace("-", "").replace(" ", "")
    if request.method != "POST" or refusals or typed != account.account_id:
        problem = "That is not the id of this account: nothing was purged." if request.method == "POST" else ""
        context = {"account": account, "refusals": refusals, "problem": problem}
        return render(request, "account_purge.html", context, status=409 if problem else 200)
    delete_accounts(chosen, request.user.get_username(), purge=True)
    messages.success(request, f"{account.name} is purged. The audit record says so, and nothing else is left.")
    return redirect("archived")
