"""Accounts from a CSV: chosen or pasted, previewed, imported as previewed, and followed until they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import AccountQuerySet, ImportDraft
from accounts.services.access_checks import request_checks
from accounts.services.account_files import HEADER, MAX_BYTES, MAX_ROWS, write_accounts
from accounts.services.import_drafts import (
    NoDraft,
    accounts_of,
    draft_import,
    draft_of,
    give_up_draft,
    import_draft,
    open_drafts_of,
    pasted_text_of,
    problems_of,
    rows_of,
)
from accounts.services.importing import AccountRow, ExternalIds, WorldChanged, compare, row_of
from accounts.services.protection import EndsProtection
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.exports import Export
from dashboard.formats import FORMATS
from dashboard.import_page import SHOWN, changes_export, preview_of, progress_of
from dashboard.sign_in import ask_again, is_fresh
from dashboard.views.common import download, export_response, start_sweep, wants_fragment
from dashboard.words import plural

EXAMPLE = AccountRow(
    account_id="111122223333",
    name="payments-prod",
    partition="aws",
    reader_role_arn="arn:aws:iam::111122223333:role/MqSlrReader",
    cleaner_role_arn="",
    external_id="",
    tags={"env": "prod", "owner": "ana"},
)
OVER = "That preview is over: it expired, was imported, or another file took its place. Choose the file again."
DraftView = Callable[[ViewerRequest, int], HttpResponseBase]


def _with_a_draft(view: DraftView) -> DraftView:
    """Send whoever asks for a preview that is over to where a file is chosen."""

    @wraps(view)
    def guarded(request: ViewerRequest, number: int) -> HttpResponseBase:
        try:
            return view(request, number)
        except NoDraft:
            messages.warning(request, OVER)
            return redirect("onboarding-import")

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def import_page(request: ViewerRequest) -> HttpResponse:
    """Choose, drop or paste a CSV; it is read and kept until its person decides."""
    problem = ""
    if request.method == "POST":
        name, content, problem = _sent(request)
        if not problem:
            return redirect(draft_import(request.user, name, content, _external_ids(request)))
    text = request.POST.get("text", "")
    context = {**_door(text), "problem": problem, "open_draft": open_drafts_of(request.user).first()}
    return render(request, "onboarding/import.html", context, status=422 if problem else 200)


def _sent(request: HttpRequest) -> tuple[str, bytes, str]:
    """The name and content of what was sent, or what is wrong with it; pasted text has no name."""
    file, text = request.FILES.get("file"), request.POST.get("text", "")
    if getattr(request, "too_large", False):
        return "", b"", f"The file is larger than {MAX_BYTES >> 20} MB, so it was not read. Split it."
    if file is not None and text.strip():
        return "", b"", "A file was chosen and a text was pasted: use one of them."
    if file is not None:
        return file.name or "a file without a name", file.read(), ""
    if text.strip():
        return "", text.encode(), ""
    return "", b"", "Choose a file, or paste its text."


def _external_ids(request: HttpRequest) -> ExternalIds:
    return ExternalIds.RANDOM if request.POST.get("external_ids") == "random" else ExternalIds.STACKSET


def _door(text: str = "") -> dict[str, object]:
    return {"columns": HEADER, "most_rows": MAX_ROWS, "most_megabytes": MAX_BYTES >> 20, "text": text}


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
@_with_a_draft
def import_draft_page(request: ViewerRequest, number: int) -> HttpResponseBase:
    """One file: its bad lines, or what it would do and the button that does it, or what came of it."""
    draft = draft_of(request.user, number)
    if request.method == "POST" and draft.imported_at is None:
        return _import(request, draft)
    if draft.imported_at is not None:
        return _result(request, draft)
    return _problems(request, draft) if draft.problems else _preview(request, draft)


def _import(request: ViewerRequest, draft: ImportDraft) -> HttpResponseBase:
    check = request.POST.get("check") == "yes"
    try:
        seen = request.POST.get("seen", "-") or "-"
        import_draft(request.user, draft.pk, seen, check=check, may_unprotect=is_fresh(request))
    except EndsProtection:  # the preview has said so: after the password it stands there again
        return ask_again(draft.get_absolute_url())
    except WorldChanged:
        messages.warning(
            request,
            "Nothing was imported: accounts of this file were added, changed or deleted since you looked. "
            "This is what the file would do now.",
        )
    return redirect(draft)


def _problems(request: ViewerRequest, draft: ImportDraft) -> HttpResponse:
    problems = problems_of(draft)
    context = {
        "draft": draft,
        "problems": problems[:SHOWN],
        "bad_lines": len({bad.line for bad in problems}),
        **_door(pasted_text_of(draft)),
    }
    return render(request, "onboarding/import_problems.html", context)


def _preview(request: ViewerRequest, draft: ImportDraft) -> HttpResponse:
    rows = rows_of(draft)
    preview = preview_of(compare(rows), rows)
    here = {row.account_id for row in rows}
    mine = visible_accounts(request.user).only("account_id", "name")
    others = (account for account in mine.iterator(chunk_size=2000) if account.account_id not in here)
    context = {
        "draft": draft,
        "preview": preview,
        "others": list(islice(others, SHOWN)),
        "others_count": mine.count() - preview.changed_count - preview.unchanged_count,
    }
    return render(request, "onboarding/import_preview.html", context)


def _result(request: ViewerRequest, draft: ImportDraft) -> HttpResponse:
    accounts = _accounts_of(request, draft)
    context = {"draft": draft, "progress": progress_of(draft, accounts)}
    if wants_fragment(request):
        return render(request, "onboarding/_import_progress.html", context)
    first = [
        accounts.filter(partition=name).order_by("account_id").first()
        for name in accounts.order_by().values_list("partition", flat=True).distinct()
    ]
    return render(request, "onboarding/import_done.html", {**context, "first_of_partitions": first})


def _accounts_of(request: ViewerRequest, draft: ImportDraft) -> AccountQuerySet:
    return visible_accounts(request.user).filter(pk__in=accounts_of(draft).order_by().values("pk"))


@require_POST
@open_to(Role.OPERATOR)
def import_give_up(request: ViewerRequest, number: int) -> HttpResponse:
    """Forget a preview."""
    give_up_draft(request.user, number)
    messages.info(request, "The preview is forgotten; nothing was imported.")
    return redirect("onboarding-import")


@require_POST
@open_to(Role.OPERATOR)
@_with_a_draft
def import_check(request: ViewerRequest, number: int) -> HttpResponse:
    """Check the accounts of an import."""
    draft = draft_of(request.user, number)
    count = request_checks(_accounts_of(request, draft), request.user.get_username())
    messages.success(request, f"{plural(count, 'account')} will be checked by the workers.")
    return redirect(draft)


@require_POST
@open_to(Role.OPERATOR)
@_with_a_draft
def import_poll(request: ViewerRequest, number: int) -> HttpResponse:
    """Poll the accounts of an import now."""
    draft = draft_of(request.user, number)
    accounts = _accounts_of(request, draft)
    return start_sweep(request, accounts, plural(accounts.count(), "account"), back=draft.get_absolute_url())


@require_safe
@open_to(Role.OPERATOR)
@_with_a_draft
def import_problems_file(request: ViewerRequest, number: int) -> HttpResponseBase:
    """Every bad line with its reason, as CSV."""
    problems = problems_of(draft_of(request.user, number))
    rows: Callable[[], Iterator[Any]] = lambda: ((bad.line, bad.problem) for bad in problems)  # noqa: E731
    return export_response(Export("import-problems", ("line", "problem"), rows), FORMATS["csv"])


@require_safe
@open_to(Role.OPERATOR)
@_with_a_draft
def import_changes_file(request: ViewerRequest, number: int) -> HttpResponseBase:
    """All that the import would do, as CSV."""
    return export_response(changes_export(compare(rows_of(draft_of(request.user, number)))), FORMATS["csv"])


@require_safe
@open_to(Role.OPERATOR)
def import_template(request: ViewerRequest) -> StreamingHttpResponse:
    """The header and an example row."""
    return download(write_accounts([EXAMPLE]), "rolecall-import-template.csv", FORMATS["csv"].content_type)


@require_safe
@open_to(Role.OPERATOR)
def import_accounts_file(request: ViewerRequest) -> StreamingHttpResponse:
    """The accounts as they are, in the columns of the import: to be edited and imported again."""
    stored: AccountQuerySet = visible_accounts(request.user)
    blocks = write_accounts(map(row_of, stored.iterator(chunk_size=2000)))
    return download(blocks, "rolecall-accounts-to-import.csv", FORMATS["csv"].content_type)
