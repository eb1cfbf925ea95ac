"""The way back: the role made anew, and its description edited. Each says beforehand what it does."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from accounts.services.cleanups.errors import Refused
from accounts.services.cleanups.role_acts import Done, describe_role, recreate_role
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.aws_turn import aws_turn
from dashboard.matrix import role_status_of

page_or_act = require_http_methods(["GET", "HEAD", "POST"])


@page_or_act
@open_to(Role.OPERATOR)
def role_recreate(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Have AWS make the role anew."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    return _page_or_act(
        request, account, "role_recreate.html", lambda: recreate_role(account, request.user.get_username())
    )


@page_or_act
@open_to(Role.OPERATOR)
def role_describe(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Give the role another description."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    text = request.POST.get("description", role_status_of(account).description)
    return _page_or_act(
        request,
        account,
        "role_describe.html",
        lambda: describe_role(account, request.user.get_username(), text),
        description=text,
    )


def _page_or_act(
    request: ViewerRequest, account: Account, template: str, act: Callable[[], Done], **context: object
) -> HttpResponse:
    """Show what would be done; on POST do it. A refusal keeps the page, and what was typed."""
    problem = ""
    if request.method == "POST":
        try:
            with aws_turn():
                done = act()
            messages.success(request, f"{done.said} {done.sweep} looks at the account.")
            return redirect(account)
        except (Refused, ValueError) as refused:
            problem = str(refused)
    page = {"account": account, "status": role_status_of(account), "problem": problem, **context}
    return render(request, template, page, status=409 if problem else 200)
